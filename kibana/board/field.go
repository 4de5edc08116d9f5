package board

import (
	"maps"
	"slices"

	"jari.example/telemetry/names"
)

// Index is a family of documents.
type Index string

// The index families that panels can show.
const (
	Logs  Index = "logs"
	Spans Index = "spans"
)

// Family describes the indices of an Index.
type Family struct {
	Prefix string // prefix of its daily indices
	Time   string // the time field that selects the daily index
	Title  string
}

var families = map[Index]Family{
	Logs:  {names.LogIndex, names.DocTime, "Log lines"},
	Spans: {names.SpanIndex, names.DocStartTime, "Spans"},
}

// Family returns the indices of the documents.
func (i Index) Family() Family { return families[i] }

// Pattern matches all indices of the family.
func (f Family) Pattern() string { return f.Prefix + "*" }

func indexNames() []string {
	var out []string
	for _, i := range slices.Sorted(maps.Keys(families)) {
		out = append(out, string(i))
	}
	return out
}

// Field is a field of a document.
type Field struct {
	Doc  string
	Kind names.Kind
}

// spanFields are fields that only span documents have.
var spanFields = []Field{
	{names.DocSpanName, names.Keyword}, {names.DocKind, names.Keyword}, {names.DocParentSpanID, names.Keyword},
	{names.DocStartTime, names.DateNanos}, {names.DocEndTime, names.DateNanos}, {names.DocDuration, names.Long},
	{names.DocStatusCode, names.Integer}, {names.DocStatusText, names.Keyword}, {names.DocTraceGroup, names.Keyword},
}

// Resolve returns the document's field for a name. ok is false for a name that
// telemetry/names does not have.
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

// doc is Resolve for a board that has been checked. It returns an unknown name
// unchanged, so that a board that was built in code finds nothing and does not
// panic.
func (i Index) doc(name string) string {
	if f, ok := i.Resolve(name); ok {
		return f.Doc
	}
	return name
}

// kindRule is a requirement on the kind of a field.
type kindRule struct {
	allows func(names.Kind) bool
	want   string
}

var (
	anyKind = kindRule{func(names.Kind) bool { return true }, "a field"}
	exact   = kindRule{func(k names.Kind) bool { return k != names.Text }, "of another kind than text, which cannot be counted"}
	number  = kindRule{func(k names.Kind) bool {
		return k == names.Integer || k == names.Long || k == names.Double
	}, "a number"}
)

func (f *problems) field(p *Panel, name string, need kindRule) {
	field, ok := p.Index.Resolve(name)
	if !ok {
		f.require(false, "there is no field %q in %s: see telemetry/TELEMETRY.md, or add it to telemetry/names", name, p.Index)
		return
	}
	f.require(need.allows(field.Kind), "field %q is %s, but must be %s", name, field.Kind, need.want)
}
