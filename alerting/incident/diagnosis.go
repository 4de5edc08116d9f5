package incident

import (
	"context"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// The times of a diagnosis, which the time scale divides.
const (
	// comparedFor is the longest time whose events are compared: of a fault that lasts for
	// days, what differs now is of interest.
	comparedFor = time.Hour
	// changedBefore is how long before the beginning a change may be its cause.
	changedBefore = 30 * time.Minute
	// changedAfter: the beginning is known to a minute, so a change may seem to be later.
	changedAfter = 2 * time.Minute
)

// maxDoublings bounds the time between two diagnoses of an incident: Pause, doubled as
// often.
const maxDoublings = 6

// diagnoseDue reports whether to compare again. A diagnosis has no last time: what differs
// may change as long as there are bad events.
func (f *Finder) diagnoseDue(id string, at, lastBad time.Time) bool {
	s := f.diagnoses[id]
	return s.number == 0 || at.Sub(s.last) >= f.Pause<<min(s.number-1, maxDoublings) &&
		(s.number < minSearches || lastBad.After(s.last))
}

// diagnose renews what differs between bad and good events, and reports whether that has
// changed. What was found stays when nothing could be compared.
func (m Manager) diagnose(ctx context.Context, i *Incident, indicator slo.Indicator, at time.Time, begins bool) (changed bool) {
	f := m.Evidence
	if !indicator.Comparable() || !begins && !f.diagnoseDue(i.ID, at, i.Facts.LastBad) {
		return false
	}
	forget(f.diagnoses, at)
	if f.diagnoses == nil {
		f.diagnoses = map[string]searches{}
	}
	number := f.diagnoses[i.ID].number
	if begins {
		number = 0
	}
	f.diagnoses[i.ID] = searches{number + 1, at}
	scaled := func(d time.Duration) time.Duration { return d / time.Duration(max(1, m.Scale)) }
	period := count.Span{From: i.StartedAt, To: at}
	if earliest := at.Add(-scaled(comparedFor)); period.From.Before(earliest) {
		period.From = earliest
	}
	change := count.Span{From: i.StartedAt.Add(-scaled(changedBefore)), To: i.StartedAt.Add(scaled(changedAfter))}
	var found []slo.Finding
	err := f.within(ctx, at, func(ctx context.Context) (err error) {
		found, err = f.Evidence.Diagnose(ctx, indicator, period, change)
		return err
	})
	if err != nil && m.ReportEvidence != nil {
		m.ReportEvidence(ctx, *i, err)
	}
	if found == nil || err != nil && len(i.Facts.Diagnosis) > 0 {
		return false
	}
	old := i.Facts.Diagnosis
	i.Facts.Diagnosis = found
	return !slices.EqualFunc(old, found, equalFindings)
}

func equalFindings(a, b slo.Finding) bool {
	sameTime := a.At.Equal(b.At)
	a.At, b.At = time.Time{}, time.Time{}
	return sameTime && a == b
}
