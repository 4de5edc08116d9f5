package evaluate_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

func indicator(name string) slo.Indicator {
	return slo.Indicator{Total: slo.Condition{Field: "event", Op: slo.Is, Value: name}}
}

func objective(name string, mutedBy ...string) slo.SLO {
	return slo.SLO{
		Rule: slo.Rule{Name: name, Title: name, MutedBy: mutedBy}, Indicator: indicator(name),
		Objective: slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour},
		Policy: slo.Policy{MaxPValue: 1e-5, MinBadEvents: 5, Pairs: []slo.WindowPair{
			{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			{Severity: slo.Page, Long: 6 * time.Hour, Short: 30 * time.Minute, Burn: 6},
			{Severity: slo.Ticket, Long: 24 * time.Hour, Short: 2 * time.Hour, Burn: 3},
			{Severity: slo.Ticket, Long: 72 * time.Hour, Short: 6 * time.Hour, Burn: 1},
		}},
	}
}

func alert(name string, when slo.When, subjects ...string) slo.Alert {
	a := slo.Alert{Rule: slo.Rule{Name: name, Title: name}, Severity: slo.Page, When: when}
	for _, s := range subjects {
		a.Subjects = append(a.Subjects, slo.Subject{Name: s, Indicator: indicator(name + " " + s)})
	}
	return a
}

// incidents keeps incidents as verdicts want them.
type incidents struct {
	all    []evaluate.Incident
	events []string // with the rule
	last   map[string]evaluate.Verdict
	err    error
}

func (m *incidents) Recent(_ context.Context, since time.Time) (recent []evaluate.Incident, err error) {
	for _, i := range m.all {
		if i.Open() || !i.EndedAt.Before(since) {
			recent = append(recent, i)
		}
	}
	return recent, nil
}

func (m *incidents) Explain(context.Context, lease.Term) (changed bool, err error) { return false, nil }

func (m *incidents) Apply(_ context.Context, _ lease.Term, v evaluate.Verdict) (changed bool, err error) {
	if v.Event == evaluate.Opened {
		v.Incident = evaluate.Incident{ID: fmt.Sprint(len(m.all)), Rule: v.Name, OpenedAt: v.At}
		m.all = append(m.all, v.Incident)
	}
	if m.last == nil {
		m.last = map[string]evaluate.Verdict{}
	}
	m.last[v.Name] = v
	for n, i := range m.all {
		if i.ID != v.Incident.ID {
			continue
		}
		i.Severity, i.StartedAt, i.EndedAt = v.Severity, v.StartedAt, time.Time{}
		i.LastBad, i.Worst, i.Pair = v.Since.LastBad, v.Worst, v.Pair.WindowPair
		for _, s := range v.Subjects {
			i.Subjects = append(i.Subjects, s.Name)
		}
		if v.Event == evaluate.Resolved || v.Event == evaluate.Withdrawn {
			i.EndedAt = v.At
		}
		m.all[n] = i
	}
	if v.Event != evaluate.Ongoing {
		m.events = append(m.events, string(v.Event)+" "+v.Name)
	}
	return v.Event != evaluate.Ongoing, m.err
}

// fixture is a loop over a store that the test fills itself.
type fixture struct {
	*evaluate.Loop
	t         *testing.T
	incidents *incidents
	store     *inmem.Store
	term      lease.Term
	now       time.Time
	state     evaluate.State
	countErr  error
}

func newFixture(t *testing.T, set slo.Set) *fixture {
	timing, err := count.NewTiming(1)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, incidents: &incidents{}, store: inmem.New(), now: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)}
	if f.term, _, err = f.store.Acquire(t.Context(), "me", 1e6*time.Hour); err != nil {
		t.Fatal(err)
	}
	f.Loop = &evaluate.Loop{
		Set: func() slo.Set { return set }, Timing: timing, Store: f.store, Incidents: f.incidents, Now: func() time.Time { return f.now },
		Count:   func(context.Context, lease.Term, slo.Set, time.Time) error { return f.countErr },
		Report:  func(context.Context, error) {},
		Observe: func(_ context.Context, s evaluate.State) { f.state = s },
	}
	return f
}

// count counts events of the minute of now, and none since the last that had some.
func (f *fixture) count(i slo.Indicator, good, bad int64) {
	f.t.Helper()
	at := f.Timing.BucketStart(f.now)
	from := at
	if counted, err := f.store.Counted(f.t.Context()); err != nil {
		f.t.Fatal(err)
	} else if before, ok := counted[i.Key(f.Timing.Bucket)]; ok && before.To.Before(at) {
		from = before.To
	}
	err := f.store.Save(f.t.Context(), f.term, count.Batch{
		Span:    count.Span{From: from, To: at.Add(f.Timing.Bucket)},
		Buckets: map[slo.Key][]count.Bucket{i.Key(f.Timing.Bucket): {{At: at, Region: "kr", Count: slo.Count{Good: good, Bad: bad}}}},
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

// minutes lets so much time pass; each minute does what is given, and ends with a
// tick.
func (f *fixture) minutes(n int, each func()) {
	f.t.Helper()
	for range n {
		each()
		if _, err := f.Tick(f.t.Context(), f.term, f.now); err != nil && f.countErr == nil {
			f.t.Fatal(err)
		}
		f.now = f.now.Add(time.Minute)
	}
}

// failover lets another replica go on.
func (f *fixture) failover() {
	f.t.Helper()
	if err := f.store.Release(f.t.Context(), "me"); err != nil {
		f.t.Fatal(err)
	}
	var err error
	if f.term, _, err = f.store.Acquire(f.t.Context(), "another", 1e6*time.Hour); err != nil {
		f.t.Fatal(err)
	}
}

// want compares the events since the last call.
func (f *fixture) want(events ...string) {
	f.t.Helper()
	if got, want := strings.Join(f.incidents.events, ", "), strings.Join(events, ", "); got != want {
		f.t.Errorf("got %q, want %q", got, want)
	}
	f.incidents.events = nil
}
