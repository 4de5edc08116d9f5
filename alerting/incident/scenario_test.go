package incident_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

const (
	kr = "ap-northeast-2"
	us = "us-east-1"
)

// scenario plays production's loop, manager and store in memory, with a clock that
// it moves itself.
type scenario struct {
	t      *testing.T
	set    slo.Set
	source *counttest.Fake
	store  *inmem.Store
	loop   *evaluate.Loop
	term   lease.Term
	start  time.Time
	now    time.Time
	events []string // what happened, with the rule and the minute: "10 opened bookings"
	last   map[string]incident.Incident
	blind  evaluate.Blindness
}

func newScenario(t *testing.T, set slo.Set) *scenario {
	timing, err := count.NewTiming(1)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	s := &scenario{
		t: t, set: set, source: &counttest.Fake{}, store: inmem.New(),
		start: start, now: start, last: map[string]incident.Incident{},
	}
	s.source.Now = func() time.Time { return s.now }
	if s.term, _, err = s.store.Acquire(t.Context(), "me", 1e6*time.Hour); err != nil {
		t.Fatal(err)
	}
	counter := count.Counter{Source: s.source, Store: s.store, Timing: timing}
	s.loop = &evaluate.Loop{
		Count: counter.Count,
		Set:   func() slo.Set { return s.set }, Timing: timing, Store: s.store, Now: func() time.Time { return s.now },
		Incidents: incident.Manager{
			Store: s.store, Scale: 1, UpdateInterval: time.Minute, Report: s.report,
		},
		Observe: func(_ context.Context, state evaluate.State) { s.blind = state.Blindness },
	}
	return s
}

func (s *scenario) report(_ context.Context, event evaluate.Event, i incident.Incident) {
	s.last[i.Rule] = i
	if event != evaluate.Ongoing {
		s.events = append(s.events, fmt.Sprintf("%d %s %s", s.minute(), event, i.Rule))
	}
	inRegions := int64(0)
	for _, bad := range i.Facts.Regions {
		inRegions += bad
	}
	if since := i.Facts.SinceStart; inRegions > 0 && inRegions != since.Bad {
		s.t.Errorf("minute %d: %d of %d failed, and %d of them in the regions %v",
			s.minute(), since.Bad, since.Total(), inRegions, i.Facts.Regions)
	}
}

// minute is the minute of the scenario.
func (s *scenario) minute() int { return int(s.now.Sub(s.start) / time.Minute) }

// flow is what happens in each minute.
type flow struct {
	of        slo.Indicator
	region    string
	good, bad int64
	late      time.Duration // until it can be found
}

// run lets so much time pass, with these flows.
func (s *scenario) run(length time.Duration, flows ...flow) {
	s.t.Helper()
	end := s.now.Add(length)
	for _, f := range flows {
		var all []counttest.Events
		for at := s.now; at.Before(end); at = at.Add(time.Minute) {
			all = append(all, counttest.Events{At: at, Arrives: at.Add(f.late), Region: f.region, Good: f.good, Bad: f.bad})
		}
		s.source.Add(f.of, all...)
	}
	for ; s.now.Before(end); s.now = s.now.Add(s.loop.Timing.Tick) {
		_, err := s.loop.Tick(s.t.Context(), s.term, s.now)
		if err != nil && !s.mayFail() {
			s.t.Fatalf("minute %d: %v", s.minute(), err)
		}
	}
}

// runSlowly ticks once a minute: nothing in between would differ.
func (s *scenario) runSlowly(length time.Duration, flows ...flow) {
	s.t.Helper()
	defer func(tick time.Duration) { s.loop.Timing.Tick = tick }(s.loop.Timing.Tick)
	s.loop.Timing.Tick = time.Minute
	s.run(length, flows...)
}

// mayFail: a source that was told to fail does.
func (s *scenario) mayFail() bool {
	_, _, err := s.source.Count(s.t.Context(), nil, count.Span{From: s.now, To: s.now.Add(time.Minute)}, time.Minute)
	return err != nil
}

// open reports whether an incident of the rule is open.
func (s *scenario) open(rule string) bool {
	s.t.Helper()
	all, err := s.store.Recent(s.t.Context(), s.now)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, i := range all {
		if i.Rule == rule && i.Open() {
			return true
		}
	}
	return false
}

// want compares what happened since the last call.
func (s *scenario) want(events ...string) {
	s.t.Helper()
	if got, want := fmt.Sprintf("%q", s.events), fmt.Sprintf("%q", events); got != want {
		s.t.Errorf("got  %s\nwant %s", got, want)
	}
	s.events = nil
}
