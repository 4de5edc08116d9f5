package count_test

import (
	"context"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

var ten = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// fixture counts at a simulated time.
type fixture struct {
	*counttest.Fake
	*inmem.Store
	t        *testing.T
	now      time.Time
	counter  *count.Counter
	term     lease.Term
	set      slo.Set
	searches []search
	refuse   func(search) error
}

// search is what the counter asked the source for.
type search struct {
	count.Span
	indicators map[slo.Key]slo.Indicator
}

// logs are where the events of these tests are.
var logs = slo.Source{Index: "logs", TimeField: "time", RegionField: "region"}

func ratio(name string) slo.Indicator {
	return slo.Indicator{Source: logs, Total: slo.Condition{Field: "name", Op: slo.Is, Value: name},
		Bad: slo.Condition{Field: "status", Op: slo.AtLeast, Value: int64(500)}}
}

func slicesOf(name string, within time.Duration) slo.Indicator {
	return slo.Indicator{Source: logs, Total: slo.Condition{Field: "name", Op: slo.Is, Value: name}, Within: within}
}

// begin returns a fixture at ten, with documents since the time given.
func begin(t *testing.T, since time.Time, indicators ...slo.Indicator) *fixture {
	store := inmem.New()
	term, _, err := store.Acquire(t.Context(), "me", 1e6*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{Fake: &counttest.Fake{}, Store: store, t: t, now: ten, term: term}
	f.Fake.Now = func() time.Time { return f.now }
	f.Telemetry(count.Span{From: since, To: ten.AddDate(1, 0, 0)})
	f.objectives(indicators...)
	f.restart()
	return f
}

func (f *fixture) objectives(indicators ...slo.Indicator) {
	f.set = slo.Set{}
	for _, i := range indicators {
		f.set.SLOs = append(f.set.SLOs, slo.SLO{Indicator: i})
	}
}

func (f *fixture) restart() {
	timing, err := count.NewTiming(1)
	if err != nil {
		f.t.Fatal(err)
	}
	f.counter = &count.Counter{Source: f, Store: f.Store, Timing: timing}
}

// Count implements count.Source.
func (f *fixture) Count(ctx context.Context, i map[slo.Key]slo.Indicator, period count.Span, width time.Duration) (
	map[slo.Key][]count.Bucket, int64, error) {
	s := search{period, i}
	if f.searches = append(f.searches, s); f.refuse != nil {
		if err := f.refuse(s); err != nil {
			return nil, 0, err
		}
	}
	return f.Fake.Count(ctx, i, period, width)
}

func (f *fixture) tick() error { return f.counter.Count(f.t.Context(), f.term, f.set, f.now) }

// run ticks every ten seconds for this long, and fails the test when a tick does.
func (f *fixture) run(length time.Duration) {
	f.t.Helper()
	for end := f.now.Add(length); f.now.Before(end); f.now = f.now.Add(10 * time.Second) {
		if err := f.tick(); err != nil {
			f.t.Fatalf("at %v: %v", f.now, err)
		}
	}
}

// add adds good and bad events in kr, which can be found at once.
func (f *fixture) add(i slo.Indicator, at time.Time, good, bad int64) {
	f.Add(i, counttest.Events{At: at, Region: "kr", Good: good, Bad: bad})
}

func (f *fixture) counted(i slo.Indicator) count.Span {
	all, err := f.Counted(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return all[i.Key(time.Minute)]
}

// sum is what is stored of i since ever.
func (f *fixture) sum(i slo.Indicator) slo.Count {
	window := count.Window{Key: i.Key(time.Minute), Span: count.Span{From: ten.AddDate(-1, 0, 0), To: ten.AddDate(1, 0, 0)}}
	sums, err := f.Sums(f.t.Context(), []count.Window{window})
	if err != nil {
		f.t.Fatal(err)
	}
	return sums[0].Count
}
