// Package numbered makes chunks of numbered records, as Fluent Bit passes them to an
// output plugin, in the shapes of the captured chunks in ../../testdata. The numbers
// let a test check what became of each record.
package numbered

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"jari.example/telemetry/names"
)

// Records describes the records of a chunk: Count records of Service, numbered from
// First. The agent received them at Received. Record n occurred n-First Steps after
// At, or after Received if At is zero.
type Records struct {
	Service      string
	First, Count int64
	Received, At time.Time
	Step         time.Duration
}

// Shape is the form of the records in a chunk.
type Shape string

// The shapes.
const (
	Layouts Shape = "layouts" // lines of containers, alternating between the two layouts of the forward protocol
	Pieces  Shape = "pieces"  // pieces of longer lines that FireLens has split, three of each
	Groups  Shape = "groups"  // OTLP logs between group markers, ten in each group
	Tail    Shape = "tail"    // lines of a file, parsed into fields
	Alike   Shape = "alike"   // foreign lines with the same text, at different offsets of a file
	Traces  Shape = "traces"  // one OTLP/JSON request of spans
)

// Shapes lists them.
var Shapes = []Shape{Layouts, Pieces, Groups, Tail, Alike, Traces}

// Chunk encodes a chunk. Equal arguments give equal bytes, as when the agent sends a
// chunk again.
func (r Records) Chunk(shape Shape) ([]byte, error) {
	w := &writer{}
	w.enc = msgpack.NewEncoder(&w.b)
	w.enc.SetSortMapKeys(true)
	switch shape {
	case Layouts, Tail:
		for i := range r.Count {
			w.event(r.Received, shape == Tail || i%2 == 1, map[string]any{}, r.line(i, shape))
		}
	case Pieces:
		for i := range r.Count {
			w.event(r.Received, false, nil, r.piece(i))
		}
	case Alike:
		for i := range r.Count {
			w.event(r.Received, true, map[string]any{}, map[string]any{
				"log": r.Service + " repeats the same line", names.LogFilePath: "/log/" + r.Service, names.LogFileOffset: i * 100,
			})
		}
	case Groups:
		r.groups(w)
	case Traces:
		w.event(r.Received, false, nil, map[string]any{"resourceSpans": []any{map[string]any{
			"resource":   map[string]any{"attributes": []any{attribute(names.ServiceName, "stringValue", r.Service)}},
			"scopeSpans": []any{map[string]any{"spans": r.spans()}},
		}}})
	default:
		return nil, fmt.Errorf("unknown shape %q; want one of %v", shape, Shapes)
	}
	return w.b.Bytes(), w.err
}

func (r Records) timeOf(i int64) time.Time {
	at := r.At
	if at.IsZero() {
		at = r.Received
	}
	return at.Add(time.Duration(i) * r.Step).UTC()
}

// fields returns the fields of record i as a line of our format has them.
func (r Records) fields(i int64) map[string]any {
	return map[string]any{
		names.Time: r.timeOf(i).Format(time.RFC3339Nano), names.Body: "record", names.RecordUID: r.Service + "-" + strconv.FormatInt(i, 10),
		names.ServiceName: r.Service, names.EventName: names.EventEmitted, names.Count: r.First + i,
	}
}

func (r Records) line(i int64, shape Shape) map[string]any {
	if shape == Tail {
		return r.fields(i)
	}
	text, _ := json.Marshal(r.fields(i)) // strings and integers always marshal
	return map[string]any{"log": string(text), "container_name": r.Service, "source": "stdout"}
}

// perLine is how many pieces a split line has.
const perLine = 3

// piece returns piece i. A piece is not JSON, so its number is a field next to it,
// like the fields that a log driver adds.
func (r Records) piece(i int64) map[string]any {
	fields := r.fields(i)
	maps.DeleteFunc(fields, func(k string, _ any) bool {
		return slices.Contains([]string{names.Time, names.Body, names.RecordUID}, k)
	})
	line, ordinal := i/perLine, i%perLine+1
	fields["log"] = fmt.Sprintf(`piece %d of a line longer than 16 KiB, {"cut`, ordinal)
	fields["partial_message"], fields["partial_id"] = "true", fmt.Sprintf("%s-%d", r.Service, line)
	fields["partial_ordinal"], fields["partial_last"] = strconv.FormatInt(ordinal, 10), strconv.FormatBool(ordinal == perLine)
	return fields
}

const perGroup = 10

func (r Records) groups(w *writer) {
	for i := range r.Count {
		if i%perGroup == 0 {
			w.marker(groupStart, map[string]any{"schema": "otlp"}, map[string]any{
				"resource": map[string]any{"attributes": map[string]any{names.ServiceName: r.Service}}, "scope": map[string]any{"name": "scope"},
			})
		}
		at := uint64(r.timeOf(i).UnixNano())
		w.event(r.Received, true, map[string]any{"otlp": map[string]any{
			"timestamp": at, "observed_timestamp": at, "severity_text": "INFO",
			// The agent truncates an OTLP integer to 32 bits (testdata/README.md).
			// Our processes send large ones as strings.
			"attributes": map[string]any{names.Count: strconv.FormatInt(r.First+i, 10), names.EventName: names.EventEmitted},
		}}, map[string]any{"log": "record"})
		if i%perGroup == perGroup-1 || i == r.Count-1 {
			w.marker(groupEnd, map[string]any{}, map[string]any{})
		}
	}
}

func attribute(key, kind string, v any) any {
	return map[string]any{"key": key, "value": map[string]any{kind: v}}
}

func (r Records) spans() (all []any) {
	for i := range r.Count {
		at := r.timeOf(i)
		all = append(all, map[string]any{
			"traceId": fmt.Sprintf("%016x%016x", len(r.Service), r.First+i+1), "spanId": fmt.Sprintf("%016x", i+1),
			"name": names.SpanEmitted, "kind": 1,
			"startTimeUnixNano": strconv.FormatInt(at.UnixNano(), 10), "endTimeUnixNano": strconv.FormatInt(at.Add(time.Millisecond).UnixNano(), 10),
			"attributes": []any{attribute(names.Count, "intValue", strconv.FormatInt(r.First+i, 10))},
		})
	}
	return all
}

// The seconds of group markers.
const (
	groupStart = 0xffffffff
	groupEnd   = 0xfffffffe
)

type writer struct {
	b   bytes.Buffer
	enc *msgpack.Encoder
	err error
}

// event writes [time, body], or [[time, meta], body].
func (w *writer) event(at time.Time, withMeta bool, meta, body map[string]any) {
	w.head(uint32(at.Unix()), uint32(at.Nanosecond()), withMeta, meta, body)
}

func (w *writer) marker(seconds uint32, meta, body map[string]any) {
	w.head(seconds, 0, true, meta, body)
}

func (w *writer) head(seconds, nanos uint32, withMeta bool, meta, body map[string]any) {
	const pair, eventTime = 0x92, 0xd7
	w.b.WriteByte(pair)
	if withMeta {
		w.b.WriteByte(pair)
	}
	w.b.Write([]byte{eventTime, 0})
	_ = binary.Write(&w.b, binary.BigEndian, []uint32{seconds, nanos}) // a write to a buffer cannot fail
	if withMeta {
		w.encode(meta)
	}
	w.encode(body)
}

func (w *writer) encode(v map[string]any) {
	if err := w.enc.Encode(v); w.err == nil {
		w.err = err
	}
}
