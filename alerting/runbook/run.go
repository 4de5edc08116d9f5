package runbook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"jari.example/alerting/query"
)

// Asker answers queries.
type Asker interface {
	Ask(ctx context.Context, q query.Query, o query.Options) (query.Table, error)
}

// Result is what one step has shown.
type Result struct {
	Step    Step
	Command string // that of the step, with the flags of the choice
	Query   query.Query
	Options query.Options
	Answer  query.Table
	Err     error     // there was no answer
	Found   []Finding // the expectations that hold; none when Err was not expected
}

// Ran reports whether the step has an answer, or says what no answer means.
func (r Result) Ran() bool { return r.Err == nil || len(r.Found) > 0 }

// Choice is what a run changes about the steps of a page.
type Choice struct {
	Step    int           // only this one; 0: all
	Options query.Options // Since and Region, unless they are zero
}

// flags are those that change a command in the same way. The last one of a name counts.
func (c Choice) flags() (text string) {
	if c.Options.Since > 0 {
		text += " --since " + c.Options.Since.String()
	}
	if c.Options.Region != "" {
		text += " --region " + c.Options.Region
	}
	return text
}

// Run runs the steps of a page. after is called with the result of each. The error is that
// of ctx, or says that a step cannot be run at all, because of a mistake on the page.
func (b Book) Run(ctx context.Context, p Page, asker Asker, c Choice, now func() time.Time, after func(Result)) error {
	if c.Step != 0 && !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.Number == c.Step }) {
		return fmt.Errorf("%s has no step %d; it has %d steps", p.Name, c.Step, len(p.Steps))
	}
	for _, s := range p.Steps {
		if c.Step != 0 && s.Number != c.Step {
			continue
		}
		q, o, err := b.ask(s)
		if err != nil {
			return fmt.Errorf("step %d of %s: %w", s.Number, p.Name, err)
		}
		if c.Options.Since > 0 {
			o.Since = c.Options.Since
		}
		if c.Options.Region != "" {
			o.Region = c.Options.Region
		}
		r := Result{Step: s, Command: s.Command + c.flags(), Query: q, Options: o}
		r.Answer, r.Err = asker.Ask(ctx, q, o)
		if ctx.Err() != nil { // no answer, because the caller does not wait for one
			return ctx.Err()
		}
		r.Found = found(s, r.Answer, r.Err, now())
		after(r)
	}
	return nil
}

// found are the findings whose expectations hold; without any, the one that is otherwise.
// A mistake of the caller says nothing about what was to be asked.
func found(s Step, answer query.Table, err error, now time.Time) (all []Finding) {
	_, mistake := errors.AsType[query.CallerError](err)
	noAnswer := err != nil && !mistake
	for _, f := range s.Findings {
		if noAnswer && f.When.NoAnswer() || err == nil && f.When.Holds(answer, now) {
			all = append(all, f)
		}
	}
	if err != nil || len(all) > 0 {
		return all
	}
	for _, f := range s.Findings {
		if f.When.Otherwise() {
			return []Finding{f}
		}
	}
	return nil
}

// Cause is a finding that has a mitigation.
type Cause struct {
	Step        int
	Finding     Finding
	Mitigations []Mitigation // those that it refers to
	References  []Reference  // to them, in the same order
}

// Causes are the causes that the results show, in their order; one mitigation is named
// once.
func (b Book) Causes(p Page, results []Result) (all []Cause) {
	named := map[Reference]bool{}
	for _, r := range results {
		for _, f := range r.Found {
			c := Cause{Step: r.Step.Number, Finding: f}
			for _, ref := range f.References {
				of := p
				if ref.Page != "" {
					of = b.Pages[ref.Page]
				}
				if !ref.cause() || named[ref] || ref.Number < 1 || ref.Number > len(of.Mitigations) {
					continue
				}
				named[ref] = true
				c.References = append(c.References, ref)
				c.Mitigations = append(c.Mitigations, of.Mitigations[ref.Number-1])
			}
			if len(c.References) > 0 {
				all = append(all, c)
			}
		}
	}
	return all
}
