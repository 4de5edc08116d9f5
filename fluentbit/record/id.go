package record

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"jari.example/telemetry/names"
)

// maxID keeps clear of the 512 bytes OpenSearch allows; longer uids are hashed.
const maxID = 128

// Identify gives each record of one chunk its document id, which depends on
// nothing but the chunk's bytes:
//
//   - a span: trace id and span id
//   - a log line: its log.record.uid
//   - a foreign line that was followed in a file: a hash of path, offset and text
//   - a piece of a line that FireLens has split: partial id and ordinal
//   - a metric point: a hash of its resource, scope, attributes, name, type, unit,
//     start and time, and of whether it is part of a distribution
//   - unreadable input: a hash of its bytes and the time it is filed under
//   - anything else: a hash of all it says, of a line also of when the agent got
//     it, plus its occurrence within the chunk. Best effort, both ways: what its
//     sender repeats with another time or beside other neighbours is kept twice,
//     and two that are equal down to that time, in two chunks, are one.
func Identify(records []Record) {
	seen := map[string]int{}
	for i := range records {
		r := &records[i]
		id, own := r.identity()
		if !own {
			n := seen[id]
			seen[id]++
			if n > 0 {
				id += "-" + strconv.Itoa(n)
			}
		}
		r.ID = id
	}
}

// identity is the record's id and whether that tells it from every other.
func (r *Record) identity() (id string, own bool) {
	switch r.Signal {
	case Span:
		return scalarText(r.attribute(names.TraceID)) + "-" + scalarText(r.attribute(names.SpanID)), true
	case Metric:
		p := r.Point
		var b []byte
		for _, m := range [...]map[string]any{r.Resource, r.Scope, r.Attributes} {
			b = appendValue(b, m) // apart: one name may have a value in each
		}
		for _, s := range [...]string{p.Name, p.Type, p.Unit} {
			b = appendString(b, s)
		}
		b = strconv.AppendBool(b, p.distribution)
		return digest(appendTime(appendTime(b, p.Start), r.Time)), true
	case Unreadable:
		at, _ := r.IndexTime()
		return digest(append(appendTime(nil, at), r.Unreadable.Raw...)), false
	}
	if uid := scalarText(r.attribute(names.RecordUID)); uid != "" && len(uid) <= maxID {
		return uid, true
	} else if uid != "" {
		return digest([]byte(uid)), true
	}
	if r.origin != "" {
		return digest([]byte(r.origin)), true
	}
	b := appendTime(nil, r.Time)
	if r.isLine || r.Time.IsZero() { // a line's own time may be in whole seconds
		b = appendTime(nil, r.Received)
	}
	return digest(r.appendAttributes(b)), false
}

func (r *Record) appendAttributes(b []byte) []byte {
	o := object(b)
	o.open()
	for _, k := range r.attributeNames() {
		o.add(k, r.attribute(k))
	}
	return o.close()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
