package spec

import (
	"slices"

	"jari.example/alerting/slo"
)

// policyBody is the body of a document of kind BurnRatePolicy.
type policyBody struct {
	Spec struct {
		SLO          string   `yaml:"slo"`
		MaxPValue    float64  `yaml:"maxPValue"`
		MinBadEvents int64    `yaml:"minBadEvents"`
		Notify       string   `yaml:"notify"`
		Windows      []window `yaml:"windows"`
	} `yaml:"spec"`
}

type window struct {
	Severity string  `yaml:"severity"`
	Long     string  `yaml:"long"`
	Short    string  `yaml:"short"`
	Burn     float64 `yaml:"burn"`
}

func (l *loader) addPolicy(d parsed[policyBody]) {
	spec := d.body.Spec
	if spec.Notify != "" {
		l.known(d.document, at("spec", "notify"), "AlertNotificationTarget", spec.Notify)
	}
	p := slo.Policy{MaxPValue: spec.MaxPValue, MinBadEvents: spec.MinBadEvents}
	for _, w := range spec.Windows {
		p.Pairs = append(p.Pairs, slo.WindowPair{
			Severity: slo.Severity(w.Severity), Long: duration(w.Long), Short: duration(w.Short), Burn: w.Burn,
		})
	}
	l.checkWindows(d, p.Pairs)
	l.checkSignificance(d, p)
	if !l.known(d.document, at("spec", "slo"), ruleKind, spec.SLO) {
		l.lostPolicy = true
		return
	}
	r, ok := l.rules[spec.SLO]
	if !ok {
		return // the SLO has problems of its own
	}
	switch {
	case r.slo == nil:
		l.problem(d.document, at("spec", "slo"), "%q is a DirectAlert, which has no budget to burn; write the name of an SLO", spec.SLO)
		return
	case r.policed:
		l.problem(d.document, at("spec", "slo"), "%q already has a BurnRatePolicy; remove one of them", spec.SLO)
		return
	}
	l.checkReach(d, p.Pairs, r.slo.Objective)
	r.policed, r.slo.Policy = true, p
}

// checkWindows checks that each pair nests and that a slower tier has longer
// windows and a lower burn rate.
func (l *loader) checkWindows(d parsed[policyBody], pairs []slo.WindowPair) {
	for i, p := range pairs {
		w, place := d.body.Spec.Windows[i], at("spec", "windows", i)
		if p.Short >= p.Long {
			l.problem(d.document, place.with("short"), "%s is not shorter than long: %s; make it shorter", w.Short, w.Long)
		}
		if i == 0 {
			continue
		}
		faster, before := d.body.Spec.Windows[i-1], pairs[i-1]
		if p.Long <= before.Long {
			l.problem(d.document, place.with("long"),
				"%s is not longer than %s of the pair before; put the fastest pair first, and give each slower one longer windows",
				w.Long, faster.Long)
		}
		if p.Short <= before.Short {
			l.problem(d.document, place.with("short"),
				"%s is not longer than %s of the pair before; a slower pair needs longer windows", w.Short, faster.Short)
		}
		if p.Burn >= before.Burn {
			l.problem(d.document, place.with("burn"),
				"%v is not below %v of the pair before; a slower pair needs a lower burn rate, or it never adds anything", p.Burn, before.Burn)
		}
		if p.Severity == slo.Page && before.Severity == slo.Ticket {
			l.problem(d.document, place.with("severity"), "a page after a ticket; the slower pair is the less urgent one, so write ticket")
		}
	}
}

// checkSignificance checks that pages have a significance level and tickets a least
// number of bad events.
func (l *loader) checkSignificance(d parsed[policyBody], p slo.Policy) {
	has := func(s slo.Severity) bool {
		return slices.ContainsFunc(p.Pairs, func(p slo.WindowPair) bool { return p.Severity == s })
	}
	if has(slo.Page) && p.MaxPValue == 0 {
		l.problem(d.document, at("spec", "maxPValue"),
			"is missing, and a single failure at night would page; write the significance level of pages, such as 1e-5")
	}
	if has(slo.Ticket) && p.MinBadEvents == 0 {
		l.problem(d.document, at("spec", "minBadEvents"),
			"is missing, and a single failure at night would open a ticket; write the least number of bad events, such as 5")
	}
}

// checkReach checks that each pair can fire for the objective.
func (l *loader) checkReach(d parsed[policyBody], pairs []slo.WindowPair, o slo.Objective) {
	for i, p := range pairs {
		w, place := d.body.Spec.Windows[i], at("spec", "windows", i)
		if p.Long > o.Window {
			l.problem(d.document, place.with("long"), "%s is longer than the window of the objective; make it shorter", w.Long)
		}
		if all := o.BurnRate(slo.Count{Bad: 1}); p.Burn > all {
			l.problem(d.document, place.with("burn"),
				"%v is never reached: when every event is bad the burn rate is %.4g; write less, or a target of at least %.4g (%.2f %%)",
				p.Burn, all, 1-1/p.Burn, 100*(1-1/p.Burn))
		}
	}
}
