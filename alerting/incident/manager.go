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

// Manager turns verdicts into incidents. It implements evaluate.Incidents.
type Manager struct {
	Store   Store
	Buckets evaluate.Buckets
	Source  indicator.Source
	Scale   int
	// Every is how often an open incident's facts are brought up to date.
	UpdateInterval time.Duration
	// Report hears of what changed.
	Report func(context.Context, evaluate.Event, Incident)
}

// Apply opens, updates or resolves the objective's incident. Evidence that
// cannot be had is an error, too, but keeps nobody from being told.
func (k Manager) Apply(ctx context.Context, term lease.Term, v evaluate.Evaluation) error {
	i, open, err := k.Store.Current(ctx, v.SLO.Name)
	if err != nil {
		return fmt.Errorf("look up the open incident: %w", err)
	}
	event := evaluate.Transition(open, v)
	if event == evaluate.NoChange || event == evaluate.Ongoing && v.At.Sub(i.UpdatedAt) < k.UpdateInterval {
		return nil
	}
	if event == evaluate.Opened {
		if i, err = k.newIncident(ctx, v); err != nil {
			return err
		}
	}
	missing := k.addEvidence(ctx, &i, v)
	switch event {
	case evaluate.Opened:
		i, err = k.open(ctx, term, i, v)
	case evaluate.Ongoing:
		if i, err = k.withCurrentFacts(ctx, i, v); err == nil {
			err = k.Store.Update(ctx, term, i)
		}
	case evaluate.Resolved:
		i, err = k.resolve(ctx, term, i, v)
	}
	if err != nil {
		return err
	}
	k.Report(ctx, event, i)
	return missing
}

// newIncident is a new incident, dated to when the burning began.
func (k Manager) newIncident(ctx context.Context, v evaluate.Evaluation) (Incident, error) {
	pair, _ := v.Firing()
	buckets, err := k.Buckets.Between(ctx, v.SLO.Name, v.At.Add(-pair.Long), v.At)
	if err != nil {
		return Incident{}, fmt.Errorf("find the beginning: %w", err)
	}
	id, err := uuid.NewV7()
	return Incident{
		ID: id.String(), SLO: v.SLO.Name, Severity: pair.Severity, OpenedAt: v.At,
		StartedAt: v.SLO.Objective.BurnStart(buckets, pair.Burn, v.At),
	}, err
}

func (k Manager) open(ctx context.Context, term lease.Term, i Incident, v evaluate.Evaluation) (Incident, error) {
	pair, _ := v.Firing()
	i, err := k.withCurrentFacts(ctx, i, v)
	if err != nil {
		return i, err
	}
	note := fmt.Sprintf("Paged: over %s the budget burned %.4g times too fast, over %s %.4g times (threshold %.4g).",
		pair.Long, pair.LongBurn, pair.Short, pair.ShortBurn, pair.Burn)
	return i, k.Store.Open(ctx, term, i, note)
}

func (k Manager) resolve(ctx context.Context, term lease.Term, i Incident, v evaluate.Evaluation) (Incident, error) {
	since, err := k.countSinceStart(ctx, i, v)
	if err != nil {
		return i, err
	}
	// The pair and its counts stay those of the last look at the fire; what
	// it cost is told as it stands now.
	i.Facts.SinceStart, i.Facts.BudgetRemaining, i.Facts.ExhaustedAt = since, v.BudgetRemaining, time.Time{}
	i.UpdatedAt, i.ResolvedAt = v.At, v.At
	note := fmt.Sprintf("Resolved after %s: %d of %d %s failed.",
		i.ResolvedAt.Sub(i.StartedAt).Round(time.Second), since.Bad, since.Total(), i.Facts.EventLabel)
	return i, k.Store.Resolve(ctx, term, i, note)
}

// withCurrentFacts brings the facts up to date.
func (k Manager) withCurrentFacts(ctx context.Context, i Incident, v evaluate.Evaluation) (Incident, error) {
	pair, _ := v.Firing()
	since, err := k.countSinceStart(ctx, i, v)
	if err != nil {
		return i, err
	}
	i.UpdatedAt = v.At
	i.Facts = Facts{
		Title: v.SLO.Title, EventLabel: v.SLO.EventLabel, Affected: v.SLO.Affected, Dashboard: v.SLO.Dashboard,
		Target: v.SLO.Objective.Target, Window: v.SLO.Objective.Window, Scale: k.Scale,
		Pair: pair.WindowPair, LongBurn: pair.LongBurn, Long: pair.LongCount, Short: pair.ShortCount,
		SinceStart: since, BudgetRemaining: v.BudgetRemaining, Regions: i.Facts.Regions, Traces: i.Facts.Traces,
	}
	if d, ok := v.SLO.Objective.TimeToExhaustion(v.BudgetRemaining, pair.LongBurn); ok {
		i.Facts.ExhaustedAt = v.At.Add(d)
	}
	return i, nil
}

// addEvidence leaves what was known before when there is none to be had.
func (k Manager) addEvidence(ctx context.Context, i *Incident, v evaluate.Evaluation) error {
	evidence, err := k.Source.Evidence(ctx, v.SLO, i.StartedAt, v.At)
	if err == nil {
		i.Facts.Regions, i.Facts.Traces = evidence.Regions, evidence.Traces
	}
	return err
}

func (k Manager) countSinceStart(ctx context.Context, i Incident, v evaluate.Evaluation) (slo.Count, error) {
	// One bucket of slack: the current one ends after now.
	end := v.At.Add(time.Minute / time.Duration(k.Scale))
	sums, err := k.Buckets.Sums(ctx, v.SLO.Name, []time.Time{i.StartedAt}, end)
	if err != nil {
		return slo.Count{}, fmt.Errorf("count since the beginning: %w", err)
	}
	return sums[0].Count, nil
}
