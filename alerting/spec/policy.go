package spec

import (
	"fmt"

	"jari.example/alerting/slo"
)

func (l *loader) addPolicy(file string, d policyDocument) {
	name := d.Spec.SLO
	if _, ok := l.from[name]; !ok {
		l.problem(file, "spec.slo", "there is no SLO %q", name)
		return
	}
	if other, ok := l.policies[name]; ok {
		l.problem(file, "spec.slo", "%q already has a policy in %s", name, other)
		return
	}
	l.policies[name] = file
	p := slo.Policy{MaxPValue: d.Spec.MaxChance}
	if p.MaxPValue <= 0 || p.MaxPValue > 1 {
		l.problem(file, "spec.maxChance", "%v is not a probability above 0", p.MaxPValue)
	}
	if len(d.Spec.Windows) == 0 {
		l.problem(file, "spec.windows", "is empty; it would never fire")
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
			// Nothing delivers tickets yet; taking one would promise it.
			l.problem(file, at+".severity", "%q is not supported; want %s", w.Severity, slo.Page)
		}
		if pair.Long > 0 && pair.Short >= pair.Long {
			l.problem(file, at+".short", "%s is not shorter than long: %s", w.Short, w.Long)
		}
		if known && s.Objective.Window > 0 && pair.Long > s.Objective.Window {
			l.problem(file, at+".long", "%s is longer than the objective's own window", w.Long)
		}
		if budget := s.Objective.Budget(); pair.Burn <= 0 {
			l.problem(file, at+".burn", "%v is not above 0", pair.Burn)
		} else if known && pair.Burn*budget >= 1 {
			l.problem(file, at+".burn", "%v is never reached: with everything failing the burn rate is %.4g", pair.Burn, 1/budget)
		}
		p.Pairs = append(p.Pairs, pair)
	}
	if known {
		s.Policy = p
		l.slos[name] = s
	}
}
