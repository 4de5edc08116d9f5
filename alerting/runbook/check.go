package runbook

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"jari.example/alerting/nearest"
	"jari.example/alerting/slo"
)

// Check reports all mistakes in the runbooks in fsys and in their queries, given the rules.
func Check(set slo.Set, fsys fs.FS) error {
	book, err := Load(fsys)
	if len(book.Pages) == 0 {
		return err
	}
	problems := []error{err}
	rules := set.Rules()
	for _, r := range rules {
		if _, ok := book.Pages[r.Runbook]; !ok || r.Runbook == template {
			problems = append(problems, fmt.Errorf("%s has no runbook: copy runbooks/%s.md to runbooks/%s.md", r.Name, template, r.Runbook))
		}
	}
	asked := map[string]bool{}
	for _, name := range book.Names() {
		if !slices.ContainsFunc(rules, func(r slo.Rule) bool { return r.Runbook == name }) {
			problems = append(problems, fmt.Errorf("runbooks/%s.md belongs to no SLO and no alert: rename it to <rule>.md, "+
				"name it in a rule's annotation jari.example/runbook, or remove it", name))
		}
		page := book.Pages[name]
		said := map[string]bool{}
		for _, err := range book.checkPage(page, fsys) {
			if !said[err.Error()] {
				problems = append(problems, fmt.Errorf("runbooks/%s.md: %w", name, err))
			}
			said[err.Error()] = true
		}
		for _, q := range mentioned(page) {
			asked[q] = true
		}
	}
	for _, name := range book.Queries.Names() {
		if !asked[name] {
			problems = append(problems, fmt.Errorf("queries/%s.yaml: no runbook asks it: use it in a step, or remove it", name))
		}
	}
	return errors.Join(problems...)
}

// asking matches the queries that a page asks, in its steps and in its text.
var asking = regexp.MustCompile(`jarictl ask ([a-z][a-z0-9-]*)`)

func mentioned(p Page) (all []string) {
	for _, m := range asking.FindAllStringSubmatch(p.Text, -1) {
		all = append(all, m[1])
	}
	return all
}

// checkPage returns the mistakes in one page.
func (b Book) checkPage(p Page, fsys fs.FS) (problems []error) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	problems = append(problems, p.problems...)
	if !slices.Equal(p.sections, sectionsOfPage) {
		report("has the sections %q; use %q, in this order", p.sections, sectionsOfPage)
	}
	if p.Title == "" || !p.intro {
		report("needs a title, and text before the first section that says what is measured")
	}
	for _, section := range p.empty {
		report("the section %q is empty", section)
	}
	if len(p.Steps) == 0 {
		report("the diagnosis has no steps; add \"### Step 1: …?\"")
	}
	if len(p.Mitigations) == 0 {
		report("there is no mitigation; add \"### Mitigation 1: …\"")
	}
	for _, m := range p.Mitigations {
		for _, what := range []string{"**Cost**:", "**Undo**:"} {
			if !strings.Contains(m.Text, what) {
				report("mitigation %d does not say %s", m.Number, what)
			}
		}
	}
	for _, s := range p.Steps {
		for _, err := range b.checkStep(s) {
			report("step %d: %w", s.Number, err)
		}
	}
	for _, m := range p.Mitigations {
		if !p.leadsTo(m.Number) {
			report("nothing refers to mitigation %d: let the meaning of an answer lead to it, or remove it", m.Number)
		}
	}
	for _, q := range mentioned(p) {
		if _, err := b.Queries.Find(q); err != nil {
			problems = append(problems, err)
		}
	}
	for _, r := range p.references {
		problems = append(problems, b.checkReference(p, r)...)
	}
	for _, link := range p.links {
		problems = append(problems, b.checkLink(p, link, fsys)...)
	}
	return problems
}

// leadsTo reports whether the text of the page refers to a mitigation.
func (p Page) leadsTo(number int) bool {
	return slices.ContainsFunc(p.references, func(r Reference) bool {
		return r.Page == "" && r.Kind == toMitigation && r.Number == number
	})
}

func (b Book) checkStep(s Step) (problems []error) {
	q, _, err := b.ask(s)
	if err != nil {
		return []error{err}
	}
	for i, f := range s.Findings {
		if err := f.When.Check(q.Columns()); err != nil {
			problems = append(problems, err)
		}
		if f.When.Otherwise() != (i == len(s.Findings)-1) {
			problems = append(problems, fmt.Errorf("`%s`: the last expectation, and only that, is `otherwise`", f.When))
		}
	}
	if len(s.Findings) == 0 {
		problems = append(problems, errors.New("does not say what its answer means; add a list of expectations"))
	}
	if !slices.ContainsFunc(s.Findings, func(f Finding) bool { return len(f.References) == 0 }) && len(s.Findings) > 0 {
		problems = append(problems, errors.New("has no expectation for the good case, which refers to no step and no mitigation"))
	}
	return problems
}

// checkReference finds out whether the step or mitigation exists.
func (b Book) checkReference(p Page, r Reference) []error {
	of := p
	if r.Page != "" {
		var ok bool
		if of, ok = b.Pages[r.Page]; !ok {
			return []error{fmt.Errorf("refers to %s, but there is no such page; %s", r, nearest.OneOf(r.Page, b.Names()))}
		}
	}
	count := len(of.Steps)
	if r.Kind == toMitigation {
		count = len(of.Mitigations)
	}
	if r.Number < 1 || r.Number > count {
		return []error{fmt.Errorf("refers to %s, but there are %d", r, count)}
	}
	return nil
}

// checkLink finds out whether a link resolves: to a page, a heading, or a file of fsys.
// Those to other hosts are not followed.
func (b Book) checkLink(p Page, link string, fsys fs.FS) []error {
	if strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://") {
		return nil
	}
	file, anchor, _ := strings.Cut(link, "#")
	of := p
	if file != "" {
		if _, err := fs.Stat(fsys, path.Clean(file)); err != nil {
			return []error{fmt.Errorf("the link to %s leads nowhere", link)}
		}
		of = b.Pages[strings.TrimSuffix(file, ".md")]
	}
	if anchor != "" && !of.anchors[anchor] {
		return []error{fmt.Errorf("the link to %s leads to no heading", link)}
	}
	return nil
}
