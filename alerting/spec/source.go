package spec

import (
	"slices"

	"jari.example/alerting/nearest"
	"jari.example/alerting/slo"
)

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
			Evidence    *struct {
				ErrorField string     `yaml:"errorField"`
				KeptField  string     `yaml:"keptField"`
				LineFields []string   `yaml:"lineFields"`
				Spans      *spansBody `yaml:"spans"`
			} `yaml:"evidence"`
		} `yaml:"connectionDetails"`
	} `yaml:"spec"`
}

// spansBody is where spans are.
type spansBody struct {
	Index            string    `yaml:"index"`
	TimeField        string    `yaml:"timeField"`
	TraceField       string    `yaml:"traceField"`
	SpanField        string    `yaml:"spanField"`
	ParentField      string    `yaml:"parentField"`
	ErrorField       string    `yaml:"errorField"`
	PeerField        string    `yaml:"peerField"`
	LinkedTraceField string    `yaml:"linkedTraceField"`
	LinkedSpanField  string    `yaml:"linkedSpanField"`
	Failed           condition `yaml:"failed"`
}

// source is a data source, with the file of its vocabulary, "" without one.
type source struct {
	document
	slo.Source
	vocabulary string
}

func (l *loader) addSource(d parsed[sourceBody]) {
	c := d.body.Spec.ConnectionDetails
	s := source{d.document, slo.Source{
		Index: c.Index, TimeField: c.TimeField, RegionField: c.RegionField, TraceField: c.TraceField,
	}, c.Vocabulary}
	if c.Evidence != nil {
		s.Evidence = &slo.EvidenceFields{Error: c.Evidence.ErrorField, Kept: c.Evidence.KeptField, Line: c.Evidence.LineFields}
		if sp := c.Evidence.Spans; sp != nil {
			p := at("spec", "connectionDetails", "evidence", "spans")
			if c.TraceField == "" {
				l.problem(d.document, p, "the spans of an event are found by its trace; write traceField beside index, or remove the spans")
			}
			// Fields of spans have no vocabulary.
			failed := reader{l, d.document, source{}}.condition(p.with("failed"), sp.Failed)
			s.Evidence.Spans = &slo.Spans{
				Index: sp.Index, TimeField: sp.TimeField, Trace: sp.TraceField, Span: sp.SpanField, Parent: sp.ParentField,
				Error: sp.ErrorField, Peer: sp.PeerField, LinkedTrace: sp.LinkedTraceField, LinkedSpan: sp.LinkedSpanField, Failed: failed,
			}
		}
	}
	l.sources[d.name] = s
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
		for _, m := range s.members() {
			f, known := v.byField(m.field)
			switch {
			case !known:
				l.problem(s.document, details.with(m.path...), "%q is not a document field in %s; %s",
					m.field, s.vocabulary, nearest.OneOf(m.field, v.documentFields(m.shown)))
			case m.shown && !f.Show:
				l.problem(s.document, details.with(m.path...), "%q may hold personal data, so messages may not show it; %s, "+
					"or write show: true at the field in %s if it never does", m.field, nearest.OneOf(m.field, v.documentFields(true)), s.vocabulary)
			}
		}
	}
}

// sourceField is a field of documents that a data source names.
type sourceField struct {
	path  path // in the connection details
	field string
	shown bool // by messages
}

// members are the fields that s names.
func (s source) members() []sourceField {
	all := []sourceField{
		{at("timeField"), s.TimeField, false}, {at("regionField"), s.RegionField, false}, {at("traceField"), s.TraceField, false},
	}
	if s.Evidence != nil {
		all = append(all, sourceField{at("evidence", "errorField"), s.Evidence.Error, true},
			sourceField{at("evidence", "keptField"), s.Evidence.Kept, false})
		for n, field := range s.Evidence.Line {
			all = append(all, sourceField{at("evidence", "lineFields", n), field, true})
		}
	}
	return slices.DeleteFunc(all, func(f sourceField) bool { return f.field == "" })
}

// byField is the field that documents have under a name.
func (v vocabulary) byField(documentField string) (field, bool) {
	for _, name := range keys(v) {
		if v[name].Field == documentField {
			return v[name], true
		}
	}
	return field{}, false
}

// documentFields are the names of its fields in documents, or of those that messages may
// show.
func (v vocabulary) documentFields(shown bool) (fields []string) {
	for _, f := range v {
		if f.Show || !shown {
			fields = append(fields, f.Field)
		}
	}
	slices.Sort(fields)
	return fields
}
