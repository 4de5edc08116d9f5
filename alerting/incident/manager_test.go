package incident_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/incident"
	"jari.example/alerting/indicator"
	"jari.example/alerting/inmem"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
)

const name = "booking-availability"

// scenario is a loop and a manager with a fake clock and the time scale 60.
type scenario struct {
	source   *indicator.Fake
	store    *inmem.Store
	loop     evaluate.Loop
	events   []string
	last     incident.Incident
	failures []error
	bad      int // bookings that failed so far
}

func newScenario(t *testing.T) *scenario {
	all, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	timing, err := evaluate.NewTiming(60)
	if err != nil {
		t.Fatal(err)
	}
	s := &scenario{source: &indicator.Fake{}, store: inmem.New()}
	eventNames := map[evaluate.Event]string{evaluate.Opened: "opened", evaluate.Ongoing: "ongoing", evaluate.Resolved: "resolved"}
	s.loop = evaluate.Loop{
		SLOs: []slo.SLO{all[0].WithTimeScale(60)}, Timing: timing, Source: s.source, Buckets: s.store,
		Incidents: incident.Manager{
			Store: s.store, Buckets: s.store, Source: s.source, Scale: 60, UpdateInterval: 5 * time.Second,
			Report: func(_ context.Context, event evaluate.Event, i incident.Incident) {
				s.last = i
				s.events = append(s.events, eventNames[event])
			},
		},
		Report: func(_ context.Context, err error) {
			if err != nil {
				s.failures = append(s.failures, err)
			}
		},
	}
	return s
}

// run runs the loop for this long, with so many good and bad bookings a second.
// Their log lines arrive with the latency of the pipeline.
func (s *scenario) run(t *testing.T, length time.Duration, good, bad int) {
	const latency = 2 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	term, _, err := s.store.Acquire(ctx, "me", 1e6*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var bookings sync.WaitGroup
	bookings.Go(func() {
		for ctx.Err() == nil {
			at := time.Now()
			s.bad += bad
			time.AfterFunc(latency, func() { s.source.Add(name, at, good, bad) })
			time.Sleep(time.Second)
		}
	})
	s.loop.Run(ctx, term)
	bookings.Wait()
}

func TestAnIncidentFromTheFirstFailureUntilItIsResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		s.source.SetEvidence(indicator.Evidence{Regions: map[string]int64{"us-east-1": 3}, Traces: []string{"abc"}})
		s.run(t, 90*time.Second, 20, 0)
		if len(s.events) != 0 {
			t.Fatalf("events without a failure: %v", s.events)
		}
		failed := time.Now()
		s.run(t, 12*time.Second, 0, 20)
		if got := fmt.Sprint(s.events); got != "[opened ongoing]" {
			t.Fatalf("events during the failures: %s", got)
		}
		i := s.last
		if late := i.OpenedAt.Sub(failed); late > 4*time.Second {
			t.Errorf("opened %s after the first failure, of which 2 s are the latency of the pipeline", late)
		}
		if off := i.StartedAt.Sub(failed).Abs(); off > time.Second {
			t.Errorf("started at %s, want %s", i.StartedAt, failed)
		}
		if !reflect.DeepEqual(i.Facts.Regions, map[string]int64{"us-east-1": 3}) ||
			i.Facts.Traces[0] != "abc" || i.Facts.Scale != 60 {
			t.Errorf("facts %+v", i.Facts)
		}
		if i.Facts.ExhaustedAt.Before(time.Now()) || i.Facts.BudgetRemaining >= 1 || i.Facts.BudgetRemaining <= 0 {
			t.Errorf("budget remaining %v, exhausted at %v", i.Facts.BudgetRemaining, i.Facts.ExhaustedAt)
		}
		repaired := time.Now()
		s.run(t, 50*time.Second, 20, 0)
		if s.events[len(s.events)-1] != "resolved" {
			t.Fatalf("events %v", s.events)
		}
		// The slower pair's short window is 30 s.
		if after := s.last.ResolvedAt.Sub(repaired); after < 25*time.Second || after > 40*time.Second {
			t.Errorf("resolved after %s", after)
		}
		if s.last.Facts.SinceStart.Bad != int64(s.bad) {
			t.Errorf("counted %+v since the start, %d failed", s.last.Facts.SinceStart, s.bad)
		}
		changes := 0
		for _, event := range s.events {
			if event == "resolved" || event == "opened" {
				changes++
			}
		}
		if changes != 2 {
			t.Errorf("it opened or resolved more than once: %v", s.events)
		}
	})
}

func TestWithoutTelemetryAnIncidentStaysOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		s.run(t, 20*time.Second, 20, 0)
		s.run(t, 10*time.Second, 0, 20)
		s.source.Fail(indicator.ErrNoTelemetry)
		s.run(t, 10*time.Minute, 20, 0)
		if _, open, err := s.store.Current(t.Context(), name); !open || err != nil {
			t.Fatalf("after ten minutes without telemetry: open %v, %v", open, err)
		}
		s.source.Fail(nil)
		s.run(t, time.Minute, 20, 0)
		if _, open, _ := s.store.Current(t.Context(), name); open {
			t.Error("with telemetry again it was not resolved")
		}
	})
}

func TestOpensWithoutEvidenceWhenItCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		s.run(t, 5*time.Second, 20, 0)
		s.source.SetEvidence(indicator.Evidence{Traces: []string{"abc"}})
		s.source.FailEvidence(errors.New("the search is unavailable"))
		s.run(t, 5*time.Second, 0, 20)
		if len(s.events) == 0 || s.events[0] != "opened" || s.last.Facts.Traces != nil || len(s.failures) == 0 {
			t.Errorf("events %v, traces %v, failures %v", s.events, s.last.Facts.Traces, s.failures)
		}
		s.source.FailEvidence(nil)
		s.run(t, 8*time.Second, 0, 20)
		if len(s.last.Facts.Traces) != 1 {
			t.Errorf("traces %v", s.last.Facts.Traces)
		}
	})
}
