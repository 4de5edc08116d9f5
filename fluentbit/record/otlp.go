package record

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/telemetry/names"
)

// decodeSpans reads an OTLP trace request in both forms that Fluent Bit passes on:
// OTLP/JSON as the client sent it, and its own rendering of protobuf. A span without
// ids becomes unreadable and does not affect the others.
func (d *decoder) decodeSpans(request map[string]any) {
	d.eachMap(request[keyResourceSpans], func(rs map[string]any) {
		resource := attributes(mapAt(rs, "resource")[keyAttributes])
		d.eachMap(firstOf(rs, "scopeSpans", "scope_spans"), func(ss map[string]any) {
			scope := attributes(mapAt(ss, "scope")[keyAttributes])
			d.eachMap(ss["spans"], func(s map[string]any) {
				r := Record{Received: d.received, Resource: resource, Scope: scope}
				if err := d.decodeSpan(&r, s); err != nil {
					d.addUnreadablePart(s, err)
					return
				}
				d.records = append(d.records, r)
			})
		})
	})
}

// ErrSpanIDs is the reason of a span that becomes a dead letter.
var ErrSpanIDs = errors.New("a span without a valid trace and span id")

func (d *decoder) decodeSpan(r *Record, s map[string]any) error {
	trace, id := hexID(s, 32, "traceId", "trace_id"), hexID(s, 16, "spanId", "span_id")
	if trace == "" || id == "" {
		return ErrSpanIDs
	}
	own := attributes(s[keyAttributes])
	own[names.TraceID], own[names.SpanID] = trace, id
	status := mapAt(s, "status")
	data := SpanData{
		Parent:     hexID(s, 16, "parentSpanId", "parent_span_id"),
		Name:       scalarText(s["name"]),
		Kind:       enum(s["kind"], spanKinds[:]),
		End:        nanos(firstOf(s, "endTimeUnixNano", "end_time_unix_nano")),
		StatusCode: slices.Index(statusCodes, enum(status["code"], statusCodes)),
		StatusText: scalarText(status["message"]),
	}
	d.eachMap(s["events"], func(e map[string]any) {
		data.Events = append(data.Events, Event{
			Time:       nanos(firstOf(e, "timeUnixNano", "time_unix_nano")),
			Name:       scalarText(e["name"]),
			Attributes: attributes(e[keyAttributes]),
		})
	})
	d.eachMap(s["links"], func(l map[string]any) {
		data.Links = append(data.Links, Link{
			TraceID:    hexID(l, 32, "traceId", "trace_id"),
			SpanID:     hexID(l, 16, "spanId", "span_id"),
			Attributes: attributes(l[keyAttributes]),
		})
	})
	r.Signal, r.Attributes, r.Span = Span, own, &data
	r.Time = nanos(firstOf(s, "startTimeUnixNano", "start_time_unix_nano"))
	return nil
}

var statusCodes = []string{"STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"}

// enum returns the name of an enumeration's value, given as a number or a name.
func enum(v any, values []string) string {
	if n, ok := toInteger(v); ok && n >= 0 && n < int64(len(values)) {
		return values[n]
	}
	if s := scalarText(v); slices.Contains(values, s) {
		return s
	}
	return values[0]
}

const (
	keyResourceSpans = "resourceSpans"
	keyAttributes    = "attributes"
)

// attributes reads a list of keys and AnyValues as function attributes does, but
// without a map for each key and each value. ok is false if it is not such a list of
// scalars.
func (r *reader) attributes() (m map[string]any, ok bool) {
	list, err := r.header()
	if err != nil || !list.isArray() || list.n > uint64(r.left()) {
		return nil, false
	}
	m = make(map[string]any, min(list.n, 64))
	for range list.n {
		if !r.mapOf(2) || !r.literal("key") {
			return nil, false
		}
		key, ok := r.string()
		if !ok || !r.literal("value") || !r.mapOf(1) {
			return nil, false
		}
		tag, ok := r.string()
		if !ok || !slices.Contains(anyValueTags[:scalarTags], tag) {
			return nil, false
		}
		h, err := r.header()
		if err != nil || h.isArray() || h.isMap() {
			return nil, false
		}
		v, err := r.scalar(h)
		if err != nil {
			return nil, false
		}
		m[key] = anyValueOf(tag, v)
	}
	return m, true
}

// mapOf reads the header of a map and reports whether it has n members.
func (r *reader) mapOf(n uint64) bool {
	h, err := r.header()
	return err == nil && h.isMap() && h.n == n
}

func (r *reader) string() (string, bool) {
	h, err := r.header()
	if err != nil || !h.isString() {
		return "", false
	}
	s, err := r.advance(h.n)
	return s, err == nil
}

func (r *reader) literal(want string) bool {
	s, ok := r.string()
	return ok && s == want
}

// keyUnreadable is the key of elements in a list of attributes that are no attribute.
const keyUnreadable = "unreadable"

// attributes reads a map, or OTLP/JSON's list of keys and AnyValues, as a map that
// the caller may change. Of equal keys the last one counts.
func attributes(v any) map[string]any {
	switch v := v.(type) {
	case nil:
		return map[string]any{}
	case map[string]any:
		return v
	case []any:
		m := make(map[string]any, len(v))
		var unreadable []any
		for _, e := range v {
			kv, _ := e.(map[string]any)
			if key, ok := kv["key"].(string); ok {
				m[key] = anyValue(kv["value"])
			} else {
				unreadable = append(unreadable, e)
			}
		}
		if unreadable != nil {
			m[keyUnreadable] = unreadable
		}
		return m
	}
	return map[string]any{keyUnreadable: v}
}

// anyValueTags are the forms of OTLP/JSON's AnyValue. If a value has several, the first
// of this list counts.
var anyValueTags = [...]string{"stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"}

// scalarTags is how many of them are of scalars in JSON.
const scalarTags = 4

// anyValue reads an AnyValue. Anything else is returned unchanged.
func anyValue(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	if len(m) == 0 {
		return nil
	}
	for _, tag := range anyValueTags {
		if v, ok := m[tag]; ok {
			return anyValueOf(tag, v)
		}
	}
	return m
}

func anyValueOf(tag string, v any) any {
	switch tag {
	case "intValue":
		if n, ok := toInteger(v); ok {
			return n
		}
	case "doubleValue":
		if f, ok := toFloat(v); ok { // "NaN" comes as a string
			return f
		}
	case "bytesValue":
		if b, err := base64.StdEncoding.DecodeString(scalarText(v)); err == nil {
			return b
		}
	case "arrayValue":
		list := []any{}
		if m, ok := v.(map[string]any); ok {
			values, _ := m["values"].([]any)
			for _, e := range values {
				list = append(list, anyValue(e))
			}
			return list
		}
	case "kvlistValue":
		if m, ok := v.(map[string]any); ok {
			return attributes(m["values"])
		}
	}
	return v
}

func firstOf(m map[string]any, keys ...string) any {
	for _, k := range keys {
		if v, ok := m[k]; ok {
			return v
		}
	}
	return nil
}

func mapAt(m map[string]any, key string) map[string]any {
	v, _ := m[key].(map[string]any)
	return v
}

// hexID reads an id of n hex digits; "" if it is not one, or all zero.
func hexID(m map[string]any, n int, keys ...string) string {
	s := strings.ToLower(scalarText(firstOf(m, keys...)))
	if len(s) != n || strings.Trim(s, "0123456789abcdef") != "" || strings.Trim(s, "0") == "" {
		return ""
	}
	return s
}

// nanos reads a time in Unix nanoseconds, given as a number or a string.
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
