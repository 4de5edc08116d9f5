package evaluate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// reads counts how often sums are read.
type reads struct {
	count.Store
	sums int
	err  error
}

func (r *reads) Sums(ctx context.Context, windows []count.Window) ([]count.Sum, error) {
	r.sums++
	if r.err != nil {
		return nil, r.err
	}
	return r.Store.Sums(ctx, windows)
}

func TestATickReadsAllSumsAtOnceAndAgainOnlyWhenAnIncidentOpens(t *testing.T) {
	f := newFixture(t, slo.Set{
		SLOs:   []slo.SLO{objective("a"), objective("b")},
		Alerts: []slo.Alert{alert("c", slo.When{Within: time.Minute, Events: 1}, "x", "y")},
	})
	store := &reads{Store: f.store}
	f.Store = store
	f.minutes(5, func() { f.count(indicator("a"), 10, 0) })
	if store.sums != 5 {
		t.Errorf("%d reads in 5 ticks", store.sums)
	}
	f.minutes(1, func() { f.count(indicator("a"), 0, 100) })
	f.want("opened a")
	if store.sums != 7 {
		t.Errorf("%d reads in 6 ticks, of which one opened an incident", store.sums)
	}
	f.minutes(10, func() { f.count(indicator("a"), 0, 100) })
	if store.sums != 17 {
		t.Errorf("%d reads in 16 ticks", store.sums)
	}
}

func TestATickCountsTheOpenIncidentsBySeverity(t *testing.T) {
	slow := objective("slow")
	slow.Policy.Pairs = slow.Policy.Pairs[2:]
	set := slo.Set{SLOs: []slo.SLO{objective("a"), slow}}
	f := newFixture(t, set)
	f.Set = func() slo.Set { return set }
	both := func(good, bad int64) func() {
		return func() { f.count(indicator("a"), good, bad); f.count(indicator("slow"), good, bad) }
	}
	want := func(page, ticket int64) {
		t.Helper()
		if open := f.state.Open; open == nil || open[slo.Page] != page || open[slo.Ticket] != ticket {
			t.Errorf("open: %v, want %d pages and %d tickets", open, page, ticket)
		}
	}
	f.minutes(1, both(10, 0))
	want(0, 0)
	f.minutes(1, both(0, 100)) // both open
	want(1, 1)
	f.minutes(5, both(0, 100))
	want(1, 1)
	f.minutes(70, both(100, 0)) // the page's windows are calm, the ticket's are not
	want(0, 1)
	set = slo.Set{SLOs: set.SLOs[:1]} // the other one is withdrawn
	f.minutes(1, both(100, 0))
	want(0, 0)
}

func TestATickThatCannotReadTheSumsChangesNothing(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
	store := &reads{Store: f.store, err: errors.New("the database is away")}
	f.Store = store
	f.count(indicator("a"), 0, 100)
	if _, err := f.Tick(t.Context(), f.term, f.now); !errors.Is(err, store.err) {
		t.Errorf("got %v", err)
	}
	f.want()
}

func TestATickEndsWhenItsTermHas(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
	f.count(indicator("a"), 0, 100)
	f.countErr = lease.ErrLost
	if _, err := f.Tick(t.Context(), f.term, f.now); !errors.Is(err, lease.ErrLost) {
		t.Errorf("got %v", err)
	}
	f.want()
}

func TestARuleThatIsGoneEndsItsIncident(t *testing.T) {
	set := slo.Set{SLOs: []slo.SLO{objective("a"), objective("b")}}
	f := newFixture(t, set)
	f.Set = func() slo.Set { return set }
	both := func() { f.count(indicator("a"), 0, 10); f.count(indicator("b"), 0, 10) }
	f.minutes(5, both)
	f.want("opened a", "opened b")
	set = slo.Set{SLOs: []slo.SLO{objective("b")}}
	f.minutes(5, both)
	f.want("withdrawn a")
}

func TestTheSourceIsBlindAfterTheLookbackAndAtOnceWithoutAnyDocument(t *testing.T) {
	for name, tc := range map[string]struct {
		err   error
		after int // minutes
	}{
		"counting fails":                        {errors.New("the search is unavailable"), 5},
		"there was no document in five minutes": {count.ErrNoTelemetry, 1},
		"only older lines were not counted":     {count.ErrOlder, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
			f.minutes(60, func() {})
			f.countErr = tc.err
			failed := 0
			f.minutes(20, func() {
				if failed > 0 && failed < tc.after && f.state.Blind() {
					t.Errorf("blind after %d minutes: %+v", failed, f.state)
				}
				failed++
			})
			if f.state.Blind() != (tc.after > 0) || tc.after > 0 && !strings.Contains(f.state.Reason, tc.err.Error()) {
				t.Errorf("after 20 minutes: %+v", f.state)
			}
			f.countErr = nil
			f.minutes(1, func() {})
			if f.state.Blind() {
				t.Errorf("still blind: %+v", f.state)
			}
		})
	}
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
	f.countErr = count.ErrNoTelemetry
	f.minutes(5, func() {
		if f.state.Blind() {
			t.Error("blind when counting has just begun, and the system may just have been started")
		}
	})
}

func TestATickLeavesATraceOnlyIfItFailsOrChangesAnIncident(t *testing.T) {
	rec := telemetrytest.Start(t)
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
		f.Now = time.Now
		f.now = time.Now()
		run := func(length time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), length)
			defer cancel()
			f.Run(ctx, f.term)
		}
		run(time.Second)
		last := func() sdktrace.ReadOnlySpan { return rec.Spans()[len(rec.Spans())-1] }
		if s := last(); s.Parent().IsValid() || s.Status().Code == codes.Error || telemetrytest.Attr(s, names.TraceKept) != false {
			t.Errorf("a tick that succeeded: %v %v %v", s.Parent(), s.Status(), s.Attributes())
		}
		f.count(indicator("a"), 0, 100)
		run(time.Second)
		if s := last(); s.Status().Code == codes.Error || telemetrytest.Attr(s, names.TraceKept) != true {
			t.Errorf("a tick that changed an incident: %v %v", s.Status(), s.Attributes())
		}
		f.countErr = count.ErrNoTelemetry
		run(time.Second)
		if s := last(); s.Status().Code != codes.Error || telemetrytest.Attr(s, names.TraceKept) != true {
			t.Errorf("a tick that failed: %v %v", s.Status(), s.Attributes())
		}
		before := len(rec.Spans())
		time.AfterFunc(15*time.Second, func() { f.countErr = nil })
		run(time.Minute)
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

func TestOnlyATickThatSucceededIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
		f.Now, f.now = time.Now, time.Now()
		recorded, reported := 0, 0
		var recordErr error
		f.Report = func(context.Context, error) { reported++ }
		f.Succeeded = func(_ context.Context, term lease.Term, at time.Time) error {
			if term != f.term || !at.Equal(time.Now()) {
				t.Errorf("recorded %s of the term %d", at, term)
			}
			recorded++
			return recordErr
		}
		for _, c := range []struct {
			name                string
			countErr, recordErr error
			recorded, reported  int
		}{
			{name: "a tick that succeeds", recorded: 1},
			{name: "a tick that fails", countErr: count.ErrNoTelemetry, reported: 1},
			{name: "a tick that cannot be recorded", recordErr: lease.ErrLost, recorded: 1, reported: 1},
		} {
			f.countErr, recordErr, recorded, reported = c.countErr, c.recordErr, 0, 0
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			f.Run(ctx, f.term)
			cancel()
			if recorded != c.recorded || reported != c.reported {
				t.Errorf("%s: recorded %d times, reported %d times", c.name, recorded, reported)
			}
		}
	})
}

// Forty days of an idle system with one fault: a ticket's windows of three days, a
// budget of thirty and nothing that grows old.
func TestFortyDaysWithOneFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
		f.Timing.Tick = 5 * time.Minute
		f.Now = time.Now
		start := time.Now()
		ends := evaluate.State{Open: map[slo.Severity]int64{}}
		f.Observe = func(_ context.Context, s evaluate.State) { ends = s }
		f.Count = func(_ context.Context, _ lease.Term, _ slo.Set, now time.Time) error {
			f.now = now
			bad := int64(0)
			if day := now.Sub(start).Hours() / 24; day > 3 && day < 3.1 {
				bad = 50
			}
			f.count(indicator("a"), 100-bad, bad)
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 40*24*time.Hour)
		defer cancel()
		f.Run(ctx, f.term)
		f.want("opened a", "resolved a")
		if i := f.incidents.all[0]; i.StartedAt.Sub(start).Round(time.Hour) != 72*time.Hour || i.EndedAt.Sub(i.StartedAt) > 4*time.Hour {
			t.Errorf("it lasted from %s to %s", i.StartedAt.Sub(start), i.EndedAt.Sub(start))
		}
		if ends.Blind() || ends.Open != nil {
			t.Errorf("known at the end: %+v", ends)
		}
	})
}

func TestATickReportsWhenItBeganAndHowLongItTook(t *testing.T) {
	f := newFixture(t, slo.Set{})
	began := f.now
	f.Count = func(context.Context, lease.Term, slo.Set, time.Time) error {
		f.now = f.now.Add(3 * time.Second)
		return nil
	}
	if _, err := f.Tick(t.Context(), f.term, began); err != nil {
		t.Fatal(err)
	}
	if !f.state.At.Equal(began) || f.state.Took != 3*time.Second {
		t.Errorf("began at %s and took %s, want %s and 3s", f.state.At, f.state.Took, began)
	}
}
