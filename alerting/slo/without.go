package slo

import "slices"

// Without returns the set without some rules and without some subjects of its alerts, by
// name, and the names that it does not have. A rule that loses its last subject goes, too.
// What was muted by a rule that is gone is muted by the others still.
func (s Set) Without(names []string) (rest Set, unknown []string) {
	unknown = slices.Clone(names)
	without := func(name string) bool {
		if !slices.Contains(names, name) {
			return false
		}
		unknown = slices.DeleteFunc(unknown, func(n string) bool { return n == name })
		return true
	}
	for _, o := range s.SLOs {
		if !without(o.Name) {
			rest.SLOs = append(rest.SLOs, o)
		}
	}
	for _, a := range s.Alerts {
		if without(a.Name) {
			continue
		}
		kept := slices.DeleteFunc(slices.Clone(a.Subjects), func(s Subject) bool { return s.Name != "" && without(s.Name) })
		if len(kept) == 0 {
			continue
		}
		a.Subjects = kept
		rest.Alerts = append(rest.Alerts, a)
	}
	var remaining []string
	for _, r := range rest.Rules() {
		remaining = append(remaining, r.Name)
	}
	gone := func(name string) bool { return !slices.Contains(remaining, name) }
	for i := range rest.SLOs {
		rest.SLOs[i].MutedBy = slices.DeleteFunc(slices.Clone(rest.SLOs[i].MutedBy), gone)
	}
	for i := range rest.Alerts {
		rest.Alerts[i].MutedBy = slices.DeleteFunc(slices.Clone(rest.Alerts[i].MutedBy), gone)
	}
	return rest, unknown
}
