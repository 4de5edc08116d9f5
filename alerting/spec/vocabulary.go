package spec

import (
	"fmt"

	"jari.example/alerting/nearest"
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
	Show   bool     `yaml:"show"`
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

func vocabularyFiles(name string, files []string) string {
	if len(files) == 0 {
		return "add one, or remove this field to use the names of documents"
	}
	return nearest.OneOf(name, files)
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
