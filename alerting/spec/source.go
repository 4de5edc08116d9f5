package spec

import (
	"cmp"
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
				ErrorField  string         `yaml:"errorField"`
				KeptField   string         `yaml:"keptField"`
				LineFields  []string       `yaml:"lineFields"`
				WeightField string         `yaml:"weightField"`
				Compare     []comparedBody `yaml:"compare"`
				Changes     []changeBody   `yaml:"changes"`
				Spans       *spansBody     `yaml:"spans"`
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
	DurationField    string    `yaml:"durationField"`
	Failed           condition `yaml:"failed"`
}

// comparedBody is a field by which bad and good events are compared.
type comparedBody struct {
	Field   string `yaml:"field"`
	Of      string `yaml:"of"`
	In      string `yaml:"in"`
	Phrase  string `yaml:"phrase"`
	Outcome bool   `yaml:"outcome"`
}

// changeBody is a kind of document that says that something has changed.
type changeBody struct {
	When   condition `yaml:"when"`
	Field  string    `yaml:"field"`
	Of     string    `yaml:"of"`
	New    bool      `yaml:"new"`
	Phrase string    `yaml:"phrase"`
}

// source is a data source, with the file of its vocabulary, "" without one.
type source struct {
	document
	slo.Source
	vocabulary string
	changes    []changeBody // translated when all vocabularies are known
}

func (l *loader) addSource(d parsed[sourceBody]) {
	c := d.body.Spec.ConnectionDetails
	s := source{document: d.document, Source: slo.Source{
		Index: c.Index, TimeField: c.TimeField, RegionField: c.RegionField, TraceField: c.TraceField,
	}, vocabulary: c.Vocabulary}
	if c.Evidence != nil {
		s.Evidence = &slo.EvidenceFields{
			Error: c.Evidence.ErrorField, Kept: c.Evidence.KeptField, Line: c.Evidence.LineFields, Weight: c.Evidence.WeightField,
		}
		l.addCompared(&s, c.Evidence.Compare, c.Evidence.Spans)
		if sp := c.Evidence.Spans; sp != nil {
			p := at("spec", "connectionDetails", "evidence", "spans")
			if c.TraceField == "" {
				l.problem(d.document, p, "the spans of an event are found by its trace; write traceField beside index, or remove the spans")
			}
			// Fields of spans have no vocabulary.
			failed := reader{l, d.document, source{}}.condition(p.with("failed"), sp.Failed)
			s.Evidence.Spans = &slo.Spans{
				Index: sp.Index, TimeField: sp.TimeField, Trace: sp.TraceField, Span: sp.SpanField, Parent: sp.ParentField,
				Error: sp.ErrorField, Peer: sp.PeerField, LinkedTrace: sp.LinkedTraceField, LinkedSpan: sp.LinkedSpanField,
				Duration: sp.DurationField, Failed: failed,
			}
		}
	}
	if c.Evidence != nil {
		s.changes = c.Evidence.Changes
	}
	l.sources[d.name] = s
}

func (l *loader) addCompared(s *source, all []comparedBody, spans *spansBody) {
	for n, c := range all {
		part := slo.Part(cmp.Or(c.In, string(slo.InEvent)))
		p := at("spec", "connectionDetails", "evidence", "compare", n, "in")
		switch {
		case part != slo.InEvent && spans == nil:
			l.problem(s.document, p, "%s needs spans; write where they are (evidence.spans), or compare a field of the event", part)
		case part == slo.InSlowSpan && spans.DurationField == "":
			l.problem(s.document, p, "%s needs the duration of spans; write durationField in evidence.spans", part)
		}
		s.Evidence.Compared = append(s.Evidence.Compared,
			slo.Compared{Field: c.Field, Of: c.Of, In: part, Phrase: c.Phrase, Outcome: c.Outcome})
	}
}

// addChanges translates the changes of all sources. Their conditions need the
// vocabularies, which may be read later than the source.
func (l *loader) addChanges() {
	for _, name := range keys(l.sources) {
		s := l.sources[name]
		for n, c := range s.changes {
			p := at("spec", "connectionDetails", "evidence", "changes", n)
			if c.New && c.Field == "" {
				l.problem(s.document, p.with("new"), "only a value can be new; write field: with the field that has it, or remove new")
			}
			s.Evidence.Changes = append(s.Evidence.Changes, slo.Change{
				When:  reader{l, s.document, s}.condition(p.with("when"), c.When),
				Field: c.Field, Of: c.Of, New: c.New, Phrase: c.Phrase,
			})
		}
	}
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
		all = append(all, sourceField{at("evidence", "weightField"), s.Evidence.Weight, false})
		for n, c := range s.Evidence.Compared {
			p := at("evidence", "compare", n)
			all = append(all, sourceField{p.with("field"), c.Field, true}, sourceField{p.with("of"), c.Of, true})
		}
		for n, c := range s.Evidence.Changes {
			p := at("evidence", "changes", n)
			all = append(all, sourceField{p.with("field"), c.Field, true}, sourceField{p.with("of"), c.Of, true})
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
