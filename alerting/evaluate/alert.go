package evaluate

import (
	"maps"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// measureAlert is step 1 for an alert.
func (j *judge) measureAlert(a *alertRule, sums []count.Sum) *finding {
	open := j.open[a.Name]
	f := &finding{Verdict: Verdict{At: j.now, Name: a.Name, Alert: &a.Alert}, quiet: a.When.Within, freezes: a.Freezes}
	since := j.since[a.Name]
	for i := range a.subjects {
		s := j.subject(a, i, sums)
		if s.Fires {
			f.fires = a.Severity
			f.Subjects = append(f.Subjects, s)
		}
		f.unknown = f.unknown || s.Unknown
		if since.last == 0 || a.When.Absent {
			continue
		}
		sum := sums[since.first+i]
		if a.When.Events > 0 {
			sum = allBad(sum)
		}
		f.Since = plus(f.Since, sum)
		// Each subject that fired must have recovered: the others' good events
		// say nothing about it.
		if slices.Contains(open.Subjects, s.Name) && a.When.BadShare > 0 {
			recovered := max(sum.GoodAfterLastBad, s.Count.Good) >= a.When.MinEvents
			if f.needed == 0 || f.enough && !recovered {
				f.seen, f.needed, f.enough = sum, a.When.MinEvents, recovered
			}
		}
	}
	return f
}

// subject evaluates the subject i of a.
func (j *judge) subject(a *alertRule, i int, sums []count.Sum) Subject {
	sum := sums[a.subjects[i].window]
	s := Subject{Name: a.Subjects[i].Name, Indicator: a.Subjects[i].Indicator, Count: sum.Count, LastEvent: sum.LastEvent}
	switch {
	case a.When.Absent:
		within := absentAfter(a.Alert, j.timing)
		if !s.LastEvent.Before(j.end.Add(-within)) {
			s.Fires = slices.Contains(j.open[a.Name].Subjects, s.Name) && !isBack(a.subjects[i], sums)
			return s
		}
		waited := j.now.Sub(j.counting)
		known := waited >= within
		if s.LastEvent.IsZero() {
			known = known && waited >= max(patience/time.Duration(j.timing.Scale), minPatience)
		}
		s.Fires, s.Unknown = known, !known
	case a.When.Events > 0:
		s.Count = allBad(sum).Count
		s.Fires = s.Count.Bad >= a.When.Events
	default:
		s.Fires = s.Count.Total() >= a.When.MinEvents && s.Count.Bad > 0 && s.Count.BadShare() >= a.When.BadShare*(1-1e-9)
	}
	return s
}

// isBack reports whether a subject that was absent sends events steadily again: in both
// halves of the alert's time. One late line, such as a heartbeat that waited in the
// agent while it was stopped, says nothing about now.
func isBack(s alertSubject, sums []count.Sum) bool {
	all, newer := sums[s.within].Total(), sums[s.newer].Total()
	return newer > 0 && all > newer
}

// allBad is sum for an alert that counts events: each of them is bad.
func allBad(sum count.Sum) count.Sum {
	all := func(c slo.Count) slo.Count { return slo.Count{Bad: c.Total()} }
	regions := make(map[string]slo.Count, len(sum.Regions))
	for region, c := range sum.Regions {
		regions[region] = all(c)
	}
	return count.Sum{Count: all(sum.Count), Regions: regions, LastEvent: sum.LastEvent, LastBad: sum.LastEvent}
}

// plus is the sum of two subjects.
func plus(a, b count.Sum) count.Sum {
	sum := count.Sum{Count: a.Plus(b.Count), Regions: maps.Clone(a.Regions), LastEvent: latest(a.LastEvent, b.LastEvent)}
	sum.LastBad = latest(a.LastBad, b.LastBad)
	if sum.Regions == nil {
		sum.Regions = map[string]slo.Count{}
	}
	for region, c := range b.Regions {
		sum.Regions[region] = sum.Regions[region].Plus(c)
	}
	return sum
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
