package incident

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// fakeEvidence takes so long to find some, and fails where its context ends before.
type fakeEvidence struct {
	takes    time.Duration
	found    slo.Evidence
	err      error
	searches []count.Span

	differs   []slo.Finding
	diagnoses [][2]count.Span // the period and that of changes
}

func (e *fakeEvidence) FindEvidence(ctx context.Context, _ slo.Indicator, period count.Span) (slo.Evidence, error) {
	e.searches = append(e.searches, period)
	select {
	case <-time.After(e.takes):
		return e.found, e.err
	case <-ctx.Done():
		return slo.Evidence{}, ctx.Err()
	}
}

func (e *fakeEvidence) Diagnose(ctx context.Context, _ slo.Indicator, period, changed count.Span) ([]slo.Finding, error) {
	e.diagnoses = append(e.diagnoses, [2]count.Span{period, changed})
	select {
	case <-time.After(e.takes):
		return e.differs, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lastWritten is a store of one incident.
type lastWritten struct {
	Store
	incident Incident
	writes   int
	refuse   error // of all writes but the first
}

func (s *lastWritten) Get(context.Context, string) (Incident, error) { return s.incident, nil }

func (s *lastWritten) Open(ctx context.Context, term lease.Term, c Change) error {
	return s.Update(ctx, term, c)
}

func (s *lastWritten) Update(_ context.Context, _ lease.Term, c Change) error {
	if s.refuse != nil && s.writes > 0 {
		return s.refuse
	}
	s.incident = c.Incident
	s.writes++
	return nil
}

var everyField = slo.Source{TraceField: "trace", Evidence: &slo.EvidenceFields{
	Error: "error", Line: []string{"status"}, Spans: &slo.Spans{Error: "error", Peer: "peer"},
}}

// whole is all that there can be of events of everyField.
var whole = slo.Evidence{ErrorType: "57P01", Dependency: "postgresql", LogLine: "status=503", Traces: []string{"a"}}

// ticker applies verdicts about one rule, 10 s apart.
type ticker struct {
	*testing.T
	Manager
	store  *lastWritten
	source slo.Source
	failed []error
}

func newTicker(t *testing.T, e *fakeEvidence) *ticker {
	k := &ticker{T: t, store: &lastWritten{}, source: everyField}
	k.Manager = Manager{
		Store: k.store, UpdateInterval: time.Minute, Evidence: &Finder{Evidence: e, Limit: 2 * time.Second, Pause: 7 * time.Second},
		ReportEvidence: func(_ context.Context, _ Incident, err error) { k.failed = append(k.failed, err) },
	}
	return k
}

// apply carries out a verdict as a tick does.
func (k *ticker) apply(v evaluate.Verdict) (changed bool) {
	k.Helper()
	changed, err := k.Apply(k.Context(), lease.Term(1), v)
	explained, explainErr := k.Explain(k.Context(), lease.Term(1))
	if err := errors.Join(err, explainErr); err != nil {
		k.Error(err)
	}
	return changed || explained
}

// tick applies a verdict at the time of the bubble.
func (k *ticker) tick(event evaluate.Event, worst float64) (changed bool) {
	k.Helper()
	now := time.Now()
	if !k.store.incident.StartedAt.IsZero() {
		now = now.Truncate(10 * time.Second)
	}
	return k.apply(evaluate.Verdict{
		Event: event, At: now, StartedAt: now.Add(-time.Minute), Worst: worst, SLO: &slo.SLO{Indicator: slo.Indicator{Source: k.source}},
	})
}

// ticks applies n more, and returns after how many of them a search was made.
func (k *ticker) ticks(n int, e *fakeEvidence) (searched []int) {
	for tick := range n {
		time.Sleep(10 * time.Second)
		before := len(e.searches)
		k.tick(evaluate.Ongoing, 0.5)
		if len(e.searches) > before {
			searched = append(searched, tick+1)
		}
	}
	return searched
}

func TestEvidenceIsSearchedWhenAnIncidentBeginsAndOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{found: whole}
		k := newTicker(t, e)
		k.tick(evaluate.Opened, 0.5)
		if f := k.store.incident.Facts; !same(f.evidence(), whole) {
			t.Errorf("got %+v", f)
		}
		e.found.Dependency = "redis" // its spans were stored later
		if at := k.ticks(100, e); !slices.Equal(at, []int{1}) {
			t.Errorf("searched again after %v ticks", at)
		}
		if f := k.store.incident.Facts; f.Dependency != "redis" {
			t.Errorf("got %q", f.Dependency)
		}
		for _, event := range []evaluate.Event{evaluate.Reopened, evaluate.Raised} {
			before := len(e.searches)
			if k.tick(event, 0.5); len(e.searches) != before+1 {
				t.Errorf("%d searches when it is %s", len(e.searches)-before, event)
			}
		}
		before := len(e.searches)
		if k.tick(evaluate.Resolved, 0.5); len(e.searches) != before {
			t.Error("searched when it ends")
		}
	})
}

func TestEvidenceThatIsMissingIsSearchedEverMoreSeldomAndNotForever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{}
		k := newTicker(t, e)
		k.tick(evaluate.Opened, 0.5)
		if at := k.ticks(500, e); !slices.Equal(at, []int{1, 3, 6, 12, 24, 47, 92}) {
			t.Errorf("searched after %v ticks", at)
		}
	})
}

// It is found between two updates of the message.
func TestEvidenceThatIsFoundLaterUpdatesTheMessageAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{}
		k := newTicker(t, e)
		k.tick(evaluate.Opened, 0.5)
		e.found = whole
		time.Sleep(10 * time.Second)
		if !k.tick(evaluate.Ongoing, 0.5) || k.store.writes != 2 || !same(k.store.incident.Facts.evidence(), whole) {
			t.Errorf("%d writes, %+v", k.store.writes, k.store.incident.Facts)
		}
		time.Sleep(20 * time.Second)
		if k.tick(evaluate.Ongoing, 0.5) || k.store.writes != 2 {
			t.Error("the same again updates it, too")
		}
	})
}

func TestEvidenceIsSearchedAgainWhenAnIncidentGetsWorse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{found: whole}
		k := newTicker(t, e)
		k.tick(evaluate.Opened, 0.1)
		time.Sleep(10 * time.Second)
		k.tick(evaluate.Ongoing, 0.1)
		for _, c := range []struct {
			worst float64
			want  int
		}{{0.15, 2}, {0.3, 3}, {0.3, 4}, {0.3, 4}} { // and once more
			time.Sleep(2 * time.Minute)
			if k.tick(evaluate.Ongoing, c.worst); len(e.searches) != c.want {
				t.Errorf("%d searches at %v, want %d", len(e.searches), c.worst, c.want)
			}
		}
	})
}

// Searches that hang cost a tick two seconds together. The messages exist before.
func TestNoMessageWaitsForEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{takes: time.Hour, found: whole}
		k := newTicker(t, e)
		other := *k
		other.store = &lastWritten{}
		other.Store = other.store
		began := time.Now()
		for _, m := range []Manager{k.Manager, other.Manager} {
			if _, err := m.Apply(t.Context(), lease.Term(1), evaluate.Verdict{
				Event: evaluate.Opened, At: began, SLO: &slo.SLO{Indicator: slo.Indicator{Source: everyField}},
			}); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(began); took != 0 || k.store.writes != 1 || other.store.writes != 1 || len(e.searches) != 0 {
			t.Errorf("after %s: %d and %d writes, %d searches", took, k.store.writes, other.store.writes, len(e.searches))
		}
		_, err := k.Explain(t.Context(), lease.Term(1))
		if took := time.Since(began); took != 2*time.Second || err != nil || len(e.searches) != 1 {
			t.Errorf("two incidents took %s, %d searches, %v", took, len(e.searches), err)
		}
		if len(k.failed) != 2 || !errors.Is(k.failed[0], context.DeadlineExceeded) || !errors.Is(k.failed[1], errNoTimeLeft) {
			t.Errorf("reported %v", k.failed)
		}
		e.takes = 0
		if k.ticks(1, e); !same(k.store.incident.Facts.evidence(), whole) {
			t.Errorf("found later: %+v", k.store.incident.Facts)
		}
	})
}

func TestAnIncidentThatSomebodyResolvesDuringTheSearchStaysResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTicker(t, &fakeEvidence{found: whole})
		k.store.refuse = ErrChanged
		if k.tick(evaluate.Opened, 0.5); k.store.writes != 1 { // the tick has not failed
			t.Errorf("%d writes", k.store.writes)
		}
	})
}

func TestEarlierEvidenceStaysInPlaceOfWhatIsNotFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{found: whole}
		k := newTicker(t, e)
		k.tick(evaluate.Opened, 0.5)
		e.err, e.found = errors.New("the search for spans failed"), slo.Evidence{ErrorType: "unavailable", LogLine: "status=500"}
		k.ticks(1, e)
		want := slo.Evidence{ErrorType: "57P01", Dependency: "postgresql", LogLine: "status=500", Traces: []string{"a"}}
		if f := k.store.incident.Facts; !same(f.evidence(), want) || len(k.failed) != 1 {
			t.Errorf("got %+v, reported %v", f, k.failed)
		}
	})
}

func TestNoSearchWhereEventsHaveNothingToShowOrAreAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{}
		k := newTicker(t, e)
		k.source = slo.Source{}
		k.tick(evaluate.Opened, 0.5)
		k.apply(evaluate.Verdict{
			Event: evaluate.Opened, At: time.Now(), Alert: &slo.Alert{When: slo.When{Absent: true}},
			Subjects: []evaluate.Subject{{Indicator: slo.Indicator{Source: everyField}}},
		})
		if len(e.searches) > 0 {
			t.Errorf("searched %v", e.searches)
		}
	})
}
