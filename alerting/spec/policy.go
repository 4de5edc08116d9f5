package spec

import (
	"fmt"

	"jari.example/alerting/slo"
)

func (l *loader) addPolicy(file string, d policyDocument) {
	name := d.Spec.SLO
	if _, ok := l.from[name]; !ok {
		l.problem(file, "spec.slo", "there is no SLO %q; set it to the metadata.name of one", name)
		return
	}
	if other, ok := l.policies[name]; ok {
		l.problem(file, "spec.slo", "%q already has a policy in %s; remove one of them", name, other)
		return
	}
	l.policies[name] = file
	p := slo.Policy{MaxPValue: d.Spec.MaxPValue}
	if p.MaxPValue <= 0 || p.MaxPValue > 1 {
		l.problem(file, "spec.maxPValue", "%v is not a probability; use one above 0 and at most 1, such as 1e-5", p.MaxPValue)
	}
	if len(d.Spec.Windows) == 0 {
		l.problem(file, "spec.windows", "is empty, so the policy would never fire; add at least one pair of windows")
	}
	s, known := l.slos[name]
	for i, w := range d.Spec.Windows {
		at := fmt.Sprintf("spec.windows[%d]", i)
		pair := slo.WindowPair{
			Severity: slo.Severity(w.Severity),
			Long:     l.duration(file, at+".long", w.Long),
			Short:    l.duration(file, at+".short", w.Short),
			Burn:     w.Burn,
		}
		if pair.Severity != slo.Page {
			// No notifier delivers tickets yet, so a file must not request one.
			l.problem(file, at+".severity", "%q is not supported; use %s", w.Severity, slo.Page)
		}
		if pair.Long > 0 && pair.Short >= pair.Long {
			l.problem(file, at+".short", "%s is not shorter than long: %s; make it shorter", w.Short, w.Long)
		}
		if known && s.Objective.Window > 0 && pair.Long > s.Objective.Window {
			l.problem(file, at+".long", "%s is longer than the window of the objective; make it shorter", w.Long)
		}
		if budget := s.Objective.Budget(); pair.Burn <= 0 {
			l.problem(file, at+".burn", "%v is not a burn rate; use a number above 0", pair.Burn)
		} else if known && pair.Burn*budget >= 1 {
			l.problem(file, at+".burn", "%v is never reached: when every event is bad the burn rate is %.4g; use less", pair.Burn, 1/budget)
		}
		p.Pairs = append(p.Pairs, pair)
	}
	if known {
		s.Policy = p
		l.slos[name] = s
	}
}
