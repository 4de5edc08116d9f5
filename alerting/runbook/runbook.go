// Package runbook reads, checks and runs the runbooks. Every rule, an SLO or an alert,
// has a page that says what to do, and every page belongs to a rule; several rules may
// share one. The steps of its diagnosis are data within the text: a question as heading,
// one command, and a list of expectations, each with what it means.
//
// The pages stay Markdown that reads well in a browser: there is no second source.
package runbook

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"jari.example/alerting/nearest"
	"jari.example/alerting/query"
)

// template is the page that new runbooks are copied from.
const template = "template"

// Book is all pages with the queries that they ask.
type Book struct {
	Pages   map[string]Page // template among them
	Queries query.Set
}

// Load reads the pages and the queries in fsys. Mistakes in the queries are an error,
// those of the pages are found by Check.
func Load(fsys fs.FS) (Book, error) {
	queries, err := query.Load(fsys)
	b := Book{map[string]Page{}, queries}
	files, globErr := fs.Glob(fsys, "*.md")
	if globErr != nil {
		return b, globErr
	}
	if len(files) == 0 {
		return b, errors.New("there are no runbooks; they are files NAME.md")
	}
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return b, err
		}
		name := strings.TrimSuffix(file, ".md")
		b.Pages[name] = Parse(name, string(text))
	}
	return b, err
}

// Names are the sorted names of the pages, without the template.
func (b Book) Names() (all []string) {
	for name := range b.Pages {
		if name != template {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// Find returns the page called name. The error names the most similar one.
func (b Book) Find(name string) (Page, error) {
	if p, ok := b.Pages[name]; ok {
		return p, nil
	}
	return Page{}, fmt.Errorf("there is no runbook %q; %s", name, nearest.OneOf(name, b.Names()))
}

// ask is the query of a step, with the options that its command gives.
func (b Book) ask(s Step) (q query.Query, o query.Options, err error) {
	words := strings.Fields(s.Command)
	if len(words) < 3 || words[0] != "jarictl" || words[1] != "ask" {
		return q, o, fmt.Errorf("the command %q is not one \"jarictl ask NAME\"", s.Command)
	}
	if q, err = b.Queries.Find(words[2]); err != nil {
		return q, o, err
	}
	flags := flag.NewFlagSet("ask", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	o.Define(flags)
	if err := flags.Parse(words[3:]); err != nil || flags.NArg() > 0 {
		return q, o, fmt.Errorf("the command %q: %v %s", s.Command, err, flags.Args())
	}
	return q, o, q.Check(o)
}
