package spec

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

// Annotations of an SLO that its messages are made of.
const (
	annotationAttempt   = "jari.example/attempt"
	annotationAffected  = "jari.example/affected"
	annotationDashboard = "jari.example/dashboard"
)

var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (l *loader) addSLO(file string, d sloDocument) {
	before := len(l.problems)
	name := d.Metadata.Name
	if !slug.MatchString(name) {
		l.problem(file, "metadata.name", "%q is not a slug of a-z, 0-9 and -", name)
	} else if other, ok := l.from[name]; ok {
		l.problem(file, "metadata.name", "%q is already in %s", name, other)
	} else {
		l.from[name] = file
	}
	if d.Metadata.DisplayName == "" {
		l.problem(file, "metadata.displayName", "is missing; it is the incident's headline")
	}
	for _, a := range []string{annotationAttempt, annotationAffected, annotationDashboard} {
		if d.Metadata.Annotations[a] == "" {
			l.problem(file, "metadata.annotations."+a, "is missing")
		}
	}
	if d.Spec.BudgetingMethod != "Occurrences" {
		l.problem(file, "spec.budgetingMethod", "%q is not supported; want Occurrences", d.Spec.BudgetingMethod)
	}
	s := slo.SLO{
		Name:        name,
		Title:       d.Metadata.DisplayName,
		EventLabel:  d.Metadata.Annotations[annotationAttempt],
		Affected:    d.Metadata.Annotations[annotationAffected],
		Dashboard:   d.Metadata.Annotations[annotationDashboard],
		Description: d.Spec.Description,
		Objective:   l.objective(file, d),
	}
	const ratio = "spec.indicator.spec.ratioMetric."
	metric := d.Spec.Indicator.Spec.RatioMetric
	if !metric.Counter {
		l.problem(file, ratio+"counter", "must be true; only counted events are supported")
	}
	s.Indicator.Total = l.conditions(file, ratio+"total", metric.Total)
	s.Indicator.Bad = l.conditions(file, ratio+"bad", metric.Bad)
	if len(l.problems) == before {
		l.slos[name] = s
	}
}

func (l *loader) objective(file string, d sloDocument) (o slo.Objective) {
	if n := len(d.Spec.TimeWindow); n != 1 {
		l.problem(file, "spec.timeWindow", "has %d entries; want one", n)
	} else {
		o.Window = l.duration(file, "spec.timeWindow[0].duration", d.Spec.TimeWindow[0].Duration)
		if !d.Spec.TimeWindow[0].IsRolling {
			l.problem(file, "spec.timeWindow[0].isRolling", "must be true")
		}
	}
	if n := len(d.Spec.Objectives); n != 1 {
		l.problem(file, "spec.objectives", "has %d entries; want one", n)
		return o
	}
	o.Target = d.Spec.Objectives[0].Target
	if o.Target <= 0 || o.Target >= 1 {
		l.problem(file, "spec.objectives[0].target", "%v is not between 0 and 1; a target of 1 leaves no budget to burn", o.Target)
	}
	return o
}

func (l *loader) conditions(file, field string, m measurement) []slo.Condition {
	if m.MetricSource.Type != "OpenSearch" {
		l.problem(file, field+".metricSource.type", "%q is not supported; want OpenSearch", m.MetricSource.Type)
	}
	field += ".metricSource.spec.where"
	if len(m.MetricSource.Spec.Where) == 0 {
		l.problem(file, field, "is empty; it would count every line")
	}
	var all []slo.Condition
	for i, c := range m.MetricSource.Spec.Where {
		if cond, ok := l.condition(file, fmt.Sprintf("%s[%d]", field, i), c); ok {
			all = append(all, cond)
		}
	}
	return all
}

func (l *loader) condition(file, at string, c condition) (slo.Condition, bool) {
	i := slices.IndexFunc(names.Fields, func(f names.Field) bool { return f.Name == c.Field })
	if i < 0 {
		l.problem(file, at+".field", "%q is no field of the telemetry vocabulary", c.Field)
		return slo.Condition{}, false
	}
	given := map[slo.Op]yaml.Node{}
	for op, node := range map[slo.Op]yaml.Node{slo.Is: c.Is, slo.IsNot: c.IsNot, slo.AtLeast: c.AtLeast} {
		if !node.IsZero() {
			given[op] = node
		}
	}
	if len(given) != 1 {
		l.problem(file, at, "has %d of is, isNot and atLeast; want one", len(given))
		return slo.Condition{}, false
	}
	op := slices.Collect(maps.Keys(given))[0]
	cond := slo.Condition{Field: c.Field, Op: op, Value: given[op].Value}
	switch kind := names.Fields[i].Kind; kind {
	case names.Keyword:
		if op == slo.AtLeast {
			l.problem(file, at+".atLeast", "%s is a word, not a number", c.Field)
			return cond, false
		}
	case names.Integer, names.Long:
		n, err := strconv.ParseInt(given[op].Value, 10, 64)
		if err != nil {
			l.problem(file, at+"."+string(op), "%q is not a whole number, as %s is", given[op].Value, c.Field)
			return cond, false
		}
		cond.Value = n
	default:
		l.problem(file, at+".field", "%s is of kind %s, which cannot be compared", c.Field, kind)
		return cond, false
	}
	return cond, true
}

// duration reads OpenSLO's durations: a whole number and one of m, h, d, w.
func (l *loader) duration(file, field, s string) time.Duration {
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	digits := strings.TrimRight(s, "mhdw")
	n, err := strconv.Atoi(digits)
	unit, ok := units[s[len(digits):]]
	if err != nil || n <= 0 || !ok {
		l.problem(file, field, "%q is not a duration such as 5m, 6h, 30d or 4w", s)
		return 0
	}
	return time.Duration(n) * unit
}
