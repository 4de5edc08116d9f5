// Package runbook checks the runbooks: every rule, an SLO or an alert, has a page that
// says what to do, every page belongs to a rule, and the commands on it run. Several
// rules may share a page.
package runbook

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"jari.example/alerting/slo"
)

// template is the page that new runbooks are copied from.
const template = "template.md"

// sections are the sections of every runbook, in this order.
var sections = []string{"Meaning", "Impact", "Diagnosis", "Mitigation", "Escalation"}

// Step is one step of a diagnosis.
type Step struct {
	Title    string
	Command  string // for sh; "" when there is none
	Expected string // what its output means; "" when that is missing
}

// Check reports all mistakes in the runbooks in fsys, given the rules.
func Check(set slo.Set, fsys fs.FS) error {
	pages, err := fs.Glob(fsys, "*.md")
	if err != nil {
		return err
	}
	rules := set.Rules()
	var problems []error
	for _, r := range rules {
		if page := r.Runbook + ".md"; !slices.Contains(pages, page) {
			problems = append(problems, fmt.Errorf("%s has no runbook: copy runbooks/%s to runbooks/%s", r.Name, template, page))
		}
	}
	for _, page := range pages {
		if page == template {
			continue
		}
		name := strings.TrimSuffix(page, path.Ext(page))
		if !slices.ContainsFunc(rules, func(r slo.Rule) bool { return r.Runbook == name }) {
			problems = append(problems, fmt.Errorf("runbooks/%s belongs to no SLO and no alert: rename it to <rule>.md, "+
				"name it in a rule's annotation jari.example/runbook, or remove it", page))
		}
		text, err := fs.ReadFile(fsys, page)
		if err != nil {
			return err
		}
		for _, err := range checkPage(string(text)) {
			problems = append(problems, fmt.Errorf("runbooks/%s: %w", page, err))
		}
	}
	return errors.Join(problems...)
}

func checkPage(text string) (problems []error) {
	var found []string
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			found = append(found, strings.TrimSpace(title))
		}
	}
	if !slices.Equal(found, sections) {
		problems = append(problems, fmt.Errorf("has the sections %q; use %q, in this order", found, sections))
	}
	steps := Diagnosis(text)
	if len(steps) == 0 {
		problems = append(problems, errors.New("the diagnosis has no steps; add one under a heading of level 3"))
	}
	for _, s := range steps {
		switch {
		case s.Command == "":
			problems = append(problems, fmt.Errorf("step %q has no command; add one in a fenced sh block", s.Title))
		case !strings.Contains(s.Expected, "Expected"):
			problems = append(problems, fmt.Errorf("step %q does not say what is expected; add a paragraph that begins with \"Expected:\"", s.Title))
		}
	}
	return problems
}

// Diagnosis returns the steps of a runbook's diagnosis.
func Diagnosis(text string) (steps []Step) {
	_, rest, _ := strings.Cut(text, "\n## Diagnosis\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	parts := strings.Split("\n"+rest, "\n### ")
	for _, part := range parts[1:] {
		title, body, _ := strings.Cut(part, "\n")
		_, after, _ := strings.Cut(body, "```sh\n")
		command, expected, _ := strings.Cut(after, "```\n")
		steps = append(steps, Step{strings.TrimSpace(title), strings.TrimSpace(command), strings.TrimSpace(expected)})
	}
	return steps
}
