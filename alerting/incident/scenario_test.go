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
	s := &scenario{t: t, set: set, source: &counttest.Fake{}, store: inmem.New(), start: start, now: start, last: map[string]incident.Incident{}}
	s.source.Now = func() time.Time { return s.now }
	if s.term, _, err = s.store.Acquire(t.Context(), "me", 1e6*time.Hour); err != nil {
		t.Fatal(err)
	}
	s.loop = &evaluate.Loop{
		Set: func() slo.Set { return s.set }, Timing: timing, Store: s.store, Now: func() time.Time { return s.now },
		Count: s.count,
		Incidents: incident.Manager{
			Store: s.store, Evidence: s.source, Scale: 1, UpdateInterval: time.Minute, Report: s.report,
		},
		Blind: func(_ context.Context, b evaluate.Blindness) { s.blind = b },
	}
	return s
}

// count counts the last day again.
func (s *scenario) count(ctx context.Context, term lease.Term, set slo.Set, now time.Time) error {
	period := count.Span{From: now.Add(-24 * time.Hour).Truncate(time.Minute), To: s.loop.Timing.BucketEnd(now)}
	buckets, documents, err := s.source.Count(ctx, set.Indicators(time.Minute), period, time.Minute)
	if err == nil && documents == 0 {
		err = count.ErrNoTelemetry
	}
	if err != nil {
		return err
	}
	return s.store.Save(ctx, term, count.Batch{Span: period, Buckets: buckets})
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
		s.t.Errorf("minute %d: %d of %d failed, and %d of them in the regions %v", s.minute(), since.Bad, since.Total(), inRegions, i.Facts.Regions)
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
	for end := s.now.Add(length); s.now.Before(end); s.now = s.now.Add(s.loop.Timing.Tick) {
		if s.now.Second() == 0 {
			for _, f := range flows {
				s.source.Add(f.of, counttest.Events{At: s.now, Arrives: s.now.Add(f.late), Region: f.region, Good: f.good, Bad: f.bad})
			}
		}
		_, err := s.loop.Tick(s.t.Context(), s.term, s.now)
		if err != nil && !s.mayFail() {
			s.t.Fatalf("minute %d: %v", s.minute(), err)
		}
	}
}

// mayFail: a source that was told to fail does.
func (s *scenario) mayFail() bool {
	_, _, err := s.source.Count(s.t.Context(), nil, count.Span{From: s.now, To: s.now.Add(time.Minute)}, time.Minute)
	return err != nil
}

// is reports whether an incident of the rule is open.
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
