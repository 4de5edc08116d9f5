package main

import (
	"errors"
	"flag"
	"strconv"

	"jari.example/alerting/runbook"
)

// defineChoice defines the flags that select a step, and that replace what the commands of
// the page say.
func defineChoice(f *flag.FlagSet, c *runbook.Choice) {
	f.Func("step", "run only the step with this `number`; default: all", func(text string) (err error) {
		if c.Step, err = strconv.Atoi(text); err != nil || c.Step < 1 {
			return errors.New("is not the number of a step, such as 1")
		}
		return nil
	})
	c.Options.DefineScope(f)
}

// report is a run in JSON.
type report struct {
	Runbook string       `json:"runbook"`
	Steps   []stepReport `json:"steps"`
	Causes  []cause      `json:"causes"`
}

type stepReport struct {
	Step     int       `json:"step"`
	Question string    `json:"question"`
	Answer   *answer   `json:"answer,omitempty"`
	Error    string    `json:"error,omitempty"`
	Findings []finding `json:"findings"`
}

type finding struct {
	Expectation string `json:"expectation"`
	Answer      string `json:"answer"`
	Meaning     string `json:"meaning"`
	Cause       bool   `json:"cause"`
}

type cause struct {
	Step        int      `json:"step"`
	Answer      string   `json:"answer"`
	Meaning     string   `json:"meaning"`
	Mitigations []string `json:"mitigations"` // such as "mitigation 1: Let the database accept connections"
}

func newReport(p runbook.Page, results []runbook.Result, causes []runbook.Cause) report {
	all := report{Runbook: p.Name, Steps: []stepReport{}, Causes: []cause{}}
	for _, r := range results {
		s := stepReport{Step: r.Step.Number, Question: r.Step.Question, Findings: []finding{}}
		if r.Err != nil {
			s.Error = printable(r.Err.Error())
		} else {
			a := newAnswer(r.Query, r.Options, r.Answer)
			s.Answer = &a
		}
		for _, f := range r.Found {
			s.Findings = append(s.Findings, finding{f.When.String(), f.Answer, unlinked(f.Meaning), f.Cause()})
		}
		all.Steps = append(all.Steps, s)
	}
	for _, c := range causes {
		one := cause{Step: c.Step, Answer: c.Finding.Answer, Meaning: unlinked(c.Finding.Meaning)}
		for i, m := range c.Mitigations {
			one.Mitigations = append(one.Mitigations, c.References[i].String()+": "+m.Title)
		}
		all.Causes = append(all.Causes, one)
	}
	return all
}
