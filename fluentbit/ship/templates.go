package ship

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"jari.example/telemetry/names"
)

// template is an index template of ours, with its mark: a digest of what it
// says, which an index made from it carries in its mapping's _meta.
type template struct {
	name   string
	sample string // an index it must apply to
	body   []byte
	mark   string
}

type properties map[string]any

// templates generates the index templates from the vocabulary.
func templates(prefix string) []template {
	return []template{
		newTemplate(prefix, "logs", names.LogIndex, fields(nil)),
		newTemplate(prefix, "spans", names.SpanIndex, fields(spanFields)),
		newTemplate(prefix, "metrics", names.MetricIndex, fields(metricFields)),
		newTemplate(prefix, "service-map", names.ServiceMapIndex, serviceMapFields),
		newTemplate(prefix, "deadletter", names.DeadLetterIndex, deadLetterFields),
	}
}

func newTemplate(prefix, name, family string, props properties) template {
	settings := map[string]any{
		"number_of_shards":     "1",
		"auto_expand_replicas": "0-1", // a copy wherever there is a second node
		// Said explicitly, an idle index refreshes too: a search for a line
		// that came after half an hour of silence finds it.
		"refresh_interval": "1s",
	}
	// dynamic false: what is not in the vocabulary never creates a field.
	mappings := map[string]any{"dynamic": false, "properties": props}
	says, _ := json.Marshal([]any{settings, mappings}) // maps of strings always marshal
	sum := sha256.Sum256(says)
	mark := hex.EncodeToString(sum[:8])
	mappings["_meta"] = map[string]any{"jari": mark}
	body, _ := json.Marshal(map[string]any{
		"index_patterns": []string{prefix + family + "*"},
		"priority":       300,
		"template":       map[string]any{"settings": settings, "mappings": mappings},
	})
	return template{name: prefix + "jari-" + name, sample: prefix + family + "2000.01.01", body: body, mark: mark}
}

// fields is every field of the vocabulary and those given. The time that was
// not believed is a keyword: it may be one that no date field accepts.
func fields(more properties) properties {
	props := properties{names.Attributes: typed("flat_object"), names.DocOriginalTime: typed(names.Keyword)}
	for _, f := range names.Fields {
		props[f.Doc] = typed(f.Kind)
	}
	for k, v := range more {
		props[k] = v
	}
	return props
}

func typed(kind names.Kind) properties {
	p := properties{"type": kind}
	if kind == names.Keyword {
		p["ignore_above"] = 8191 // longer values are kept but not indexed; unlimited, they refuse the document
	}
	return p
}

func nested(props properties) properties {
	return properties{"type": "object", "dynamic": false, "properties": props}
}

var spanFields = properties{
	names.DocParentSpanID:       typed(names.Keyword),
	names.DocSpanName:           typed(names.Keyword),
	names.DocKind:               typed(names.Keyword),
	names.DocStartTime:          typed(names.DateNanos),
	names.DocEndTime:            typed(names.DateNanos),
	names.DocDuration:           typed(names.Long),
	names.DocStatusCode:         typed(names.Integer),
	names.DocStatusText:         typed(names.Keyword),
	names.DocTraceGroup:         typed(names.Keyword),
	names.DocTraceGroupEnd:      typed(names.DateNanos),
	names.DocTraceGroupDuration: typed(names.Long),
	names.DocTraceGroupStatus:   typed(names.Integer),
	names.DocEvents:             nested(properties{"name": typed(names.Keyword), "time": typed(names.DateNanos)}),
	names.DocLinks:              nested(properties{names.DocTraceID: typed(names.Keyword), names.DocSpanID: typed(names.Keyword)}),
}

var metricFields = properties{
	names.DocMetricName:  typed(names.Keyword),
	names.DocMetricType:  typed(names.Keyword),
	names.DocMetricUnit:  typed(names.Keyword),
	names.DocMetricValue: typed(names.Double),
	names.DocStartTime:   typed(names.DateNanos),
}

var serviceMapFields = properties{
	names.DocServiceName:    typed(names.Keyword),
	names.DocKind:           typed(names.Keyword),
	names.DocTraceGroupName: typed(names.Keyword),
	names.DocHashID:         typed(names.Keyword),
	names.DocDestination:    nested(properties{names.MapDomain: typed(names.Keyword), names.MapResource: typed(names.Keyword)}),
	names.DocTarget:         nested(properties{names.MapDomain: typed(names.Keyword), names.MapResource: typed(names.Keyword)}),
}

// The refused document itself has no field: it is kept, and shown, but any
// index over it might refuse it a second time.
var deadLetterFields = properties{
	names.DocTime:          typed(names.DateNanos),
	names.DocRefusedIndex:  typed(names.Keyword),
	names.DocRefusedID:     typed(names.Keyword),
	names.DocRefusedStatus: typed(names.Integer),
	names.DocRefusedType:   typed(names.Keyword),
	names.DocRefusedReason: typed(names.Text),
}
