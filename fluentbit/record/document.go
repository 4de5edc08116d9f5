package record

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"jari.example/telemetry/names"
)

// Document is one document to create in OpenSearch. Index and ID follow from the
// record, so creating it twice has the same result as creating it once.
type Document struct {
	Index string
	ID    string
	Time  time.Time // decides which index it is in
	Body  []byte
	// Derived marks a document that many records share, such as an edge of the
	// service map. An agent may leave out one that is known to be stored.
	Derived bool
}

// Documents appends the documents of the record: one, and for a span also the edges
// of the service map that it shows. Identify must have run.
func (r *Record) Documents(dst []Document) []Document {
	when, trusted := r.IndexTime()
	if r.Signal == Unreadable {
		return append(dst, DeadLetter(Document{ID: r.ID, Time: when, Body: r.Unreadable.Raw}, 0, "unreadable", r.Unreadable.Reason))
	}
	o := newObject()
	var family string
	switch r.Signal {
	case Span:
		family = names.SpanIndex
		r.writeSpan(&o, when)
	case Metric:
		family = names.MetricIndex
		r.writePoint(&o, when)
	default:
		family = names.LogIndex
		o.add(names.DocTime, when)
	}
	if !trusted {
		o.add(names.DocOriginalTime, r.ownTime())
	}
	r.writeAttributes(&o)
	dst = append(dst, Document{Index: names.Daily(family, when), ID: r.ID, Time: when, Body: o.close()})
	if r.Signal == Span {
		dst = r.serviceMapEdges(dst, when)
	}
	return dst
}

// mappedFields holds every field with a mapping of its own, except the time, which
// is written from Record.Time alone.
var mappedFields = func() map[string]names.Field {
	m := make(map[string]names.Field, len(names.Fields))
	for _, f := range names.Fields {
		if f.Name != names.Time {
			m[f.Name] = f
		}
	}
	return m
}()

// writeAttributes writes attributes with a mapping at the top level, under their
// document names, and all others under names.Attributes, or under names.Unindexed if
// they are too long. A value that its mapping would refuse goes there too, so that a
// wrong type never costs a document.
func (r *Record) writeAttributes(o *object) {
	signal, point := r.Signal, r.Point
	// A copy: Documents may be called again.
	r = &Record{Attributes: validKeys(r.Attributes), Resource: validKeys(r.Resource), Scope: validKeys(r.Scope)}
	if signal == Metric && !finite(point.Value) {
		own := maps.Clone(r.Attributes)
		own[names.DocMetricValue] = point.Value
		if label := r.attribute(names.DocMetricValue); label != nil {
			own[names.DocMetricValue] = []any{point.Value, label}
		}
		r.Attributes = own
	}
	var rest, long []string
	for _, k := range r.attributeNames() {
		v := r.attribute(k)
		if v == nil || v == "" {
			continue
		}
		if f, ok := mappedFields[k]; ok {
			if c, ok := coerce(f.Kind, v); ok {
				o.add(f.Doc, c)
				continue
			}
		}
		if len(k)+valueSize(v) > maxIndexed { // a term contains the name, too
			long = append(long, k)
		} else {
			rest = append(rest, k)
		}
	}
	r.writeGroup(o, names.Attributes, rest)
	r.writeGroup(o, names.Unindexed, long)
}

// maxIndexed stays well below Lucene's longest term, 32,766 bytes. A flat_object
// reaches that with one long value, and the document would be refused.
const maxIndexed = 16_000

func valueSize(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case json.Number:
		return len(v)
	case []byte, []any, map[string]any:
		return len(appendValue(nil, v))
	}
	return 0
}

func (r *Record) writeGroup(o *object, name string, keys []string) {
	if len(keys) == 0 {
		return
	}
	o.key(name)
	o.open()
	for _, k := range keys {
		o.add(k, r.attribute(k))
	}
	*o = o.close()
}

// DeadLetter returns the dead letter of d: what was refused, and the reason.
func DeadLetter(d Document, status int, kind, reason string) Document {
	o := newObject()
	o.add(names.DocTime, d.Time)
	if d.Index != "" {
		o.add(names.DocRefusedIndex, d.Index)
	}
	o.add(names.DocRefusedID, d.ID)
	o.add(names.DocRefusedStatus, status)
	o.add(names.DocRefusedType, kind)
	o.add(names.DocRefusedReason, strings.ToValidUTF8(reason, "\uFFFD"))
	if utf8.Valid(d.Body) {
		o.add(names.DocRefused, string(d.Body))
	} else {
		o.add(names.DocRefusedBase64, base64.StdEncoding.EncodeToString(d.Body))
	}
	return Document{
		Index: names.Daily(names.DeadLetterIndex, d.Time),
		ID:    digest([]byte(d.Index + "\x00" + d.ID)),
		Time:  d.Time,
		Body:  o.close(),
	}
}
