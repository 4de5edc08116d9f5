package evaluate_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"

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

// verdicts remembers what the loop said.
type verdicts struct{ all []evaluate.Evaluation }

func (v *verdicts) Apply(_ context.Context, _ lease.Term, verdict evaluate.Evaluation) error {
	v.all = append(v.all, verdict)
	return nil
}

type world struct {
	evaluate.Loop
	fake     *indicator.Fake
	verdicts *verdicts
	failures []error
	term     lease.Term
}

func newWorld(t *testing.T, scale int) *world {
	all, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	pace, err := evaluate.NewTiming(scale)
	if err != nil {
		t.Fatal(err)
	}
	store := inmem.New()
	term, _, err := store.Acquire(t.Context(), "me", 1e6*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{fake: &indicator.Fake{}, verdicts: &verdicts{}, term: term}
	w.Loop = evaluate.Loop{SLOs: []slo.SLO{all[0].WithTimeScale(scale)}, Timing: pace, Source: w.fake, Buckets: store, Incidents: w.verdicts,
		Report: func(_ context.Context, err error) { w.failures = append(w.failures, err) }}
	return w
}

// run lets the loop tick for this long.
func (w *world) run(t *testing.T, length time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	w.Loop.Run(ctx, w.term)
}

func (w *world) last(t *testing.T) evaluate.Evaluation {
	t.Helper()
	if len(w.verdicts.all) == 0 {
		t.Fatal("no verdict")
	}
	return w.verdicts.all[len(w.verdicts.all)-1]
}

func TestATickAsksOnceHoweverLongTheWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.run(t, time.Minute)
		first := w.fake.Queries()
		w.run(t, time.Hour)
		if ticks := len(w.verdicts.all); w.fake.Queries()-first > ticks {
			t.Errorf("asked %d times in %d ticks", w.fake.Queries()-first, ticks)
		}
	})
}

func TestLateLinesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 60)
		w.run(t, 20*time.Second)
		happened := time.Now()
		w.run(t, 14*time.Second)
		w.fake.Add(name, happened, 0, 5)
		w.run(t, time.Second)
		if got := w.last(t).Pairs[0].LongCount; got.Bad != 5 {
			t.Errorf("lines 14 s late: %+v", got)
		}
		// The control: beyond the re-reading they are lost.
		w.run(t, 20*time.Second)
		w.fake.Add(name, happened, 0, 5)
		w.run(t, time.Second)
		if got := w.last(t).Pairs[0].LongCount; got.Bad != 5 {
			t.Errorf("lines 35 s late should be too late: %+v", got)
		}
	})
}

func TestAfterAnOutageItCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.run(t, time.Minute)
		time.Sleep(50 * time.Hour) // away
		w.fake.Add(name, time.Now().Add(-49*time.Hour), 3, 0)
		w.fake.Add(name, time.Now().Add(-30*time.Minute), 0, 7)
		before := w.fake.Queries()
		w.run(t, time.Second)
		if asked := w.fake.Queries() - before; asked != 3 {
			t.Errorf("50 h should take three questions of a day, it took %d", asked)
		}
		sums, err := w.Buckets.Sums(t.Context(), name, []time.Time{time.Now().Add(-60 * time.Hour)}, time.Now())
		if err != nil || sums[0].Count != (slo.Count{Good: 3, Bad: 7}) {
			t.Errorf("counted %v, %v", sums, err)
		}
	})
}

func TestABlindTickJudgesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 60)
		w.run(t, time.Second)
		said := len(w.verdicts.all)
		w.fake.Fail(indicator.ErrNoTelemetry)
		w.run(t, time.Minute)
		if len(w.verdicts.all) != said {
			t.Error("judged while blind")
		}
		if len(w.failures) == 0 || !errors.Is(w.failures[0], indicator.ErrNoTelemetry) {
			t.Errorf("reported %v", w.failures)
		}
		w.fake.Add(name, time.Now().Add(-30*time.Second), 0, 4)
		w.fake.Fail(nil)
		w.run(t, time.Second)
		if got := w.last(t).Pairs[0].LongCount; got.Bad != 4 {
			t.Errorf("what happened meanwhile: %+v", got)
		}
	})
}

func TestEachTickIsATraceThatSaysWhetherItFailed(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 60)
		w.run(t, time.Second)
		good := rec.Span(t, names.SpanTick)
		if good.Parent().IsValid() || good.Status().Code == codes.Error {
			t.Errorf("a good tick: %v %v", good.Parent(), good.Status())
		}
		w.fake.Fail(indicator.ErrNoTelemetry)
		w.run(t, time.Second)
		if blind := rec.Spans()[len(rec.Spans())-1]; blind.Name() != names.SpanTick || blind.Status().Code != codes.Error {
			t.Errorf("a blind tick: %s %v", blind.Name(), blind.Status())
		}
	})
}

func TestPaceShrinksTogetherButReReadsFifteenSeconds(t *testing.T) {
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
			t.Errorf("÷%d should be refused", scale)
		}
	}
}
