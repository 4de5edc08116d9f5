package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/runbook"
	"jari.example/internal/command"
)

const runAbout = `Runs the steps of a runbook's diagnosis: asks the query of each and prints question, answer and
what it means. At the end it names the causes that it has found, with their mitigations.
It changes nothing. The exit code is 0 if every step has run, whatever it has found.`

func runCommand(ctx context.Context, e env, args []string) error {
	flags := newFlags("runbook run", runAbout)
	client, folder, output := addressFlags(flags, e.getenv), folderFlag(flags), outputFlag(flags)
	var choice runbook.Choice
	defineChoice(flags, &choice)
	rest, err := command.ParseFlags(flags, args, e.stdout)
	if err != nil {
		return err
	}
	book, page, err := find(folder, rest)
	if err != nil {
		return err
	}
	c, err := client()
	if err != nil {
		return err
	}
	var results []runbook.Result
	failed := 0
	if *output == asTable {
		fmt.Fprintf(e.stdout, "%s\n", page.Title)
	}
	err = book.Run(ctx, page, c, choice, time.Now, func(r runbook.Result) {
		results = append(results, r)
		if !r.Ran() {
			failed++
		}
		if *output == asTable {
			writeResult(e.stdout, r)
		}
	})
	switch {
	case ctx.Err() != nil:
		return errors.New("was interrupted")
	case err != nil:
		return command.UsageError{Err: err}
	}
	causes := book.Causes(page, results)
	if *output == asJSON {
		err = writeJSON(e.stdout, newReport(page, results, causes))
	} else {
		writeCauses(e.stdout, results, causes)
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d steps have no answer", failed, len(results))
	}
	return err
}

// find returns the runbook that the arguments name.
func find(folder func() fs.FS, rest []string) (runbook.Book, runbook.Page, error) {
	name, err := oneName(rest, "runbook")
	if err != nil {
		return runbook.Book{}, runbook.Page{}, err
	}
	book, err := runbook.Load(folder())
	if err != nil {
		return book, runbook.Page{}, err
	}
	page, err := book.Find(name)
	if err != nil {
		err = command.UsageError{Err: err}
	}
	return book, page, err
}

func writeResult(w io.Writer, r runbook.Result) {
	now := time.Now()
	fmt.Fprintf(w, "\nstep %d: %s\n  $ %s\n", r.Step.Number, r.Step.Question, r.Command)
	if r.Err == nil {
		writeTable(w, "  ", r.Answer, now)
	} else {
		fmt.Fprintf(w, "  no answer: %s\n", printable(r.Err.Error()))
	}
	for _, f := range r.Found {
		fmt.Fprintf(w, "step %d: %s\n", r.Step.Number, sentence(f))
	}
	if !r.Ran() {
		fmt.Fprintf(w, "step %d: NOT ANSWERED\n", r.Step.Number)
	}
}

// sentence is what a finding says: "NO: the database was closed, see mitigation 1."
func sentence(f runbook.Finding) string { return f.Answer + ": " + unlinked(f.Meaning) }

var link = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// unlinked is a text with the names of links instead of their targets.
func unlinked(text string) string { return link.ReplaceAllString(text, "$1") }

func writeCauses(w io.Writer, results []runbook.Result, causes []runbook.Cause) {
	fmt.Fprintln(w)
	if len(causes) == 0 {
		fmt.Fprintf(w, "cause: none found; %s\n", withoutCause(results))
		return
	}
	for _, c := range causes {
		fmt.Fprintf(w, "cause: step %d: %s\n", c.Step, sentence(c.Finding))
		for i, m := range c.Mitigations {
			fmt.Fprintf(w, "  %s: %s\n", c.References[i], m.Title)
			for line := range strings.Lines(unlinked(m.Text)) {
				fmt.Fprintln(w, strings.TrimRight("    "+line, " \n"))
			}
		}
	}
}

// withoutCause says what to think when no step has found a cause.
func withoutCause(results []runbook.Result) string {
	if slices.ContainsFunc(results, func(r runbook.Result) bool { return !r.Ran() }) {
		return "not every step has an answer"
	}
	for _, r := range results {
		if slices.ContainsFunc(r.Found, func(f runbook.Finding) bool { return len(f.References) > 0 }) {
			return "go on where the answers lead"
		}
	}
	return "every answer is as it should be"
}
