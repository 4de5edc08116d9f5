package slotest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// Load reads a test file. The error names the line and what to write instead.
func Load(path string) (File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	f, err := parse(text)
	if err != nil {
		return File{}, fmt.Errorf("%s: %w", path, err)
	}
	f.path = path
	return f, nil
}

func parse(text []byte) (f File, err error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return f, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return f, errors.New("there is a second document; write one file for each rule")
	}
	if err := f.readLines(text); err != nil {
		return f, err
	}
	return f, f.validate()
}

// readLines sets the line of each test and expectation, for messages.
func (f *File) readLines(text []byte) error {
	var nodes struct {
		Spec struct{ Tests []yaml.Node }
	}
	if err := yaml.Unmarshal(text, &nodes); err != nil {
		return err
	}
	for i := range f.Spec.Tests {
		t, node := &f.Spec.Tests[i], nodes.Spec.Tests[i]
		t.line = node.Line
		var inner struct{ Expect []yaml.Node }
		if err := node.Decode(&inner); err != nil {
			return err
		}
		for j := range t.Expect {
			t.Expect[j].line = inner.Expect[j].Line
		}
	}
	return nil
}

func (f File) validate() error {
	var all []error
	problem := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if f.APIVersion != "jari.example/v1" || f.Kind != "SeriesTest" {
		problem("apiVersion and kind are %q and %q; write jari.example/v1 and SeriesTest", f.APIVersion, f.Kind)
	}
	if f.Metadata.Name == "" {
		problem("metadata.name is missing; write the name of the rule that is tested")
	}
	if len(f.Spec.Tests) == 0 {
		problem("spec.tests is empty; write at least one test")
	}
	for _, t := range f.Spec.Tests {
		all = append(all, t.validate()...)
	}
	return errors.Join(all...)
}

func (t Test) validate() (all []error) {
	problem := func(line int, format string, args ...any) {
		all = append(all, fmt.Errorf("line %d: "+format, append([]any{line}, args...)...))
	}
	if t.Name == "" {
		problem(t.line, "the test has no name; write what happens in it")
	}
	if len(t.Expect) == 0 {
		problem(t.line, "the test expects nothing; write at least one expectation")
	}
	for _, s := range t.Series {
		if len(s.Events) > 0 && len(s.Good)+len(s.Bad) > 0 {
			problem(t.line, "a series has events and also good or bad; write good and bad for a ratio, else events")
		}
	}
	for _, e := range t.Expect {
		if (e.At > 0) == (e.During != Period{}) {
			problem(e.line, "write either at (after 0m) or during")
		}
		if e.State == "" && e.Incidents == nil && e.Subjects == nil && e.AlsoAffected == nil {
			problem(e.line, "write what is expected: state, incidents, subjects or alsoAffected")
		}
		if !slices.Contains([]State{"", None, Ticket, Page, Resolved}, e.State) {
			problem(e.line, "the state is %q; write none, ticket, page or resolved", e.State)
		}
	}
	return all
}

// length is how long the test takes.
func (t Test) length() (d time.Duration) {
	for _, s := range t.Series {
		minutes := max(len(s.Good), len(s.Bad), len(s.Events))
		d = max(d, time.Duration(minutes)*time.Minute)
	}
	for _, e := range t.Expect {
		d = max(d, time.Duration(e.At), e.During.To)
	}
	return d
}
