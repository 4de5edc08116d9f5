package record

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/telemetry/names"
)

// spans reads an OTLP trace request, in both forms that Fluent Bit hands over:
// OTLP/JSON as the client sent it, and its own rendering of protobuf. A span
// without ids is kept as broken; its neighbours are not harmed.
func (d *decoder) spans(request map[string]any, received time.Time) error {
	for _, rs := range members(request, "resourceSpans") {
		resource := attributes(one(rs, "resource")["attributes"])
		for _, ss := range members(rs, "scopeSpans", "scope_spans") {
			own := maps.Clone(attributes(one(ss, "scope")["attributes"]))
			maps.Copy(own, resource)
			for _, s := range members(ss, "spans") {
				r, err := span(s, own, received)
				if err != nil {
					d.broken(appendValue(nil, s), err)
					continue
				}
				d.records = append(d.records, r)
			}
		}
	}
	return nil
}

var errIDs = errors.New("a span without a valid trace and span id")

func span(s, shared map[string]any, received time.Time) (Record, error) {
	trace, id := hexID(s, 32, "traceId", "trace_id"), hexID(s, 16, "spanId", "span_id")
	if trace == "" || id == "" {
		return Record{}, errIDs
	}
	own := maps.Clone(shared)
	maps.Copy(own, attributes(s["attributes"]))
	own[names.TraceID], own[names.SpanID] = trace, id
	status := one(s, "status")
	data := SpanData{
		Parent:     hexID(s, 16, "parentSpanId", "parent_span_id"),
		Name:       text(s["name"]),
		Kind:       enum(s["kind"], kinds[:]),
		End:        nanos(pick(s, "endTimeUnixNano", "end_time_unix_nano")),
		StatusCode: slices.Index(codes, enum(status["code"], codes)),
		StatusText: text(status["message"]),
	}
	for _, e := range members(s, "events") {
		data.Events = append(data.Events, Event{
			Time:       nanos(pick(e, "timeUnixNano", "time_unix_nano")),
			Name:       text(e["name"]),
			Attributes: attributes(e["attributes"]),
		})
	}
	for _, l := range members(s, "links") {
		data.Links = append(data.Links, Link{
			TraceID:    hexID(l, 32, "traceId", "trace_id"),
			SpanID:     hexID(l, 16, "spanId", "span_id"),
			Attributes: attributes(l["attributes"]),
		})
	}
	start := nanos(pick(s, "startTimeUnixNano", "start_time_unix_nano"))
	return Record{Signal: Span, Time: start, Received: received, Attributes: own, Span: &data}, nil
}

var codes = []string{"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"}

// enum is the name of an enumeration's value, given as number or name.
func enum(v any, values []string) string {
	if n, ok := integer(v); ok && n >= 0 && n < int64(len(values)) {
		return values[n]
	}
	if s := text(v); slices.Contains(values, s) {
		return s
	}
	return values[0]
}

// attributes reads a map, or OTLP/JSON's list of keys and tagged values.
func attributes(v any) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case []any:
		m := make(map[string]any, len(v))
		for _, e := range v {
			if kv, ok := e.(map[string]any); ok {
				m[text(kv["key"])] = tagged(kv["value"])
			}
		}
		return m
	}
	return map[string]any{}
}

// tagged reads OTLP/JSON's AnyValue.
func tagged(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for tag, v := range m {
		switch tag {
		case "stringValue", "boolValue":
			return v
		case "doubleValue":
			if f, ok := float(v); ok { // "NaN" comes as a string
				return f
			}
		case "intValue":
			if n, ok := integer(v); ok {
				return n
			}
		case "bytesValue":
			if b, err := base64.StdEncoding.DecodeString(text(v)); err == nil {
				return b
			}
		case "arrayValue":
			list := []any{}
			values, _ := one(m, tag)["values"].([]any)
			for _, e := range values {
				list = append(list, tagged(e))
			}
			return list
		case "kvlistValue":
			return attributes(one(m, tag)["values"])
		}
		return v
	}
	return nil
}

func pick(m map[string]any, keys ...string) any {
	for _, k := range keys {
		if v, ok := m[k]; ok {
			return v
		}
	}
	return nil
}

func one(m map[string]any, key string) map[string]any {
	v, _ := m[key].(map[string]any)
	return v
}

// members is the list of objects under the first of keys that is there.
func members(m map[string]any, keys ...string) []map[string]any {
	list, _ := pick(m, keys...).([]any)
	out := make([]map[string]any, 0, len(list))
	for _, e := range list {
		if v, ok := e.(map[string]any); ok {
			out = append(out, v)
		}
	}
	return out
}

// hexID is an id of n hex digits, or "" if it is none or all zero.
func hexID(m map[string]any, n int, keys ...string) string {
	s := strings.ToLower(text(pick(m, keys...)))
	if len(s) != n || strings.Trim(s, "0123456789abcdef") != "" || strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

// nanos reads a time in nanoseconds, given as number or string.
func nanos(v any) time.Time {
	switch v := v.(type) {
	case int64:
		return unixNano(uint64(v))
	case uint64:
		return unixNano(v)
	case json.Number:
		return nanos(string(v))
	case string:
		n, _ := strconv.ParseUint(v, 10, 64)
		return unixNano(n)
	}
	return time.Time{}
}
