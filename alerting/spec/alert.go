package spec

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"jari.example/alerting/slo"
)

// alertBody is the body of a document of kind DirectAlert.
type alertBody struct {
	Metadata metadata `yaml:"metadata"`
	Spec     struct {
		Description string      `yaml:"description"`
		Service     string      `yaml:"service"`
		Severity    string      `yaml:"severity"`
		Notify      string      `yaml:"notify"`
		Source      string      `yaml:"source"`
		Where       []condition `yaml:"where"`
		Bad         []condition `yaml:"bad"`
		Each        yaml.Node   `yaml:"each"`
		When        struct {
			Within    string  `yaml:"within"`
			Absent    bool    `yaml:"absent"`
			Events    int64   `yaml:"events"`
			BadShare  float64 `yaml:"badShare"`
			MinEvents int64   `yaml:"minEvents"`
		} `yaml:"when"`
		Freezes bool `yaml:"freezes"`
	} `yaml:"spec"`
}

func (l *loader) addAlert(d parsed[alertBody]) {
	before := len(l.problems)
	spec := d.body.Spec
	a := slo.Alert{
		Rule:     l.rule(d.document, d.body.Metadata, spec.Service, spec.Description),
		Severity: slo.Severity(spec.Severity),
		Freezes:  spec.Freezes,
		When: slo.When{
			Within: duration(spec.When.Within), Absent: spec.When.Absent, Events: spec.When.Events,
			BadShare: spec.When.BadShare, MinEvents: spec.When.MinEvents,
		},
	}
	if spec.Notify != "" {
		l.known(d.document, at("spec", "notify"), "AlertNotificationTarget", spec.Notify)
	}
	if r, ok := l.reader(d.document, at("spec", "source"), spec.Source); ok {
		i := slo.Indicator{Source: r.source.Source, Total: r.where(at("spec", "where"), spec.Where)}
		if spec.Bad != nil {
			i.Bad = r.where(at("spec", "bad"), spec.Bad)
		}
		a.Subjects = r.subjects(i, &spec.Each)
	}
	if len(l.problems) == before {
		l.rules[d.name] = &rule{document: d.document, alert: &a}
	}
}

// maxSubjects bounds the size of the one search that counts everything.
const maxSubjects = 200

// subjects returns the indicator for each combination of the values in each, in
// the order of the file; without each only the indicator itself.
func (r reader) subjects(i slo.Indicator, each *yaml.Node) []slo.Subject {
	type partial struct {
		names  []string
		region string
		conds  []slo.Condition
	}
	combinations := []partial{{}}
	for k := 0; k+1 < len(each.Content); k += 2 {
		name, values := each.Content[k].Value, resolved(each.Content[k+1])
		p := at("spec", "each", name)
		f, ok := r.field(p, name)
		if !ok {
			return nil
		}
		if len(combinations)*len(values.Content) > maxSubjects {
			r.problem(r.document, at("spec", "each"), "has more than %d combinations; use fewer values, or several alerts", maxSubjects)
			return nil
		}
		var next []partial
		for _, c := range combinations {
			for v, value := range values.Content {
				with := partial{slices.Clone(c.names), c.region, slices.Clone(c.conds)}
				if f.Field == r.source.RegionField {
					with.region = resolved(value).Value
				} else {
					with.names = append(with.names, resolved(value).Value)
				}
				with.conds = append(with.conds, r.compare(p.with(v), f, slo.Is, value))
				next = append(next, with)
			}
		}
		combinations = next
	}
	subjects := make([]slo.Subject, len(combinations))
	for n, c := range combinations {
		subject := slo.Subject{Name: subjectName(c.names, c.region), Indicator: i}
		subject.Indicator.Total.All = append(slices.Clone(i.Total.All), c.conds...)
		subjects[n] = subject
	}
	return subjects
}

// subjectName is like "search in us-east-1".
func subjectName(names []string, region string) string {
	name := strings.Join(names, " ")
	switch {
	case region == "":
		return name
	case name == "":
		return region
	}
	return name + " in " + region
}
