package evaluate_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/indicator"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

const name = "booking-availability"

// evaluations records what the loop evaluated.
type evaluations struct {
	all     []evaluate.Evaluation
	changed bool // what Apply returns
}

func (v *evaluations) Apply(_ context.Context, _ lease.Term, e evaluate.Evaluation) (bool, error) {
	v.all = append(v.all, e)
	return v.changed, nil
}

// fixture is a loop over a fake source.
type fixture struct {
	evaluate.Loop
	source      *indicator.Fake
	evaluations *evaluations
	failures    []error
	term        lease.Term
}

func newFixture(t *testing.T, scale int) *fixture {
	all, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	timing, err := evaluate.NewTiming(scale)
	if err != nil {
		t.Fatal(err)
	}
	store := inmem.New()
	term, _, err := store.Acquire(t.Context(), "me", 1e6*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{source: &indicator.Fake{}, evaluations: &evaluations{}, term: term}
	f.Loop = evaluate.Loop{
		SLOs: []slo.SLO{all[0].WithTimeScale(scale)}, Timing: timing, Source: f.source, Buckets: store, Incidents: f.evaluations,
		Report: func(_ context.Context, err error) { f.failures = append(f.failures, err) },
	}
	return f
}

// run runs the loop for this long.
func (f *fixture) run(t *testing.T, length time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	f.Loop.Run(ctx, f.term)
}

func (f *fixture) last(t *testing.T) evaluate.Evaluation {
	t.Helper()
	if len(f.evaluations.all) == 0 {
		t.Fatal("nothing was evaluated")
	}
	return f.evaluations.all[len(f.evaluations.all)-1]
}

func TestATickMakesOneQueryWhateverTheWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 1)
		f.run(t, time.Minute)
		first := f.source.Queries()
		f.run(t, time.Hour)
		if ticks := len(f.evaluations.all); f.source.Queries()-first > ticks {
			t.Errorf("%d queries in %d ticks", f.source.Queries()-first, ticks)
		}
	})
}

func TestCountsLinesThatArriveLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 60)
		f.run(t, 20*time.Second)
		happened := time.Now()
		f.run(t, 14*time.Second)
		f.source.Add(name, happened, 0, 5)
		f.run(t, time.Second)
		if got := f.last(t).Pairs[0].LongCount; got.Bad != 5 {
			t.Errorf("lines 14 s late: %+v", got)
		}
		// The negative control: beyond the lookback they are not counted.
		f.run(t, 20*time.Second)
		f.source.Add(name, happened, 0, 5)
		f.run(t, time.Second)
		if got := f.last(t).Pairs[0].LongCount; got.Bad != 5 {
			t.Errorf("lines 35 s late are counted: %+v", got)
		}
	})
}

func TestCatchesUpAfterADowntime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 1)
		f.run(t, time.Minute)
		time.Sleep(50 * time.Hour) // the downtime
		f.source.Add(name, time.Now().Add(-49*time.Hour), 3, 0)
		f.source.Add(name, time.Now().Add(-30*time.Minute), 0, 7)
		before := f.source.Queries()
		f.run(t, time.Second)
		if queries := f.source.Queries() - before; queries != 3 {
			t.Errorf("50 h took %d queries, want three of a day each", queries)
		}
		sums, err := f.Buckets.Sums(t.Context(), name, []time.Time{time.Now().Add(-60 * time.Hour)}, time.Now())
		if err != nil || sums[0].Count != (slo.Count{Good: 3, Bad: 7}) {
			t.Errorf("counted %v, %v", sums, err)
		}
	})
}

func TestATickWithoutTelemetryEvaluatesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 60)
		f.run(t, time.Second)
		before := len(f.evaluations.all)
		f.source.Fail(indicator.ErrNoTelemetry)
		f.run(t, time.Minute)
		if len(f.evaluations.all) != before {
			t.Error("evaluated without telemetry")
		}
		if len(f.failures) == 0 || !errors.Is(f.failures[0], indicator.ErrNoTelemetry) {
			t.Errorf("reported %v", f.failures)
		}
		f.source.Add(name, time.Now().Add(-30*time.Second), 0, 4)
		f.source.Fail(nil)
		f.run(t, time.Second)
		if got := f.last(t).Pairs[0].LongCount; got.Bad != 4 {
			t.Errorf("events of the time without telemetry: %+v", got)
		}
	})
}

func TestATickLeavesATraceOnlyIfItFailsOrChangesAnIncident(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, 60)
		f.run(t, time.Second)
		last := func() sdktrace.ReadOnlySpan { return rec.Spans()[len(rec.Spans())-1] }
		if s := last(); s.Parent().IsValid() || s.Status().Code == codes.Error || telemetrytest.Attr(s, names.TraceKept) != false {
			t.Errorf("a tick that succeeded: %v %v %v", s.Parent(), s.Status(), s.Attributes())
		}
		f.evaluations.changed = true
		f.run(t, time.Second)
		if s := last(); s.Status().Code == codes.Error || telemetrytest.Attr(s, names.TraceKept) != true {
			t.Errorf("a tick that changed an incident: %v %v", s.Status(), s.Attributes())
		}
		f.evaluations.changed = false
		f.source.Fail(indicator.ErrNoTelemetry)
		f.run(t, time.Second)
		if s := last(); s.Status().Code != codes.Error || telemetrytest.Attr(s, names.TraceKept) != true {
			t.Errorf("a tick that failed: %v %v", s.Status(), s.Attributes())
		}
		before := len(rec.Spans())
		time.AfterFunc(time.Second, func() { f.source.Fail(nil) })
		f.run(t, 2*time.Second)
		kept := 0
		for _, s := range rec.Spans()[before:] {
			if s.Status().Code != codes.Error && telemetrytest.Attr(s, names.TraceKept) == true {
				kept++
			}
		}
		if kept != 1 {
			t.Errorf("%d ticks that succeeded are kept, want the first one, which has a log line", kept)
		}
	})
}

func TestTheTimeScaleDividesTimesButKeepsAMinimumLookback(t *testing.T) {
	for scale, want := range map[int]evaluate.Timing{
		1:  {Scale: 1, Bucket: time.Minute, Tick: 10 * time.Second, Lookback: 5 * time.Minute},
		60: {Scale: 60, Bucket: time.Second, Tick: 10 * time.Second / 60, Lookback: 15 * time.Second},
	} {
		if got, err := evaluate.NewTiming(scale); err != nil || got != want {
			t.Errorf("÷%d: %+v, %v", scale, got, err)
		}
	}
	for _, scale := range []int{0, -1, 7, 601, 60000} {
		if _, err := evaluate.NewTiming(scale); err == nil {
			t.Errorf("÷%d is accepted", scale)
		}
	}
}
