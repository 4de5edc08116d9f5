package evaluate

import (
	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// pair evaluates the pair i of s.
func (s *sloRule) pair(i int, sums []count.Sum) Pair {
	o, long, short := s.Objective, sums[s.long[i]].Count, sums[s.short[i]].Count
	p := Pair{
		WindowPair: s.Policy.Pairs[i], LongCount: long, ShortCount: short,
		LongBurn: o.BurnRate(long), ShortBurn: o.BurnRate(short), PValue: o.PValue(short),
	}
	if !o.Burns(long, p.Burn) || !o.Burns(short, p.Burn) {
		return p
	}
	if p.Severity == slo.Page {
		p.Fires = p.PValue < s.Policy.MaxPValue
	} else {
		p.Fires = long.Bad >= s.Policy.MinBadEvents
	}
	return p
}

// measureSLO is step 1 for an SLO.
func (j *judge) measureSLO(s *sloRule, sums []count.Sum) *finding {
	open, isOpen := j.open[s.Name]
	f := &finding{Verdict: Verdict{At: j.now, Name: s.Name, SLO: &s.SLO, Worst: open.Worst}}
	for i := range s.Policy.Pairs {
		p := s.pair(i, sums)
		if i == 0 || !f.Pair.Fires && p.WindowPair == open.Pair {
			f.Pair = p
		}
		if !p.Fires || f.fires.AtLeast(p.Severity) || !isOpen && (j.mutedByPage(s.Name, p) || j.starting(s)) {
			continue
		}
		f.fires, f.quiet = p.Severity, p.Short
		// While a page is open, what a ticket's pair says is no news.
		if p.Severity.AtLeast(open.Severity) {
			f.Pair = p
			f.Worst = max(f.Worst, p.ShortCount.BadShare())
		}
	}
	f.Budget = j.budget(s, sums)
	if since, ok := j.since[s.Name]; ok {
		f.Since = sums[since.first]
	}
	f.seen, f.needed = f.Since, slo.GoodNeeded(f.Worst)
	f.enough = f.seen.GoodAfterLastBad >= f.needed || slo.Excludes(f.Pair.ShortCount, f.Worst)
	return f
}

// starting: when the whole system starts, what sends the events of time slices starts,
// too, so the first ones may be bad.
func (j *judge) starting(s *sloRule) bool {
	return s.Indicator.Within > 0 && j.now.Sub(j.counting) < max(s.Indicator.Within, minPatience)
}

// mutedByPage: the faster tier has reported it already.
func (j *judge) mutedByPage(rule string, p Pair) bool {
	if p.Severity == slo.Page {
		return false
	}
	page, ended := j.last(rule, func(i Incident) bool { return i.Severity == slo.Page })
	return ended && j.now.Sub(page.EndedAt) < p.Short
}
