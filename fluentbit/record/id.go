package record

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"jari.example/telemetry/names"
)

// maxID stays well below the 512 bytes that OpenSearch allows. Longer uids are hashed.
const maxID = 128

// Identify gives each record of one chunk its document id, which depends on the
// chunk's bytes alone:
//
//   - a span: trace id and span id
//   - a log line: its log.record.uid
//   - a foreign line (one without our fields) from a file: a hash of path, offset and text
//   - a piece of a line that FireLens has split: its partial id and ordinal
//   - a metric point: a hash of its resource, scope, attributes, name, type, unit,
//     start and time, and of whether it is part of a distribution
//   - unreadable input: a hash of its bytes and its index time
//   - anything else: a hash of all its fields, for a line also of when the agent
//     received it, plus its number among equal ones of the chunk. This is best
//     effort: a record that its sender repeats with another time, or among other
//     records, is stored twice; and two records in two chunks that are equal down to
//     that time are stored once.
func Identify(records []Record) {
	seen := map[string]int{}
	for i := range records {
		r := &records[i]
		id, unique := r.identity()
		if !unique {
			n := seen[id]
			seen[id]++
			if n > 0 {
				id += "-" + strconv.Itoa(n)
			}
		}
		r.ID = id
	}
}

// identity returns the record's id. unique is false if another record of the chunk
// may have the same one.
func (r *Record) identity() (id string, unique bool) {
	switch r.Signal {
	case Span:
		return scalarText(r.attribute(names.TraceID)) + "-" + scalarText(r.attribute(names.SpanID)), true
	case Metric:
		p := r.Point
		var b []byte
		for _, m := range [...]map[string]any{r.Resource, r.Scope, r.Attributes} {
			b = appendValue(b, m) // one by one: a name may have a value in each
		}
		for _, s := range [...]string{p.Name, p.Type, p.Unit} {
			b = AppendString(b, s)
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
	if r.isLine || r.Time.IsZero() { // a line's own time may be in whole seconds only
		b = appendTime(nil, r.Received)
	}
	return digest(r.appendAttributes(b)), false
}

func (r *Record) appendAttributes(b []byte) []byte {
	o := object(b)
	o.open()
	for _, f := range r.appendFields(nil) {
		o.add(f.name, f.value)
	}
	return o.close()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
