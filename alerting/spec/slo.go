package spec

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/alerting/nearest"
	"jari.example/alerting/slo"
)

// Annotations of rules.
const (
	annotationAttempt   = "jari.example/attempt"
	annotationAffected  = "jari.example/affected"
	annotationDashboard = "jari.example/dashboard"
	annotationRunbook   = "jari.example/runbook"
	annotationMutedBy   = "jari.example/muted-by"
)

type metadata struct {
	Name        string            `yaml:"name"`
	DisplayName string            `yaml:"displayName"`
	Annotations map[string]string `yaml:"annotations"`
}

// sloBody is the body of a document of kind SLO.
type sloBody struct {
	Metadata metadata `yaml:"metadata"`
	Spec     struct {
		Description string `yaml:"description"`
		Service     string `yaml:"service"`
		Indicator   struct {
			Spec struct {
				RatioMetric *struct {
					Total measurement `yaml:"total"`
					Bad   measurement `yaml:"bad"`
				} `yaml:"ratioMetric"`
				ThresholdMetric *measurement `yaml:"thresholdMetric"`
			} `yaml:"spec"`
		} `yaml:"indicator"`
		TimeWindow []struct {
			Duration string `yaml:"duration"`
		} `yaml:"timeWindow"`
		Objectives []struct {
			Target float64 `yaml:"target"`
			Value  int64   `yaml:"value"`
		} `yaml:"objectives"`
	} `yaml:"spec"`
}

type measurement struct {
	MetricSource struct {
		MetricSourceRef string `yaml:"metricSourceRef"`
		Spec            struct {
			Where []condition `yaml:"where"`
		} `yaml:"spec"`
	} `yaml:"metricSource"`
}

func (l *loader) addSLO(d parsed[sloBody]) {
	before := len(l.problems)
	spec := d.body.Spec
	s := slo.SLO{
		Rule:       l.rule(d.document, d.body.Metadata, spec.Service, spec.Description),
		EventLabel: d.body.Metadata.Annotations[annotationAttempt],
		Objective:  slo.Objective{Target: spec.Objectives[0].Target, Window: duration(spec.TimeWindow[0].Duration)},
		Indicator:  l.indicator(d),
	}
	if len(l.problems) == before {
		l.rules[d.name] = &rule{document: d.document, slo: &s}
	}
}

func (l *loader) indicator(d parsed[sloBody]) slo.Indicator {
	metric := at("spec", "indicator", "spec")
	body := d.body.Spec.Indicator.Spec
	if body.ThresholdMetric != nil {
		from, total, _ := l.measure(d.document, metric.with("thresholdMetric"), *body.ThresholdMetric)
		return slo.Indicator{Source: from.Source, Total: total, Within: time.Duration(d.body.Spec.Objectives[0].Value) * time.Second}
	}
	metric = metric.with("ratioMetric")
	from, total, ok1 := l.measure(d.document, metric.with("total"), body.RatioMetric.Total)
	other, bad, ok2 := l.measure(d.document, metric.with("bad"), body.RatioMetric.Bad)
	if ok1 && ok2 && from.name != other.name {
		l.problem(d.document, metric.with("bad", "metricSource", "metricSourceRef"),
			"%q is not the source of total, and bad events are among the total; write %s", other.name, from.name)
	}
	return slo.Indicator{Source: from.Source, Total: total, Bad: bad}
}

// measure translates a metricSource; ok is false if its data source is unknown.
func (l *loader) measure(d document, p path, m measurement) (source, slo.Condition, bool) {
	p = p.with("metricSource")
	r, ok := l.reader(d, p.with("metricSourceRef"), m.MetricSource.MetricSourceRef)
	if !ok {
		return source{}, slo.Condition{}, false
	}
	return r.source, r.where(p.with("spec", "where"), m.MetricSource.Spec.Where), true
}

// reader returns a reader for the data source with a name. p leads to the name.
func (l *loader) reader(d document, p path, name string) (reader, bool) {
	if !l.known(d, p, "DataSource", name) {
		return reader{}, false
	}
	s, ok := l.sources[name] // false: it has problems of its own, which are reported
	return reader{l, d, s}, ok
}

// rule returns what an SLO and an alert have in common. References to other rules
// are checked by checkMuting.
func (l *loader) rule(d document, m metadata, service, description string) slo.Rule {
	r := slo.Rule{
		Name:        m.Name,
		Service:     service,
		Title:       m.DisplayName,
		Affected:    m.Annotations[annotationAffected],
		Dashboard:   m.Annotations[annotationDashboard],
		Runbook:     m.Annotations[annotationRunbook],
		Description: strings.TrimSpace(description),
	}
	if service != "" {
		l.known(d, at("spec", "service"), "Service", service)
	}
	if r.Runbook == "" {
		r.Runbook = r.Name
	}
	annotations := at("metadata", "annotations")
	for name := range m.Annotations {
		if strings.HasPrefix(name, "jari.example/") {
			l.checkAnnotation(d, annotations.with(name), name)
		}
	}
	if list, ok := m.Annotations[annotationMutedBy]; ok {
		for name := range strings.SplitSeq(list, ",") {
			r.MutedBy = append(r.MutedBy, strings.TrimSpace(name))
		}
	}
	if l.runbooks != nil {
		l.page(d, annotations.with(annotationRunbook), "runbook", r.Runbook, l.runbooks)
	}
	if l.dashboards != nil {
		l.page(d, annotations.with(annotationDashboard), "dashboard", r.Dashboard, l.dashboards)
	}
	return r
}

// checkAnnotation detects a misspelt annotation of ours.
func (l *loader) checkAnnotation(d document, p path, name string) {
	all := []string{annotationAffected, annotationAttempt, annotationDashboard, annotationMutedBy, annotationRunbook}
	if !slices.Contains(all, name) {
		l.problem(d, p, "is unknown; %s", nearest.OneOf(name, all))
	}
}

// page checks that a runbook or a dashboard exists.
func (l *loader) page(d document, p path, what, name string, names []string) {
	if slices.Contains(names, name) {
		return
	}
	instead := "write its page, or name another one"
	if near, ok := nearest.Name(name, names); ok {
		instead += "; did you mean " + near + "?"
	}
	l.problem(d, p, "there is no %s %q; %s", what, name, instead)
}

// duration converts a duration that meets its schema.
func duration(s string) time.Duration {
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	n, _ := strconv.Atoi(s[:len(s)-1])
	return time.Duration(n) * units[s[len(s)-1]]
}
