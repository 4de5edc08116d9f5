package record

import (
	"encoding/hex"
	"time"

	"jari.example/telemetry/names"
)

// Fluent Bit puts group markers around OTLP logs. They have these values in place of
// the seconds.
const (
	groupStart = 0xffffffff
	groupEnd   = 0xfffffffe
)

// decodeEvent reads a log event. head is its time, alone or with metadata.
func (d *decoder) decodeEvent(head any, body map[string]any) error {
	var meta map[string]any
	if pair, ok := head.([]any); ok {
		if len(pair) != 2 {
			return errShape
		}
		if meta, ok = pair[1].(map[string]any); !ok && pair[1] != nil {
			return errShape
		}
		head = pair[0]
	}
	at, marker, err := decodeTime(head)
	switch {
	case err != nil:
		return err
	case marker == groupStart: // also ends a group whose end is missing
		resource, scope := mapAt(body, "resource"), mapAt(body, "scope")
		d.resource, d.scope = attributes(resource[keyAttributes]), attributes(scope[keyAttributes])
		return nil
	case marker == groupEnd:
		d.resource, d.scope = nil, nil
		return nil
	}
	if _, ok := body[keyResourceSpans].([]any); ok {
		d.received = at
		d.decodeSpans(body)
		return nil
	}
	if otlp, ok := meta["otlp"].(map[string]any); ok {
		d.records = append(d.records, d.decodeOTLPLog(otlp, body, at))
		return nil
	}
	line, isLine := body["log"].(string)
	if !isLine {
		// A parser of the input has already split the line into fields.
		line = string(appendValue(nil, body))
		r := lineRecord(body, line, at, body)
		r.addMissing(meta)
		d.records = append(d.records, r)
		return nil
	}
	delete(body, "log")
	if body[keyPath] != nil && Blank(line) {
		return nil
	}
	r := Line(line, at, body)
	r.addMissing(meta)
	d.records = append(d.records, r)
	return nil
}

// decodeTime reads the time of an event, or returns the group marker in its place.
func decodeTime(v any) (t time.Time, marker uint32, err error) {
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

// decodeOTLPLog reads an OTLP log record: the metadata holds its fields, and the
// event's body is its body. at, the event's time, is the record's own time or when it
// was observed; the metadata of OTLP/JSON does not have it.
func (d *decoder) decodeOTLPLog(otlp, body map[string]any, at time.Time) Record {
	var logBody any = body
	if line, ok := body["log"]; ok && len(body) == 1 {
		logBody = line
	}
	own := attributes(otlp[keyAttributes])
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
	occurred := nanos(otlp["timestamp"])
	if occurred.IsZero() {
		occurred = at
	}
	r := Record{Attributes: own, Resource: d.resource, Scope: d.scope}
	return OTLPLog(r, logBody, occurred, nanos(otlp["observed_timestamp"]))
}

// OTLPLog completes r, which holds the attributes of an OTLP log record and the time
// at which the agent received it. If body is a map, its members become attributes.
// observed replaces occurred or the time of receipt where one of them is zero.
func OTLPLog(r Record, body any, occurred, observed time.Time) Record {
	r.Signal, r.Time = Log, occurred
	if r.Received.IsZero() {
		r.Received = observed
	}
	if r.Time.IsZero() {
		r.Time = observed
	}
	if members, ok := body.(map[string]any); ok {
		r.addMissing(members)
	} else {
		r.Attributes[names.Body] = body
	}
	if r.Attributes[names.Body] == nil {
		r.Attributes[names.Body] = foreignBody(r.Attributes, "")
	}
	return r
}

// addMissing adds the attributes whose names the record does not have yet.
func (r *Record) addMissing(more map[string]any) {
	for k, v := range more {
		if r.attribute(k) == nil {
			r.Attributes[k] = v
		}
	}
}
