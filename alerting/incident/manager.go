package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Evidence finds examples of bad events.
type Evidence interface {
	// Traces returns the ids of a few traces of bad events in the period, the
	// latest first; none when the events have no traces.
	Traces(ctx context.Context, indicator slo.Indicator, period count.Span) (ids []string, err error)
}

// Manager carries verdicts out. It implements evaluate.Incidents.
type Manager struct {
	Store    Store
	Evidence Evidence // nil: incidents have no example traces
	Scale    int
	// UpdateInterval is the shortest time between two updates of an open incident
	// in which only figures changed.
	UpdateInterval time.Duration
	// Report is called after every change; nil reports nothing.
	Report func(context.Context, evaluate.Event, Incident)
}

// Recent implements evaluate.Incidents.
func (m Manager) Recent(ctx context.Context, since time.Time) ([]evaluate.Incident, error) {
	stored, err := m.Store.Recent(ctx, since)
	if err != nil {
		return nil, err
	}
	all := make([]evaluate.Incident, len(stored))
	for n, i := range stored {
		all[n] = evaluate.Incident{
			ID: i.ID, Rule: i.Rule, Severity: i.Severity, OpenedAt: i.OpenedAt, StartedAt: i.StartedAt, EndedAt: i.ResolvedAt,
			LastBad: i.Facts.LastBad, Worst: i.Facts.Worst, Pair: i.Facts.Pair,
		}
		if i.Facts.Alert != nil {
			all[n].Subjects = i.Facts.Alert.Fired
		}
	}
	return all, nil
}

// Apply changes the rule's incident and reports whether it did. When the evidence
// cannot be read, the incident changes without it and Apply returns the error.
func (m Manager) Apply(ctx context.Context, term lease.Term, v evaluate.Verdict) (changed bool, err error) {
	i, err := m.before(ctx, v)
	if err != nil {
		return false, err
	}
	if v.Event == evaluate.Ongoing && !m.due(i, v) {
		return false, nil
	}
	i.Severity, i.StartedAt, i.UpdatedAt, i.ResolvedAt = v.Severity, v.StartedAt, v.At, time.Time{}
	var evidenceErr error
	switch v.Event {
	case evaluate.Withdrawn:
		i.Facts.Withdrawn, i.Facts.EndsAfter, i.Facts.Frozen, i.Facts.ExhaustedAt = true, nil, "", time.Time{}
	default:
		i.Facts = m.facts(i.Facts, v)
		i.Facts.Traces, evidenceErr = m.traces(ctx, i, v)
	}
	if v.Event == evaluate.Resolved || v.Event == evaluate.Withdrawn {
		i.ResolvedAt = v.At
	}
	write := m.Store.Update
	if v.Event == evaluate.Opened {
		write = m.Store.Open
	}
	if err := write(ctx, term, i, note(i, v)); err != nil {
		return false, err
	}
	if m.Report != nil {
		m.Report(ctx, v.Event, i)
	}
	return true, evidenceErr
}

// before is the incident as it was before v.
func (m Manager) before(ctx context.Context, v evaluate.Verdict) (Incident, error) {
	if v.Event == evaluate.Opened {
		id, err := uuid.NewV7()
		return Incident{ID: id.String(), Rule: v.Name, OpenedAt: v.At}, err
	}
	i, err := m.Store.Get(ctx, v.Incident.ID)
	if err != nil {
		return i, fmt.Errorf("read the incident %s: %w", v.Incident.ID, err)
	}
	return i, nil
}

// due reports whether an open incident has news: newer figures after a while, and
// at once what changes what a reader does.
func (m Manager) due(i Incident, v evaluate.Verdict) bool {
	return v.At.Sub(i.UpdatedAt) >= m.UpdateInterval ||
		(v.Waiting == nil) != (i.Facts.EndsAfter == nil) ||
		(v.Frozen == "") != (i.Facts.Frozen == "") ||
		len(union(i.Facts.AlsoAffected, v.AlsoAffected)) > len(i.Facts.AlsoAffected) ||
		// The worst share decides the end, so it may not wait for the next update.
		2*slo.GoodNeeded(v.Worst) <= slo.GoodNeeded(i.Facts.Worst)
}

// traces leaves the earlier ones in place when there are no new ones.
func (m Manager) traces(ctx context.Context, i Incident, v evaluate.Verdict) ([]string, error) {
	indicator, ok := badEvents(v)
	if m.Evidence == nil || !ok {
		return i.Facts.Traces, nil
	}
	traces, err := m.Evidence.Traces(ctx, indicator, count.Span{From: i.StartedAt, To: v.At})
	if err != nil {
		return i.Facts.Traces, fmt.Errorf("find example traces: %w", err)
	}
	return traces, nil
}

// badEvents is the indicator whose bad events are evidence; ok is false when there
// are none, because what is wrong is that something is absent.
func badEvents(v evaluate.Verdict) (indicator slo.Indicator, ok bool) {
	switch {
	case v.SLO != nil:
		return v.SLO.Indicator, v.SLO.Indicator.Within == 0
	case v.Alert.When.Absent || len(v.Subjects) == 0:
		return indicator, false
	}
	return v.Subjects[0].Indicator, true
}
