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

// Documents returns the documents of the records of one chunk: one of each, and the
// edges of the service map that its spans show. Identify must have run.
func Documents(records []Record) []Document {
	w := writer{docs: make([]Document, 0, len(records))}
	for i := range records {
		w.left = len(records) - i
		w.write(&records[i])
	}
	return w.docs
}

// writer writes documents. What it keeps from one to the next only saves work.
type writer struct {
	docs   []Document
	left   int    // records, of which this is the first
	space  []byte // for the next body, empty: bodies share blocks of memory
	fields []field
	rest   []field // without a mapping
	long   []field // too long to be indexed
	edges  map[edgeKey]bool
	days   map[indexDay]string
}

// field is a name with its value.
type field struct {
	name  string
	value any
}

type indexDay struct {
	family string
	day    int64
}

const (
	bodyBlock   = 64 << 10
	usualBody   = 2 << 10
	secondsADay = 24 * 60 * 60
)

func (w *writer) write(r *Record) {
	when, trusted := r.IndexTime()
	if r.Signal == Unreadable {
		w.docs = append(w.docs, DeadLetter(Document{ID: r.ID, Time: when, Body: r.Unreadable.Raw}, 0, "unreadable", r.Unreadable.Reason))
		return
	}
	o := w.newObject()
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
	w.writeAttributes(&o, r)
	w.docs = append(w.docs, Document{Index: w.daily(family, when), ID: r.ID, Time: when, Body: w.close(o)})
	if r.Signal == Span {
		w.serviceMapEdges(r, when)
	}
}

// newObject begins a body, and close ends it.
func (w *writer) newObject() object {
	if cap(w.space) < usualBody {
		w.space = make([]byte, 0, min(bodyBlock, usualBody*w.left))
	}
	return append(w.space, '{')
}

func (w *writer) close(o object) []byte {
	b := o.close()
	w.space = b[len(b):] // of the same block, or of a larger one if the body outgrew it
	return b[:len(b):len(b)]
}

func (w *writer) daily(family string, t time.Time) string {
	key := indexDay{family, t.Unix() / secondsADay}
	if t.Unix() < 0 { // the division rounds up
		return names.Daily(family, t)
	}
	index, ok := w.days[key]
	if !ok {
		if w.days == nil {
			w.days = map[indexDay]string{}
		}
		index = names.Daily(family, t)
		w.days[key] = index
	}
	return index
}

// mapped is a field with a mapping of its own.
type mapped struct {
	doc  string
	kind names.Kind
}

// mappedFields holds every field with a mapping of its own, except the time, which
// is written from Record.Time alone.
var mappedFields = func() map[string]mapped {
	m := make(map[string]mapped, len(names.Fields))
	for _, f := range names.Fields {
		if f.Name != names.Time {
			m[f.Name] = mapped{f.Doc, f.Kind}
		}
	}
	return m
}()

// writeAttributes writes attributes with a mapping at the top level, under their
// document names, and all others under names.Attributes, or under names.Unindexed if
// they are too long. A value that its mapping would refuse goes there too, so that a
// wrong type never costs a document.
func (w *writer) writeAttributes(o *object, r *Record) {
	if !r.hasValidKeys() || r.Signal == Metric && !finite(r.Point.Value) {
		r = r.withValidKeys()
	}
	w.fields = r.appendFields(w.fields[:0])
	w.rest, w.long = w.rest[:0], w.long[:0]
	for _, f := range w.fields {
		if f.value == nil || f.value == "" {
			continue
		}
		if m, ok := mappedFields[f.name]; ok {
			if c, ok := coerce(m.kind, f.value); ok {
				o.add(m.doc, c)
				continue
			}
		}
		if len(f.name)+valueSize(f.value) > maxIndexed { // a term contains the name, too
			w.long = append(w.long, f)
		} else {
			w.rest = append(w.rest, f)
		}
	}
	o.addGroup(names.Attributes, w.rest)
	o.addGroup(names.Unindexed, w.long)
}

func (r *Record) hasValidKeys() bool {
	return areValidKeys(r.Attributes) && areValidKeys(r.Resource) && areValidKeys(r.Scope)
}

// withValidKeys returns a copy for writeAttributes, because Documents may be called
// again. It has the value of a point that the index's field cannot hold.
func (r *Record) withValidKeys() *Record {
	valid := &Record{Attributes: validKeys(r.Attributes), Resource: validKeys(r.Resource), Scope: validKeys(r.Scope)}
	if r.Signal == Metric && !finite(r.Point.Value) {
		own := maps.Clone(valid.Attributes)
		own[names.DocMetricValue] = r.Point.Value
		if label := valid.attribute(names.DocMetricValue); label != nil {
			own[names.DocMetricValue] = []any{r.Point.Value, label}
		}
		valid.Attributes = own
	}
	return valid
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

func (o *object) addGroup(name string, fields []field) {
	if len(fields) == 0 {
		return
	}
	o.key(name)
	o.open()
	for _, f := range fields {
		o.add(f.name, f.value)
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
