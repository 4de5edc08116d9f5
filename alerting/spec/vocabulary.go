package spec

import (
	"fmt"
	"slices"

	"jari.example/alerting/slo"
)

// vocabularyBody is the body of a document of kind Vocabulary.
type vocabularyBody struct {
	Spec struct {
		Fields []field `yaml:"fields"`
	} `yaml:"spec"`
}

// field is a field of events: what conditions call it, where documents have it, and
// which values it can have.
type field struct {
	Name   string   `yaml:"name"`
	Field  string   `yaml:"field"`
	Type   string   `yaml:"type"`
	Unit   string   `yaml:"unit"`
	Min    *float64 `yaml:"min"`
	Max    *float64 `yaml:"max"`
	Values []string `yaml:"values"`
}

// The types of fields.
const (
	keywordType = "keyword"
	integerType = "integer"
	doubleType  = "double"
	booleanType = "boolean"
)

// vocabulary is the fields by name.
type vocabulary map[string]field

func (l *loader) addVocabulary(d parsed[vocabularyBody]) {
	if _, ok := l.vocabularies[d.file]; ok {
		l.problem(d.document, nil, "the file has a second Vocabulary; use a file for each")
		return
	}
	v := vocabulary{}
	for i, f := range d.body.Spec.Fields {
		if _, ok := v[f.Name]; ok {
			l.problem(d.document, at("spec", "fields", i, "name"), "%q is already defined above; remove one of them", f.Name)
		}
		v[f.Name] = f
	}
	l.vocabularies[d.file] = v
}

// has reports whether documents have the field.
func (v vocabulary) has(documentField string) bool {
	for _, f := range v {
		if f.Field == documentField {
			return true
		}
	}
	return false
}

// sourceBody is the body of a document of kind DataSource.
type sourceBody struct {
	Spec struct {
		Type              string `yaml:"type"`
		ConnectionDetails struct {
			Index       string `yaml:"index"`
			TimeField   string `yaml:"timeField"`
			RegionField string `yaml:"regionField"`
			TraceField  string `yaml:"traceField"`
			Vocabulary  string `yaml:"vocabulary"`
		} `yaml:"connectionDetails"`
	} `yaml:"spec"`
}

// source is a data source, with the file of its vocabulary, "" without one.
type source struct {
	document
	slo.Source
	vocabulary string
}

func newSource(d parsed[sourceBody]) source {
	c := d.body.Spec.ConnectionDetails
	return source{d.document, slo.Source{
		Index: c.Index, TimeField: c.TimeField, RegionField: c.RegionField, TraceField: c.TraceField,
	}, c.Vocabulary}
}

// checkSources holds the data sources against their vocabularies.
func (l *loader) checkSources() {
	for _, name := range keys(l.sources) {
		s := l.sources[name]
		if s.vocabulary == "" {
			continue
		}
		details := at("spec", "connectionDetails")
		v, ok := l.vocabularies[s.vocabulary]
		if !ok {
			l.problem(s.document, details.with("vocabulary"), "there is no file %q with a valid Vocabulary; %s",
				s.vocabulary, vocabularyFiles(s.vocabulary, keys(l.vocabularies)))
			continue
		}
		fields := []string{s.TimeField, s.RegionField, s.TraceField}
		for i, member := range []string{"timeField", "regionField", "traceField"} {
			if fields[i] != "" && !v.has(fields[i]) {
				l.problem(s.document, details.with(member), "%q is not a document field in %s; %s",
					fields[i], s.vocabulary, oneOf(fields[i], v.documentFields()))
			}
		}
	}
}

func (v vocabulary) documentFields() (fields []string) {
	for _, f := range v {
		fields = append(fields, f.Field)
	}
	slices.Sort(fields)
	return fields
}

func vocabularyFiles(name string, files []string) string {
	if len(files) == 0 {
		return "add one, or remove this field to use the names of documents"
	}
	return oneOf(name, files)
}

// bound checks that a number is one that the field can have.
func (f field) bound(n float64) error {
	limits := ""
	switch {
	case f.Min != nil && n < *f.Min:
		limits = fmt.Sprintf("at least %v", *f.Min)
	case f.Max != nil && n > *f.Max:
		limits = fmt.Sprintf("at most %v", *f.Max)
	default:
		return nil
	}
	unit, instead := "", ""
	if f.Unit != "" {
		unit = " " + f.Unit
	}
	if f.Unit == "s" && f.Max != nil && n/1000 <= *f.Max {
		instead = fmt.Sprintf("; if you meant milliseconds, write %v", n/1000)
	}
	return fmt.Errorf("%v%s is impossible for %s, which is %s%s%s", n, unit, f.Name, limits, unit, instead)
}
