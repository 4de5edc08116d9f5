package evaluate

import (
	"context"
	"fmt"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// budget is the state of the error budget of s, from the sums of windows.
func (j *judge) budget(s *sloRule, sums []count.Sum) slo.Budget {
	spending := s.Objective.SpendingOf(sums[s.hour].Count, sums[s.day].Count, j.timing.Scale)
	var covered time.Duration // before what was counted nothing is known
	if counted, ok := j.counted[s.key]; ok {
		covered = min(s.Objective.Window, max(0, j.end.Sub(counted.From)))
	}
	return s.Objective.BudgetAt(j.now, sums[s.budget].Count, covered, spending)
}

// Budgets returns the state at now of the error budget of every SLO of the set, by the
// name of the SLO: what a tick at now would compute. The time scale is applied to the
// set already.
func Budgets(ctx context.Context, store count.Store, set slo.Set, timing count.Timing, now time.Time) (map[string]slo.Budget, error) {
	counted, err := store.Counted(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the counted periods: %w", err)
	}
	j := judge{rules: newRules(slo.Set{SLOs: set.SLOs}, timing, 0), timing: timing, now: now, counted: counted}
	sums, err := store.Sums(ctx, j.windows())
	if err != nil {
		return nil, fmt.Errorf("read the sums of the windows: %w", err)
	}
	budgets := map[string]slo.Budget{}
	for i := range j.rules.slos {
		s := &j.rules.slos[i]
		budgets[s.Name] = j.budget(s, sums)
	}
	return budgets, nil
}
