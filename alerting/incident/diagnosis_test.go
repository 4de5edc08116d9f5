package incident

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

var version = []slo.Finding{{Phrase: "went through", Value: "reservation 1.9.2", Bad: 49, BadOf: 50, Good: 3, GoodOf: 97}}

// diagnosing applies verdicts about a rule whose bad events can be compared. Each has a
// bad event unless calm.
type diagnosing struct {
	*ticker
	e    *fakeEvidence
	calm bool
	last time.Time // bad event
}

func newDiagnosing(t *testing.T, e *fakeEvidence) *diagnosing {
	return &diagnosing{ticker: newTicker(t, e), e: e}
}

func (d *diagnosing) tick(event evaluate.Event, started time.Time) (changed bool) {
	d.Helper()
	if !d.calm {
		d.last = time.Now()
	}
	s := everyField
	fields := *s.Evidence
	fields.Compared = []slo.Compared{{Field: "version"}}
	s.Evidence = &fields
	return d.apply(evaluate.Verdict{
		Event: event, At: time.Now(), StartedAt: started, Worst: 0.5, Since: count.Sum{LastBad: d.last},
		SLO: &slo.SLO{Indicator: slo.Indicator{Source: s, Bad: slo.Condition{Field: "status", Op: slo.Is, Value: int64(503)}}},
	})
}

// ticks applies n more, and returns after how many of them events were compared.
func (d *diagnosing) ticks(n int, started time.Time) (compared []int) {
	for tick := range n {
		time.Sleep(10 * time.Second)
		before := len(d.e.diagnoses)
		d.tick(evaluate.Ongoing, started)
		if len(d.e.diagnoses) > before {
			compared = append(compared, tick+1)
		}
	}
	return compared
}

func TestADiagnosisIsRenewedEverMoreSeldomWhileThereAreBadEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiagnosing(t, &fakeEvidence{found: whole, differs: version})
		started := time.Now().Add(-time.Minute)
		d.tick(evaluate.Opened, started)
		if got := d.store.incident.Facts.Diagnosis; !slices.EqualFunc(got, version, equalFindings) {
			t.Errorf("got %+v", got)
		}
		if at := d.ticks(200, started); !slices.Equal(at, []int{1, 3, 6, 12, 24, 47, 92, 137, 182}) {
			t.Errorf("compared after %v ticks", at)
		}
		d.calm = true
		if at := d.ticks(200, started); len(at) > 1 {
			t.Errorf("compared without new bad events after %v ticks", at)
		}
		before := len(d.e.diagnoses)
		d.tick(evaluate.Resolved, started)
		if len(d.e.diagnoses) > before || len(d.store.incident.Facts.Diagnosis) != 1 {
			t.Errorf("at its end: %+v", d.store.incident.Facts)
		}
	})
}

func TestTheEventsOfTheLastHourAndTheChangesBeforeTheBeginningAreLookedAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDiagnosing(t, &fakeEvidence{found: whole, differs: version})
		now := time.Now()
		started := now.Add(-3 * time.Hour)
		d.tick(evaluate.Opened, started)
		want := [2]count.Span{
			{From: now.Add(-time.Hour), To: now}, {From: started.Add(-30 * time.Minute), To: started.Add(2 * time.Minute)},
		}
		if got := d.e.diagnoses[0]; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
		d.Scale = 60
		d.tick(evaluate.Reopened, now.Add(-10*time.Second))
		want = [2]count.Span{
			{From: now.Add(-10 * time.Second), To: now}, {From: now.Add(-40 * time.Second), To: now.Add(-8 * time.Second)},
		}
		if got := d.e.diagnoses[1]; got != want {
			t.Errorf("scaled: got %v, want %v", got, want)
		}
	})
}

func TestADiagnosisTakesNoMoreThanWhatIsLeftOfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{found: whole, differs: version, takes: time.Minute}
		d := newDiagnosing(t, e)
		began := time.Now()
		d.tick(evaluate.Opened, began)
		if took := time.Since(began); took != 2*time.Second || d.store.writes != 1 || len(d.failed) != 2 {
			t.Errorf("took %v, %d writes, %v", took, d.store.writes, d.failed)
		}
		e.takes = time.Second // evidence takes half of the time
		d.ticks(1, began)
		if len(d.store.incident.Facts.Diagnosis) != 1 {
			t.Errorf("got %+v", d.store.incident.Facts)
		}
	})
}

func TestADiagnosisStaysUntilAnotherIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &fakeEvidence{found: whole, differs: version}
		d := newDiagnosing(t, e)
		started := time.Now()
		d.tick(evaluate.Opened, started)
		stays := func(why string, n int) {
			t.Helper()
			d.ticks(100, started)
			if got := d.store.incident.Facts.Diagnosis; len(got) != n {
				t.Errorf("%s: got %+v", why, got)
			}
		}
		e.differs = nil
		stays("nothing could be compared", 1)
		e.differs, e.err = []slo.Finding{}, errors.New("refused")
		stays("the search failed", 1)
		e.err = nil
		stays("nothing differs any more", 0)
	})
}
