package spans

import (
	"bytes"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip" // needs half the CPU time of compress/gzip
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/jsonappend"
)

// encoder encodes one batch after the other, so that its buffers and the
// compressor, which has a megabyte of tables, are reused.
type encoder struct {
	plain      []byte
	compressed bytes.Buffer
	gzip       *gzip.Writer
}

// encode returns spans, at least one, as a gzipped OTLP/JSON request.
func (e *encoder) encode(spans []sdktrace.ReadOnlySpan) []byte {
	e.plain = appendRequest(e.plain[:0], spans)
	if e.gzip == nil {
		e.gzip, _ = gzip.NewWriterLevel(&e.compressed, gzip.BestSpeed)
	}
	e.compressed.Reset()
	e.gzip.Reset(&e.compressed)
	_, _ = e.gzip.Write(e.plain) // cannot fail: it writes into memory
	_ = e.gzip.Close()
	return bytes.Clone(e.compressed.Bytes()) // of exact size, since it may wait for minutes
}

// appendRequest appends a trace request in OTLP/JSON: protobuf's JSON mapping,
// except that ids are hex
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). All spans
// of a process have the same resource; they are grouped by instrumentation scope.
func appendRequest(b []byte, spans []sdktrace.ReadOnlySpan) []byte {
	var scopes []instrumentation.Scope
	byScope := map[instrumentation.Scope][]sdktrace.ReadOnlySpan{}
	for _, s := range spans {
		scope := s.InstrumentationScope()
		if byScope[scope] == nil {
			scopes = append(scopes, scope)
		}
		byScope[scope] = append(byScope[scope], s)
	}
	b = append(b, `{"resourceSpans":[{"resource":{"attributes":`...)
	b = appendArray(b, spans[0].Resource().Attributes(), appendAttr)
	b = append(b, `},"scopeSpans":`...)
	b = appendArray(b, scopes, func(b []byte, scope instrumentation.Scope) []byte {
		b = jsonappend.String(append(b, `{"scope":{"name":`...), scope.Name)
		if scope.Version != "" {
			b = jsonappend.String(append(b, `,"version":`...), scope.Version)
		}
		b = appendArray(append(b, `},"spans":`...), byScope[scope], appendSpan)
		return append(b, '}')
	})
	return append(b, "}]}"...)
}

func appendSpan(b []byte, s sdktrace.ReadOnlySpan) []byte {
	b = append(b, '{')
	b = appendIDs(b, s.SpanContext())
	if parent := s.Parent().SpanID(); parent.IsValid() {
		b = jsonappend.Hex(append(b, `,"parentSpanId":`...), parent[:])
	}
	if state := s.SpanContext().TraceState().String(); state != "" {
		b = jsonappend.String(append(b, `,"traceState":`...), state)
	}
	b = strconv.AppendUint(append(b, `,"flags":`...), uint64(s.SpanContext().TraceFlags()), 10)
	b = jsonappend.String(append(b, `,"name":`...), s.Name())
	b = strconv.AppendInt(append(b, `,"kind":`...), kindOf(s.SpanKind()), 10)
	b = appendNanos(append(b, `,"startTimeUnixNano":`...), s.StartTime())
	b = appendNanos(append(b, `,"endTimeUnixNano":`...), s.EndTime())
	b = appendAttributes(b, s.Attributes())
	if events := s.Events(); len(events) > 0 {
		b = appendArray(append(b, `,"events":`...), events, appendEvent)
	}
	if links := s.Links(); len(links) > 0 {
		b = appendArray(append(b, `,"links":`...), links, func(b []byte, l sdktrace.Link) []byte {
			b = appendIDs(append(b, '{'), l.SpanContext)
			return append(appendAttributes(b, l.Attributes), '}')
		})
	}
	return append(appendStatus(append(b, `,"status":`...), s.Status()), '}')
}

func appendIDs(b []byte, sc trace.SpanContext) []byte {
	traceID, spanID := sc.TraceID(), sc.SpanID()
	b = jsonappend.Hex(append(b, `"traceId":`...), traceID[:])
	return jsonappend.Hex(append(b, `,"spanId":`...), spanID[:])
}

func appendEvent(b []byte, e sdktrace.Event) []byte {
	b = appendNanos(append(b, `{"timeUnixNano":`...), e.Time)
	b = jsonappend.String(append(b, `,"name":`...), e.Name)
	return append(appendAttributes(b, e.Attributes), '}')
}

// appendStatus appends the status. OTLP and the SDK number the codes differently.
func appendStatus(b []byte, s sdktrace.Status) []byte {
	switch s.Code {
	case codes.Ok:
		return append(b, `{"code":1}`...)
	case codes.Error:
		return append(jsonappend.String(append(b, `{"code":2,"message":`...), s.Description), '}')
	}
	return append(b, "{}"...)
}

func kindOf(k trace.SpanKind) int64 {
	switch k {
	case trace.SpanKindServer:
		return 2
	case trace.SpanKindClient:
		return 3
	case trace.SpanKindProducer:
		return 4
	case trace.SpanKindConsumer:
		return 5
	}
	return 1 // internal
}

// appendAttributes appends the member "attributes", unless there are none.
func appendAttributes(b []byte, attrs []attribute.KeyValue) []byte {
	if len(attrs) == 0 {
		return b
	}
	return appendArray(append(b, `,"attributes":`...), attrs, appendAttr)
}

func appendAttr(b []byte, a attribute.KeyValue) []byte {
	b = jsonappend.String(append(b, `{"key":`...), string(a.Key))
	return append(appendAttrValue(append(b, `,"value":`...), a.Value), '}')
}

func appendAttrValue(b []byte, v attribute.Value) []byte {
	switch v.Type() {
	case attribute.BOOL:
		b = strconv.AppendBool(append(b, `{"boolValue":`...), v.AsBool())
	case attribute.INT64:
		return appendIntValue(b, v.AsInt64())
	case attribute.FLOAT64:
		b = jsonappend.Float(append(b, `{"doubleValue":`...), v.AsFloat64())
	case attribute.STRINGSLICE:
		b = appendArray(append(b, `{"arrayValue":{"values":`...), v.AsStringSlice(), appendStringValue)
		b = append(b, '}')
	case attribute.INT64SLICE:
		b = appendArray(append(b, `{"arrayValue":{"values":`...), v.AsInt64Slice(), appendIntValue)
		b = append(b, '}')
	default:
		return appendStringValue(b, v.String())
	}
	return append(b, '}')
}

func appendStringValue(b []byte, s string) []byte {
	return append(jsonappend.String(append(b, `{"stringValue":`...), s), '}')
}

// appendIntValue appends an int64, which is a string in protobuf's JSON.
func appendIntValue(b []byte, n int64) []byte {
	return append(strconv.AppendInt(append(b, `{"intValue":"`...), n, 10), `"}`...)
}

func appendArray[T any](b []byte, values []T, appendOne func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendOne(b, v)
	}
	return append(b, ']')
}

func appendNanos(b []byte, t time.Time) []byte {
	return append(strconv.AppendInt(append(b, '"'), t.UnixNano(), 10), '"')
}
