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

// Annotations of an SLO that its messages contain.
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
		l.problem(file, "metadata.name", "%q is not a slug; use words of a-z and 0-9 joined by -", name)
	} else if other, ok := l.from[name]; ok {
		l.problem(file, "metadata.name", "%q is already defined in %s; choose another name", name, other)
	} else {
		l.from[name] = file
	}
	if d.Metadata.DisplayName == "" {
		l.problem(file, "metadata.displayName", "is missing; write the headline of its incidents, such as \"Bookings are failing\"")
	}
	for _, a := range []string{annotationAttempt, annotationAffected, annotationDashboard} {
		if d.Metadata.Annotations[a] == "" {
			l.problem(file, "metadata.annotations."+a, "is missing; its messages need it")
		}
	}
	if d.Spec.BudgetingMethod != "Occurrences" {
		l.problem(file, "spec.budgetingMethod", "%q is not supported; use Occurrences", d.Spec.BudgetingMethod)
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
		l.problem(file, ratio+"counter", "is not true; set it, because only counted events are supported")
	}
	s.Indicator.Total = l.conditions(file, ratio+"total", metric.Total)
	s.Indicator.Bad = l.conditions(file, ratio+"bad", metric.Bad)
	if len(l.problems) == before {
		l.slos[name] = s
	}
}

func (l *loader) objective(file string, d sloDocument) (o slo.Objective) {
	if n := len(d.Spec.TimeWindow); n != 1 {
		l.problem(file, "spec.timeWindow", "has %d entries; give exactly one", n)
	} else {
		o.Window = l.duration(file, "spec.timeWindow[0].duration", d.Spec.TimeWindow[0].Duration)
		if !d.Spec.TimeWindow[0].IsRolling {
			l.problem(file, "spec.timeWindow[0].isRolling", "is not true; set it, because only rolling windows are supported")
		}
	}
	if n := len(d.Spec.Objectives); n != 1 {
		l.problem(file, "spec.objectives", "has %d entries; give exactly one", n)
		return o
	}
	o.Target = d.Spec.Objectives[0].Target
	if o.Target <= 0 || o.Target >= 1 {
		l.problem(file, "spec.objectives[0].target",
			"%v is not between 0 and 1; use a share such as 0.999 (a target of 1 has no error budget)", o.Target)
	}
	return o
}

func (l *loader) conditions(file, field string, m measurement) []slo.Condition {
	if m.MetricSource.Type != "OpenSearch" {
		l.problem(file, field+".metricSource.type", "%q is not supported; use OpenSearch", m.MetricSource.Type)
	}
	field += ".metricSource.spec.where"
	if len(m.MetricSource.Spec.Where) == 0 {
		l.problem(file, field, "is empty, so it would count every log line; add at least one condition")
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
		l.problem(file, at+".field", "%q is not a field of telemetry; use one of telemetry/TELEMETRY.md", c.Field)
		return slo.Condition{}, false
	}
	given := map[slo.Op]yaml.Node{}
	for op, node := range map[slo.Op]yaml.Node{slo.Is: c.Is, slo.IsNot: c.IsNot, slo.AtLeast: c.AtLeast} {
		if !node.IsZero() {
			given[op] = node
		}
	}
	if len(given) != 1 {
		l.problem(file, at, "has %d of is, isNot and atLeast; give exactly one", len(given))
		return slo.Condition{}, false
	}
	op := slices.Collect(maps.Keys(given))[0]
	cond := slo.Condition{Field: c.Field, Op: op, Value: given[op].Value}
	switch kind := names.Fields[i].Kind; kind {
	case names.Keyword:
		if op == slo.AtLeast {
			l.problem(file, at+".atLeast", "%s is a keyword, not a number; use is or isNot", c.Field)
			return cond, false
		}
	case names.Integer, names.Long:
		n, err := strconv.ParseInt(given[op].Value, 10, 64)
		if err != nil {
			l.problem(file, at+"."+string(op), "%q is not a whole number; %s needs one", given[op].Value, c.Field)
			return cond, false
		}
		cond.Value = n
	default:
		l.problem(file, at+".field", "%s is of the type %s, which cannot be compared; use a keyword or a number", c.Field, kind)
		return cond, false
	}
	return cond, true
}

// duration parses an OpenSLO duration: a whole number and one of m, h, d, w.
func (l *loader) duration(file, field, s string) time.Duration {
	units := map[string]time.Duration{"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	digits := strings.TrimRight(s, "mhdw")
	n, err := strconv.Atoi(digits)
	unit, ok := units[s[len(digits):]]
	if err != nil || n <= 0 || !ok {
		l.problem(file, field, "%q is not a duration; use one such as 5m, 6h, 30d or 4w", s)
		return 0
	}
	return time.Duration(n) * unit
}
