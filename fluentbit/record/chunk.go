package record

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"jari.example/telemetry/names"
)

// Group markers that Fluent Bit puts around OTLP logs, in place of the seconds.
const (
	groupStart = 0xffffffff
	groupEnd   = 0xfffffffe
)

var errShape = errors.New("not a record of a known shape")

// Decode reads a chunk of Fluent Bit: a run of MessagePack values in any of the
// shapes that its inputs produce. What cannot be read comes back as records of
// signal Broken among its intact neighbours, and is also told by the error; a
// chunk that breaks off keeps everything before the break. The records are
// identified.
func Decode(chunk []byte) ([]Record, error) {
	d := decoder{}
	in := newReader(chunk)
	run := -1 // where the unreadable values begin that the last record holds
	for {
		at := in.offset()
		v, err := in.next()
		if err == io.EOF {
			break
		}
		cut := err != nil // MessagePack has no marks to find the next value by
		if !cut {
			err = d.entry(v)
		}
		switch {
		case err == nil:
			run = -1
		case run >= 0: // garbage is one dead letter, not one per byte
			d.records[len(d.records)-1].Broken.Raw = chunk[run:in.offset()]
		default:
			run = at
			d.broken(chunk[at:in.offset()], fmt.Errorf("at byte %d of %d: %w", at, len(chunk), err))
		}
		if cut {
			d.records[len(d.records)-1].Broken.Raw = chunk[run:]
			break
		}
	}
	d.file()
	Identify(d.records)
	return d.records, errors.Join(d.errs...)
}

type decoder struct {
	records []Record
	errs    []error
	group   map[string]any // resource and scope of the OTLP logs that follow
}

func (d *decoder) broken(raw []byte, err error) {
	d.errs = append(d.errs, err)
	d.records = append(d.records, Record{Signal: Broken, Broken: &BrokenData{Reason: err.Error(), Raw: raw}})
}

// file gives broken input, which tells no time, that of a neighbour.
func (d *decoder) file() {
	var near time.Time
	for _, r := range d.records {
		if t, _ := r.When(); !t.IsZero() {
			near = t
			break
		}
	}
	for i := range d.records {
		if t, _ := d.records[i].When(); t.IsZero() {
			d.records[i].Time = time.Unix(0, 0).UTC()
			if !near.IsZero() {
				d.records[i].Time = near
			}
		}
	}
}

// entry reads one value of the chunk.
func (d *decoder) entry(v any) error {
	switch v := v.(type) {
	case map[string]any:
		switch {
		case v["resourceSpans"] != nil:
			return d.spans(v, time.Time{})
		case v["metrics"] != nil:
			return d.metrics(v)
		}
	case []any:
		if len(v) == 2 {
			if body, ok := v[1].(map[string]any); ok {
				return d.event(v[0], body)
			}
		}
	}
	return errShape
}

// event reads a log event: head is its time, alone or with metadata.
func (d *decoder) event(head any, body map[string]any) error {
	var meta map[string]any
	if pair, ok := head.([]any); ok && len(pair) == 2 {
		head = pair[0]
		meta, _ = pair[1].(map[string]any)
	}
	received, marker, err := moment(head)
	switch {
	case err != nil:
		return err
	case marker == groupStart:
		d.group = groupAttributes(body)
		return nil
	case marker == groupEnd:
		d.group = nil
		return nil
	case body["resourceSpans"] != nil:
		return d.spans(body, received)
	}
	if otlp, ok := meta["otlp"].(map[string]any); ok {
		d.records = append(d.records, d.otlpLog(otlp, body, received))
		return nil
	}
	line, isLine := body["log"].(string)
	if !isLine {
		// An input's own parser has taken the line apart.
		d.records = append(d.records, lineRecord(body, string(appendValue(nil, body)), received, nil))
		return nil
	}
	delete(body, "log")
	d.records = append(d.records, Line(line, received, body))
	return nil
}

// moment reads the time of an event, or which group marker it is.
func moment(v any) (t time.Time, marker uint32, err error) {
	switch v := v.(type) {
	case eventTime:
		if v.sec == groupStart || v.sec == groupEnd {
			return time.Time{}, v.sec, nil
		}
		return v.time(), 0, nil
	case int64: // the forward protocol's older form
		if v >= 0 && v < groupEnd {
			return time.Unix(v, 0).UTC(), 0, nil
		}
	case float64:
		if v >= 0 && v < groupEnd {
			return time.UnixMicro(int64(v * 1e6)).UTC(), 0, nil
		}
	}
	return time.Time{}, 0, errShape
}

func groupAttributes(body map[string]any) map[string]any {
	all := map[string]any{}
	for _, part := range []string{"scope", "resource"} { // the resource wins
		m, _ := body[part].(map[string]any)
		attributes, _ := m["attributes"].(map[string]any)
		for k, v := range attributes {
			all[k] = v
		}
	}
	return all
}

// otlpLog reads a log record of OTLP: what is known of it stands in the
// metadata, its body is the record.
func (d *decoder) otlpLog(otlp, body map[string]any, received time.Time) Record {
	own := map[string]any{}
	if line, ok := body["log"]; ok && len(body) == 1 {
		own[names.Body] = line
	} else {
		for k, v := range body {
			own[k] = v
		}
	}
	attributes, _ := otlp["attributes"].(map[string]any)
	for _, source := range []map[string]any{d.group, attributes} {
		for k, v := range source {
			own[k] = v
		}
	}
	for name, key := range map[string]string{names.TraceID: "trace_id", names.SpanID: "span_id"} {
		if id, ok := otlp[key].([]byte); ok && len(id) > 0 {
			own[name] = hex.EncodeToString(id)
		}
	}
	for name, key := range map[string]string{names.SeverityText: "severity_text", names.SeverityNumber: "severity_number"} {
		if v := otlp[key]; v != nil {
			own[name] = v
		}
	}
	return OTLPLog(own, nanos(otlp["timestamp"]), nanos(otlp["observed_timestamp"]), received)
}

// OTLPLog is the record of an OTLP log record whose fields stand in own under
// the names of a line, the body (if it is not a map) included. The agent's own
// time decides where it is not believed; the observed time stands in for it.
func OTLPLog(own map[string]any, happened, observed, received time.Time) Record {
	if received.IsZero() {
		received = observed
	}
	if happened.IsZero() {
		happened = observed
	}
	if own[names.Body] == nil {
		own[names.Body] = foreignBody(own, "")
	}
	return Record{Signal: Log, Time: happened, Received: received, Attributes: own}
}

// Unreadable is a chunk that as a whole could not be decoded.
func Unreadable(chunk []byte, reason string) []Record {
	d := decoder{}
	d.broken(chunk, errors.New(reason))
	d.file()
	Identify(d.records)
	return d.records
}
