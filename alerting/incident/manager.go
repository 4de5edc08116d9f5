package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/indicator"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Manager opens, updates and resolves incidents according to evaluations. It
// implements evaluate.Incidents.
type Manager struct {
	Store   Store
	Buckets evaluate.Buckets
	Source  indicator.Source
	Scale   int
	// UpdateInterval is the shortest time between two updates of an open
	// incident's facts.
	UpdateInterval time.Duration
	// Report is called after every change.
	Report func(context.Context, evaluate.Event, Incident)
}

// Apply opens, updates or resolves the objective's incident, and reports whether
// it did. When the evidence cannot be read, the incident changes without it and
// Apply returns the error.
func (m Manager) Apply(ctx context.Context, term lease.Term, e evaluate.Evaluation) (changed bool, err error) {
	i, open, err := m.Store.Current(ctx, e.SLO.Name)
	if err != nil {
		return false, fmt.Errorf("look up the open incident: %w", err)
	}
	event := evaluate.Transition(open, e)
	if event == evaluate.NoChange || event == evaluate.Ongoing && e.At.Sub(i.UpdatedAt) < m.UpdateInterval {
		return false, nil
	}
	if event == evaluate.Opened {
		if i, err = m.newIncident(ctx, e); err != nil {
			return false, err
		}
	}
	evidenceErr := m.addEvidence(ctx, &i, e)
	switch event {
	case evaluate.Opened:
		i, err = m.open(ctx, term, i, e)
	case evaluate.Ongoing:
		if i, err = m.withCurrentFacts(ctx, i, e); err == nil {
			err = m.Store.Update(ctx, term, i)
		}
	case evaluate.Resolved:
		i, err = m.resolve(ctx, term, i, e)
	}
	if err != nil {
		return false, err
	}
	m.Report(ctx, event, i)
	return true, evidenceErr
}

// newIncident returns an incident that started when the budget began to burn.
func (m Manager) newIncident(ctx context.Context, e evaluate.Evaluation) (Incident, error) {
	pair, _ := e.Firing()
	buckets, err := m.Buckets.Between(ctx, e.SLO.Name, e.At.Add(-pair.Long), e.At)
	if err != nil {
		return Incident{}, fmt.Errorf("find the start of the incident: %w", err)
	}
	id, err := uuid.NewV7()
	return Incident{
		ID: id.String(), SLO: e.SLO.Name, Severity: pair.Severity, OpenedAt: e.At,
		StartedAt: e.SLO.Objective.BurnStart(buckets, pair.Burn, e.At),
	}, err
}

func (m Manager) open(ctx context.Context, term lease.Term, i Incident, e evaluate.Evaluation) (Incident, error) {
	pair, _ := e.Firing()
	i, err := m.withCurrentFacts(ctx, i, e)
	if err != nil {
		return i, err
	}
	note := fmt.Sprintf("Paged: the burn rate was %.4g over %s and %.4g over %s (threshold %.4g).",
		pair.LongBurn, pair.Long, pair.ShortBurn, pair.Short, pair.Burn)
	return i, m.Store.Open(ctx, term, i, note)
}

func (m Manager) resolve(ctx context.Context, term lease.Term, i Incident, e evaluate.Evaluation) (Incident, error) {
	since, err := m.countSinceStart(ctx, i, e)
	if err != nil {
		return i, err
	}
	// The pair and its counts stay those of the last update while it fired;
	// the total and the budget are those of now.
	i.Facts.SinceStart, i.Facts.BudgetRemaining, i.Facts.ExhaustedAt = since, e.BudgetRemaining, time.Time{}
	i.UpdatedAt, i.ResolvedAt = e.At, e.At
	note := fmt.Sprintf("Resolved after %s: %d of %d %s failed.",
		i.ResolvedAt.Sub(i.StartedAt).Round(time.Second), since.Bad, since.Total(), i.Facts.EventLabel)
	return i, m.Store.Resolve(ctx, term, i, note)
}

// withCurrentFacts returns i with the facts of e. The evidence stays.
func (m Manager) withCurrentFacts(ctx context.Context, i Incident, e evaluate.Evaluation) (Incident, error) {
	pair, _ := e.Firing()
	since, err := m.countSinceStart(ctx, i, e)
	if err != nil {
		return i, err
	}
	i.UpdatedAt = e.At
	i.Facts = Facts{
		Title: e.SLO.Title, EventLabel: e.SLO.EventLabel, Affected: e.SLO.Affected, Dashboard: e.SLO.Dashboard,
		Target: e.SLO.Objective.Target, Window: e.SLO.Objective.Window, Scale: m.Scale,
		Pair: pair.WindowPair, LongBurn: pair.LongBurn, Long: pair.LongCount, Short: pair.ShortCount,
		SinceStart: since, BudgetRemaining: e.BudgetRemaining, Regions: i.Facts.Regions, Traces: i.Facts.Traces,
	}
	if d, burns := e.SLO.Objective.TimeToExhaustion(e.BudgetRemaining, pair.LongBurn); burns {
		i.Facts.ExhaustedAt = e.At.Add(d)
	}
	return i, nil
}

// addEvidence leaves the earlier evidence in place when it cannot be read.
func (m Manager) addEvidence(ctx context.Context, i *Incident, e evaluate.Evaluation) error {
	evidence, err := m.Source.Evidence(ctx, e.SLO, i.StartedAt, e.At)
	if err == nil {
		i.Facts.Regions, i.Facts.Traces = evidence.Regions, evidence.Traces
	}
	return err
}

func (m Manager) countSinceStart(ctx context.Context, i Incident, e evaluate.Evaluation) (slo.Count, error) {
	// One bucket past now: the current bucket ends later.
	end := e.At.Add(time.Minute / time.Duration(m.Scale))
	sums, err := m.Buckets.Sums(ctx, e.SLO.Name, []time.Time{i.StartedAt}, end)
	if err != nil {
		return slo.Count{}, fmt.Errorf("count since the start of the incident: %w", err)
	}
	return sums[0].Count, nil
}
