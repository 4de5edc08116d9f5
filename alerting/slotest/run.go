package slotest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/replay"
	"jari.example/alerting/slo"
)

// start is when every test begins. Nothing depends on the date.
var start = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// Rules is the directory with the rules that the file names; "" without one.
func (f File) Rules() string {
	if f.Spec.Rules == "" {
		return ""
	}
	return filepath.Join(filepath.Dir(f.path), f.Spec.Rules)
}

// Run runs all tests of the file with the rules of set. The error names each
// expectation that was not met, and what happened instead.
func (f File) Run(ctx context.Context, set slo.Set) error {
	var all []error
	for _, t := range f.Spec.Tests {
		if err := t.run(ctx, f.Metadata.Name, set); err != nil {
			all = append(all, fmt.Errorf("%s:%d: %s\n%w", f.path, t.line, t.Name, err))
		}
	}
	return errors.Join(all...)
}

// run runs one test. rule is the default of series and expectations.
func (t Test) run(ctx context.Context, rule string, set slo.Set) error {
	t = t.withRule(rule)
	set, err := replay.Only(set, t.names()...)
	if err != nil {
		return fmt.Errorf("    %w", err)
	}
	source, err := t.source(set)
	if err != nil {
		return err
	}
	timing, err := count.NewTiming(1)
	if err != nil {
		return err
	}
	period := count.Span{From: start, To: start.Add(t.length())}
	r := replay.Counted(source, set, timing, period)
	failures := map[int]string{} // by expectation: the first
	opened := map[string]int{}   // by rule: how many incidents so far
	r.Observe = func(end time.Time, last map[string]*replay.Episode) {
		for rule, e := range last {
			if e.OpenedAt.Equal(end) {
				opened[rule]++
			}
		}
		at := end.Sub(start)
		for i, e := range t.Expect {
			if _, failed := failures[i]; !failed && e.appliesTo(at) {
				if failure := e.check(last[e.Rule], opened[e.Rule]); failure != "" {
					failures[i] = fmt.Sprintf("line %d: %s at %s: %s", e.line, e.Rule, minutes(at), failure)
				}
			}
		}
	}
	result, err := r.Run(ctx)
	if err != nil || len(failures) == 0 {
		return err
	}
	var all []string
	for i := range t.Expect {
		if failure, failed := failures[i]; failed {
			all = append(all, "    "+failure)
		}
	}
	return errors.New(strings.Join(append(all, whatHappened(result.Episodes)...), "\n"))
}

// withRule returns t with the rule of series and expectations that name none.
func (t Test) withRule(rule string) Test {
	t.Series, t.Expect = slices.Clone(t.Series), slices.Clone(t.Expect)
	for i := range t.Series {
		if t.Series[i].Rule == "" {
			t.Series[i].Rule = rule
		}
	}
	for i := range t.Expect {
		if t.Expect[i].Rule == "" {
			t.Expect[i].Rule = rule
		}
	}
	return t
}

// names are the rules that t names.
func (t Test) names() (all []string) {
	for _, s := range t.Series {
		all = append(all, s.Rule)
	}
	for _, e := range t.Expect {
		all = append(append(all, e.Rule), e.AlsoAffected...)
	}
	return all
}

// source returns the events of all series.
func (t Test) source(set slo.Set) (*counttest.Fake, error) {
	events := map[replay.Subject][]counttest.Events{}
	indicators := replay.Subjects(set)
	for _, s := range t.Series {
		subjects := t.subjects(s, indicators)
		if len(subjects) == 0 {
			return nil, fmt.Errorf("    %s has no subject %q; write one of %s", s.Rule, s.Subject, strings.Join(known(s.Rule, indicators), ", "))
		}
		for _, subject := range subjects {
			if divides := replay.Divides(indicators[subject]); divides == (len(s.Events) > 0) {
				return nil, fmt.Errorf("    %s has %s; write %s", s.Rule, map[bool]string{true: "good and bad events", false: "only events"}[divides],
					map[bool]string{true: "good and bad instead of events", false: "events instead of good and bad"}[divides])
			}
			events[subject] = append(events[subject], t.events(s)...)
		}
	}
	source, err := replay.Source(set, events)
	if err != nil {
		return nil, fmt.Errorf("    %w", err)
	}
	source.Telemetry(t.telemetry()...)
	return source, nil
}

// subjects are those that the series s is about.
func (t Test) subjects(s Series, indicators map[replay.Subject]slo.Indicator) (all []replay.Subject) {
	own := func(name string) bool {
		return slices.ContainsFunc(t.Series, func(o Series) bool { return o.Rule == s.Rule && o.Subject == name })
	}
	for subject := range indicators {
		if subject.Rule == s.Rule && (subject.Name == s.Subject || s.Subject == "" && !own(subject.Name)) {
			all = append(all, subject)
		}
	}
	return all
}

func known(rule string, indicators map[replay.Subject]slo.Indicator) (all []string) {
	for subject := range indicators {
		if subject.Rule == rule {
			all = append(all, fmt.Sprintf("%q", subject.Name))
		}
	}
	slices.Sort(all)
	return all
}

// events are those of one series that ever arrive.
func (t Test) events(s Series) (all []counttest.Events) {
	good := s.Good
	if len(s.Events) > 0 {
		good = s.Events
	}
	for n := range max(len(good), len(s.Bad)) {
		at := time.Duration(n) * time.Minute
		e := counttest.Events{At: start.Add(at), Region: s.Region}
		if n < len(good) {
			e.Good = good[n]
		}
		if n < len(s.Bad) {
			e.Bad = s.Bad[n]
		}
		if e.Good+e.Bad == 0 {
			continue
		}
		end := at + time.Minute
		late := slices.IndexFunc(s.Late, func(l Late) bool { return l.During.contains(end) })
		switch {
		case late >= 0:
			e.Arrives = start.Add(end + time.Duration(s.Late[late].By))
		case slices.ContainsFunc(t.NoTelemetry, func(p Period) bool { return p.contains(end) }):
			continue
		}
		all = append(all, e)
	}
	return all
}

// telemetry are the periods with other telemetry.
func (t Test) telemetry() (all []count.Span) {
	for at := time.Duration(0); at < t.length(); at += time.Minute {
		if !slices.ContainsFunc(t.NoTelemetry, func(p Period) bool { return p.contains(at + time.Minute) }) {
			all = append(all, count.Span{From: start.Add(at), To: start.Add(at + time.Minute)})
		}
	}
	return all
}
