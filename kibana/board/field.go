package board

import (
	"maps"
	"slices"

	"jari.example/telemetry/names"
)

// Index is a family of documents.
type Index string

// The families panels can show.
const (
	Logs  Index = "logs"
	Spans Index = "spans"
)

// Family says where an Index is kept.
type Family struct {
	Prefix string // of its daily indices
	Time   string // the field its documents are filed by
	Title  string
}

var families = map[Index]Family{
	Logs:  {names.LogIndex, names.DocTime, "Log lines"},
	Spans: {names.SpanIndex, names.DocStartTime, "Spans"},
}

// Family returns where the panel's documents are kept.
func (i Index) Family() Family { return families[i] }

// Pattern names all of the family's indices.
func (f Family) Pattern() string { return f.Prefix + "*" }

func indexNames() []string {
	var out []string
	for _, i := range slices.Sorted(maps.Keys(families)) {
		out = append(out, string(i))
	}
	return out
}

// Field is a field as it stands in documents.
type Field struct {
	Doc  string
	Kind names.Kind
}

// spanFields stand in span documents only and have no name in log lines.
var spanFields = []Field{
	{names.DocSpanName, names.Keyword}, {names.DocKind, names.Keyword}, {names.DocParentSpanID, names.Keyword},
	{names.DocStartTime, names.DateNanos}, {names.DocEndTime, names.DateNanos}, {names.DocDuration, names.Long},
	{names.DocStatusCode, names.Integer}, {names.DocStatusText, names.Keyword}, {names.DocTraceGroup, names.Keyword},
}

// Resolve finds the document's field for a name; ok is false for a name the
// vocabulary does not hold.
func (i Index) Resolve(name string) (Field, bool) {
	for _, f := range names.Fields {
		if f.Name == name {
			return Field{f.Doc, f.Kind}, true
		}
	}
	if i == Spans {
		for _, f := range spanFields {
			if f.Doc == name {
				return f, true
			}
		}
	}
	return Field{}, false
}

// doc is Resolve for a board that has been checked. An unknown name stays as
// it is, so that a board built by hand finds nothing and does not crash.
func (i Index) doc(name string) string {
	if f, ok := i.Resolve(name); ok {
		return f.Doc
	}
	return name
}

// What a field must be for what is done with it.
type fitness struct {
	fits func(names.Kind) bool
	want string
}

var (
	anyKind = fitness{func(names.Kind) bool { return true }, "a field"}
	exact   = fitness{func(k names.Kind) bool { return k != names.Text }, "not text, which is searched by words and cannot be counted"}
	number  = fitness{func(k names.Kind) bool {
		return k == names.Integer || k == names.Long || k == names.Double
	}, "a number"}
)

func (f *faults) field(p *Panel, name string, need fitness) {
	field, ok := p.Index.Resolve(name)
	if !ok {
		f.unless(false, "the vocabulary has no field %q in %s: see telemetry/TELEMETRY.md, or add it to telemetry/names", name, p.Index)
		return
	}
	f.unless(need.fits(field.Kind), "field %q is %s, but must be %s", name, field.Kind, need.want)
}
