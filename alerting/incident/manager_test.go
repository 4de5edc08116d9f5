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

// evening is a loop and a keeper in a bubble of time, windows ÷60.
type evening struct {
	fake     *indicator.Fake
	store    *inmem.Store
	loop     evaluate.Loop
	story    []string
	last     incident.Incident
	failures []error
	bad      int // bookings that failed so far
}

func newEvening(t *testing.T) *evening {
	all, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	pace, err := evaluate.NewTiming(60)
	if err != nil {
		t.Fatal(err)
	}
	e := &evening{fake: &indicator.Fake{}, store: inmem.New()}
	e.loop = evaluate.Loop{
		SLOs: []slo.SLO{all[0].WithTimeScale(60)}, Timing: pace, Source: e.fake, Buckets: e.store,
		Incidents: incident.Manager{Store: e.store, Buckets: e.store, Source: e.fake, Scale: 60, UpdateInterval: 5 * time.Second,
			Report: func(_ context.Context, event evaluate.Event, i incident.Incident) {
				e.last = i
				e.story = append(e.story, map[evaluate.Event]string{
					evaluate.Opened: "opened", evaluate.Ongoing: "ongoing", evaluate.Resolved: "resolved"}[event])
			}},
		Report: func(_ context.Context, err error) {
			if err != nil {
				e.failures = append(e.failures, err)
			}
		},
	}
	return e
}

// pass lets time go by with so many good and bad bookings a second, whose
// lines arrive late by the pipeline's latency.
func (e *evening) pass(t *testing.T, length time.Duration, good, bad int) {
	const latency = 2 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	term, _, err := e.store.Acquire(ctx, "me", 1e6*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var diners sync.WaitGroup
	diners.Go(func() {
		for ctx.Err() == nil {
			at := time.Now()
			e.bad += bad
			time.AfterFunc(latency, func() { e.fake.Add(name, at, good, bad) })
			time.Sleep(time.Second)
		}
	})
	e.loop.Run(ctx, term)
	diners.Wait()
}

func TestAnIncidentFromTheFirstFailureToTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t)
		e.fake.SetEvidence(indicator.Evidence{Regions: map[string]int64{"us-east-1": 3}, Traces: []string{"abc"}})
		e.pass(t, 90*time.Second, 20, 0)
		if len(e.story) != 0 {
			t.Fatalf("all is well, yet %v", e.story)
		}
		broke := time.Now()
		e.pass(t, 12*time.Second, 0, 20)
		if got := fmt.Sprint(e.story); got != "[opened ongoing]" {
			t.Fatalf("while it burns: %s", got)
		}
		i := e.last
		if late := i.OpenedAt.Sub(broke); late > 4*time.Second {
			t.Errorf("opened %s after the first failure, of which 2 s are the pipeline's", late)
		}
		if off := i.StartedAt.Sub(broke).Abs(); off > time.Second {
			t.Errorf("says it began at %s, it did at %s", i.StartedAt, broke)
		}
		if !reflect.DeepEqual(i.Facts.Regions, map[string]int64{"us-east-1": 3}) || i.Facts.Traces[0] != "abc" || i.Facts.Scale != 60 {
			t.Errorf("facts %+v", i.Facts)
		}
		if i.Facts.ExhaustedAt.Before(time.Now()) || i.Facts.BudgetRemaining >= 1 || i.Facts.BudgetRemaining <= 0 {
			t.Errorf("budget: left %v, gone at %v", i.Facts.BudgetRemaining, i.Facts.ExhaustedAt)
		}
		mended := time.Now()
		e.pass(t, 50*time.Second, 20, 0)
		if e.story[len(e.story)-1] != "resolved" {
			t.Fatalf("story %v", e.story)
		}
		// The slower pair's short window is 30 s.
		if took := e.last.ResolvedAt.Sub(mended); took < 25*time.Second || took > 40*time.Second {
			t.Errorf("resolved after %s", took)
		}
		if e.last.Facts.SinceStart.Bad != int64(e.bad) {
			t.Errorf("counted %+v since it began, %d failed", e.last.Facts.SinceStart, e.bad)
		}
		resolved := 0
		for _, s := range e.story {
			if s == "resolved" || s == "opened" {
				resolved++
			}
		}
		if resolved != 2 {
			t.Errorf("it flapped: %v", e.story)
		}
	})
}

func TestBlindnessFreezesAnIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t)
		e.pass(t, 20*time.Second, 20, 0)
		e.pass(t, 10*time.Second, 0, 20)
		e.fake.Fail(indicator.ErrNoTelemetry)
		e.pass(t, 10*time.Minute, 20, 0)
		if _, open, err := e.store.Current(t.Context(), name); !open || err != nil {
			t.Fatalf("blind for ten minutes: open %v, %v", open, err)
		}
		e.fake.Fail(nil)
		e.pass(t, time.Minute, 20, 0)
		if _, open, _ := e.store.Current(t.Context(), name); open {
			t.Error("seeing again, it should have ended")
		}
	})
}

func TestEvidenceThatCannotBeHadKeepsNobodyFromBeingTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEvening(t)
		e.pass(t, 5*time.Second, 20, 0)
		e.fake.SetEvidence(indicator.Evidence{Traces: []string{"abc"}})
		e.fake.FailEvidence(errors.New("the search is down"))
		e.pass(t, 5*time.Second, 0, 20)
		if len(e.story) == 0 || e.story[0] != "opened" || e.last.Facts.Traces != nil || len(e.failures) == 0 {
			t.Errorf("story %v, traces %v, failures %v", e.story, e.last.Facts.Traces, e.failures)
		}
		e.fake.FailEvidence(nil)
		e.pass(t, 8*time.Second, 0, 20)
		if len(e.last.Facts.Traces) != 1 {
			t.Errorf("traces %v", e.last.Facts.Traces)
		}
	})
}
