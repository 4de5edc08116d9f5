package replay

import (
	"fmt"

	"jari.example/alerting/count/counttest"
	"jari.example/alerting/slo"
)

// Subject is something whose events are counted: an SLO, whose Name is "", or one
// subject of an alert.
type Subject struct{ Rule, Name string }

func (s Subject) String() string {
	if s.Name == "" {
		return s.Rule
	}
	return s.Rule + " (" + s.Name + ")"
}

// Subjects are the indicators of all rules of the set.
func Subjects(set slo.Set) map[Subject]slo.Indicator {
	all := map[Subject]slo.Indicator{}
	for _, o := range set.SLOs {
		all[Subject{Rule: o.Name}] = o.Indicator
	}
	for _, a := range set.Alerts {
		for _, s := range a.Subjects {
			all[Subject{a.Name, s.Name}] = s.Indicator
		}
	}
	return all
}

// Only returns the rules of set with these names.
func Only(set slo.Set, names ...string) (only slo.Set, err error) {
	missing := map[string]bool{}
	for _, name := range names {
		missing[name] = true
	}
	for _, o := range set.SLOs {
		if missing[o.Name] {
			only.SLOs = append(only.SLOs, o)
			delete(missing, o.Name)
		}
	}
	for _, a := range set.Alerts {
		if missing[a.Name] {
			only.Alerts = append(only.Alerts, a)
			delete(missing, a.Name)
		}
	}
	for name := range missing {
		return only, fmt.Errorf("there is no rule %q; write the name of an SLO or a DirectAlert", name)
	}
	return only, nil
}

// Source returns a source that has these events of the rules of the set. Rules
// with the same indicator have the same events: they are given for one of them.
func Source(set slo.Set, events map[Subject][]counttest.Events) (*counttest.Fake, error) {
	source, given := &counttest.Fake{}, map[slo.Key]Subject{}
	indicators := Subjects(set)
	for subject, all := range events {
		i, known := indicators[subject]
		if !known {
			return nil, fmt.Errorf("there is no rule %s", subject)
		}
		if other, twice := given[i.Key(0)]; twice {
			return nil, fmt.Errorf("%s and %s count the same events; give them for one of the two", other, subject)
		}
		given[i.Key(0)] = subject
		source.Add(i, all...)
	}
	return source, nil
}

// Divides reports whether i divides its events into good and bad ones. The others
// only count them; they are good then.
func Divides(i slo.Indicator) bool { return i.Within == 0 && !i.Bad.IsZero() }
