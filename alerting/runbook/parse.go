package runbook

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"jari.example/alerting/expect"
)

var (
	stepHeading       = regexp.MustCompile(`^Step (\d+): (.+\?)$`)
	mitigationHeading = regexp.MustCompile(`^Mitigation (\d+): (.+)$`)
	// reference matches "step 3", "steps 3 and 4", "mitigation 1", with the link to another
	// page that may follow.
	reference = regexp.MustCompile(`(?i)\b(see )?(step|mitigation)s? (\d+)((?:(?:, | and | or | to )\d+)*)` +
		`(?: of \[[^\]]*\]\(([a-z0-9-]+)\.md\))?`)
	headings = regexp.MustCompile(`(?m)^#.*$`)
	digits   = regexp.MustCompile(`\d+`)
)

// markdown parses as the operator page and GitHub do: headings get ids.
var markdown = goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID()))

// pageParser collects a page while it walks over the blocks of its document.
type pageParser struct {
	*Page
	source  []byte
	section string
	step    *Step
	filled  bool // the section has text
}

// Parse reads a page. Its mistakes are found by Check.
func Parse(name, source string) Page {
	p := &pageParser{Page: &Page{Name: name, Text: source, anchors: map[string]bool{}}, source: []byte(source)}
	document := markdown.Parser().Parse(text.NewReader(p.source))
	for n := document.FirstChild(); n != nil; n = n.NextSibling() {
		p.block(n)
	}
	p.endSection()
	_ = ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := n.(*ast.Link); ok && entering {
			p.links = append(p.links, string(link.Destination))
		}
		return ast.WalkContinue, nil
	})
	p.Page.references = referencesIn(headings.ReplaceAllString(source, ""))
	return *p.Page
}

func (p *pageParser) problem(format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf(format, args...))
}

func (p *pageParser) block(n ast.Node) {
	heading, ok := n.(*ast.Heading)
	if !ok {
		p.filled = true
		p.intro = p.intro || p.section == ""
		switch {
		case p.section == diagnosis && p.step != nil:
			p.inStep(n)
		case p.section == mitigation && len(p.Mitigations) > 0:
			m := &p.Mitigations[len(p.Mitigations)-1]
			m.Text = strings.TrimSpace(m.Text + "\n\n" + p.raw(n))
		}
		return
	}
	if id, ok := heading.AttributeString("id"); ok {
		p.anchors[string(id.([]byte))] = true
	}
	title := p.plain(n)
	switch heading.Level {
	case 1:
		p.Title = title
	case 2:
		p.endSection()
		p.sections, p.section, p.filled = append(p.sections, title), title, false
	default:
		p.subheading(title)
	}
}

func (p *pageParser) endSection() {
	p.endStep()
	if p.section != "" && !p.filled {
		p.empty = append(p.empty, p.section)
	}
}

// endStep moves the step that is being read to the steps of the page.
func (p *pageParser) endStep() {
	if p.step != nil {
		p.Steps = append(p.Steps, *p.step)
	}
	p.step = nil
}

func (p *pageParser) subheading(title string) {
	p.filled = true
	switch p.section {
	case diagnosis:
		p.endStep()
		if number, rest, ok := p.numbered("Step", "…?", stepHeading, title, len(p.Steps)+1); ok {
			p.step = &Step{Number: number, Question: rest}
		}
	case mitigation:
		if number, rest, ok := p.numbered("Mitigation", "…", mitigationHeading, title, len(p.Mitigations)+1); ok {
			p.Mitigations = append(p.Mitigations, Mitigation{Number: number, Title: rest})
		}
	}
}

// numbered reads a heading such as "Step 1: …?", which should have the number next.
func (p *pageParser) numbered(kind, rest string, shape *regexp.Regexp, title string, next int) (int, string, bool) {
	m := shape.FindStringSubmatch(title)
	if m == nil {
		p.problem("the heading %q is no %s; write \"### %s %d: %s\"", title, strings.ToLower(kind), kind, next, rest)
		return 0, "", false
	}
	number, _ := strconv.Atoi(m[1])
	if number != next {
		p.problem("%s %d is where %s %d should be", strings.ToLower(kind), number, strings.ToLower(kind), next)
	}
	return number, m[2], true
}

// inStep reads a block of a step: its command, or its list of findings. Other text is
// for people alone.
func (p *pageParser) inStep(n ast.Node) {
	switch n := n.(type) {
	case *ast.FencedCodeBlock:
		if p.step.Command != "" {
			p.problem("step %d has two commands; make two steps of it", p.step.Number)
		}
		p.step.Command = strings.TrimSpace(string(n.Lines().Value(p.source)))
	case *ast.List:
		for item := n.FirstChild(); item != nil; item = item.NextSibling() {
			if f, err := p.finding(item); err != nil {
				p.problem("step %d: %w", p.step.Number, err)
			} else {
				p.step.Findings = append(p.step.Findings, f)
			}
		}
	}
}

// finding reads an item such as
//
//   - `some status >= 500`: **NO**: the database refuses, mitigation 1.
func (p *pageParser) finding(item ast.Node) (f Finding, err error) {
	content := item.FirstChild()
	if content == nil || content.FirstChild() == nil {
		return f, fmt.Errorf("an item of the list is empty")
	}
	condition, ok := content.FirstChild().(*ast.CodeSpan)
	if !ok {
		return f, fmt.Errorf("%q does not begin with an expectation in backquotes", p.plain(content))
	}
	if f.When, err = expect.Parse(p.plain(condition)); err != nil {
		return f, err
	}
	for n := condition.NextSibling(); n != nil; n = n.NextSibling() {
		strong, ok := n.(*ast.Emphasis)
		switch {
		case ok && strong.Level == 2 && f.Answer == "":
			f.Answer = strings.TrimRight(p.plain(n), ".:")
		case f.Answer != "":
			f.Meaning += p.inline(n)
		}
	}
	f.Meaning = strings.TrimSpace(strings.TrimLeft(f.Meaning, ":. "))
	if f.Answer == "" || f.Meaning == "" {
		return f, fmt.Errorf("`%s` has no answer with a meaning; write `%s`: **answer**: meaning", f.When, f.When)
	}
	f.References = referencesIn(f.Meaning)
	return f, nil
}

// referencesIn are the steps and mitigations that a text mentions.
func referencesIn(text string) (all []Reference) {
	for _, m := range reference.FindAllStringSubmatch(strings.Join(strings.Fields(text), " "), -1) {
		for _, d := range digits.FindAllString(m[3]+m[4], -1) {
			n, _ := strconv.Atoi(d)
			all = append(all, Reference{m[5], strings.ToLower(m[2]), n, m[1] != ""})
		}
	}
	return all
}
