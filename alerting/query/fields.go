package query

import (
	"slices"

	"jari.example/telemetry/names"
)

// docField returns the field of a document for a name of telemetry/names: that of a log
// line ("service.name"), or one that only these documents have ("durationInNanos"). ok is
// false for any other.
func docField(documents, name string) (doc string, ok bool) {
	at := slices.IndexFunc(names.Indices, func(i names.Index) bool { return i.Family == families[documents].index })
	if at < 0 {
		return "", false
	}
	index := names.Indices[at]
	if slices.ContainsFunc(index.Own, func(f names.Field) bool { return f.Doc == name }) {
		return name, true
	}
	if !index.Shared {
		return "", false
	}
	if doc, ok = names.DocName(name); ok {
		return doc, true
	}
	attribute := slices.Contains(names.Labels, name) ||
		slices.ContainsFunc(names.Unmapped, func(f names.Field) bool { return f.Name == name })
	return names.Attributes + "." + name, attribute
}

// kindOf is the type of a field, given its name in a document.
func kindOf(documents, doc string) names.Kind {
	for _, index := range names.Indices {
		if index.Family != families[documents].index {
			continue
		}
		for _, f := range append(slices.Clone(index.Own), names.Fields...) {
			if f.Doc == doc {
				return f.Kind
			}
		}
	}
	return names.Keyword
}

// valuesOf are the values that a field may have, if telemetry/names lists them; else nil.
func valuesOf(documents, field string) (all []string) {
	switch field {
	case names.EventName:
		for _, e := range names.Events {
			all = append(all, e.Name)
		}
	case names.ServiceName:
		all = names.Services
	case names.Queue:
		all = names.Queues
	case names.DocMetricName: // of metrics; a span's name is called so, too
		if documents != "metrics" {
			return nil
		}
		for _, m := range names.Metrics {
			all = append(all, m.Name, m.Name+".count", m.Name+".sum")
		}
	}
	return all
}
