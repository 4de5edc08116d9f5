package incident

import (
	"slices"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

// facts are those of v. The history of the incident stays: its evidence, which rules
// it muted, which subjects fired and how often it was reopened.
func (m Manager) facts(old Facts, v evaluate.Verdict) Facts {
	f := Facts{
		Scale: m.Scale, SinceStart: v.Since.Count, Regions: badByRegion(v), LastBad: v.Since.LastBad, Worst: v.Worst,
		Frozen: v.Frozen, AlsoAffected: union(old.AlsoAffected, v.AlsoAffected), Reopened: old.Reopened, Diagnosis: old.Diagnosis,
	}.with(old.evidence())
	if v.Event == evaluate.Reopened {
		f.Reopened++
	}
	if f.LastBad.IsZero() {
		f.LastBad = old.LastBad
	}
	if v.Waiting != nil {
		f.EndsAfter = &EndsAfter{v.Waiting.Seen, v.Waiting.Needed, v.Waiting.LastEvent}
	}
	if v.SLO != nil {
		return withSLO(f, v)
	}
	return withAlert(f, old, v)
}

func withSLO(f Facts, v evaluate.Verdict) Facts {
	f = withRule(f, v.SLO.Rule)
	f.EventLabel, f.Target, f.Window = v.SLO.EventLabel, v.SLO.Objective.Target, v.SLO.Objective.Window
	f.Pair, f.LongBurn, f.Long, f.Short = v.Pair.WindowPair, v.Pair.LongBurn, v.Pair.LongCount, v.Pair.ShortCount
	f.BudgetRemaining, f.BudgetKnown = v.Budget.Remaining, v.Budget.KnownSince
	f.Spending, f.ExhaustedAt = v.Budget.Spending, v.Budget.ExhaustedAt
	return f
}

func withAlert(f, old Facts, v evaluate.Verdict) Facts {
	f = withRule(f, v.Alert.Rule)
	f.Alert = &Alert{When: v.Alert.When}
	if old.Alert != nil {
		f.Alert.Fired = old.Alert.Fired
	}
	for _, s := range v.Subjects {
		f.Alert.Firing = append(f.Alert.Firing, Subject{s.Name, s.Count, s.LastEvent})
		f.Alert.Fired = union(f.Alert.Fired, []string{s.Name})
	}
	return f
}

func withRule(f Facts, r slo.Rule) Facts {
	f.Title, f.Affected, f.Dashboard, f.Runbook = r.Title, r.Affected, r.Dashboard, r.Runbook
	return f
}

// badByRegion leaves out the region "", which an indicator without regions has.
func badByRegion(v evaluate.Verdict) map[string]int64 {
	var bad map[string]int64
	for region, c := range v.Since.Regions {
		if region == "" || c.Bad == 0 {
			continue
		}
		if bad == nil {
			bad = map[string]int64{}
		}
		bad[region] = c.Bad
	}
	return bad
}

// union is what is in a or b, in the order of a and then of b.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}
