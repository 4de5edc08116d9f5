package telemetry

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip" // at half the price of the standard library's
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// spanEncoder makes batches one after the other, so that the buffer and the
// compressor, a megabyte of tables, serve for all of them.
type spanEncoder struct {
	plain  []byte
	zipped bytes.Buffer
	gzip   *gzip.Writer
}

// zip encodes spans, of which there must be one.
func (e *spanEncoder) zip(spans []sdktrace.ReadOnlySpan) []byte {
	e.plain = appendSpans(e.plain[:0], spans)
	if e.gzip == nil {
		e.gzip, _ = gzip.NewWriterLevel(&e.zipped, gzip.BestSpeed)
	}
	e.zipped.Reset()
	e.gzip.Reset(&e.zipped)
	_, _ = e.gzip.Write(e.plain) // into memory
	_ = e.gzip.Close()
	return bytes.Clone(e.zipped.Bytes()) // it may wait for long: no byte too many
}

// appendSpans appends the OTLP/JSON form of a trace request: protobuf's JSON
// mapping, except that ids are hex
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). All spans
// of a process are of one resource; they are grouped by what made them.
func appendSpans(b []byte, spans []sdktrace.ReadOnlySpan) []byte {
	var scopes []instrumentation.Scope
	of := map[instrumentation.Scope][]sdktrace.ReadOnlySpan{}
	for _, s := range spans {
		scope := s.InstrumentationScope()
		if of[scope] == nil {
			scopes = append(scopes, scope)
		}
		of[scope] = append(of[scope], s)
	}
	b = append(b, `{"resourceSpans":[{"resource":{"attributes":`...)
	b = appendArray(b, spans[0].Resource().Attributes(), appendAttr)
	b = append(b, `},"scopeSpans":`...)
	b = appendArray(b, scopes, func(b []byte, scope instrumentation.Scope) []byte {
		b = appendString(append(b, `{"scope":{"name":`...), scope.Name)
		if scope.Version != "" {
			b = appendString(append(b, `,"version":`...), scope.Version)
		}
		b = appendArray(append(b, `},"spans":`...), of[scope], appendSpan)
		return append(b, '}')
	})
	return append(b, "}]}"...)
}

func appendSpan(b []byte, s sdktrace.ReadOnlySpan) []byte {
	b = append(b, '{')
	b = appendIDs(b, s.SpanContext())
	if parent := s.Parent().SpanID(); parent.IsValid() {
		b = appendHex(append(b, `,"parentSpanId":`...), parent[:])
	}
	if state := s.SpanContext().TraceState().String(); state != "" {
		b = appendString(append(b, `,"traceState":`...), state)
	}
	b = strconv.AppendUint(append(b, `,"flags":`...), uint64(s.SpanContext().TraceFlags()), 10)
	b = appendString(append(b, `,"name":`...), s.Name())
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
	b = appendHex(append(b, `"traceId":`...), traceID[:])
	return appendHex(append(b, `,"spanId":`...), spanID[:])
}

func appendEvent(b []byte, e sdktrace.Event) []byte {
	b = appendNanos(append(b, `{"timeUnixNano":`...), e.Time)
	b = appendString(append(b, `,"name":`...), e.Name)
	return append(appendAttributes(b, e.Attributes), '}')
}

// appendStatus: OTLP and the SDK number the codes the other way round.
func appendStatus(b []byte, s sdktrace.Status) []byte {
	switch s.Code {
	case codes.Ok:
		return append(b, `{"code":1}`...)
	case codes.Error:
		return append(appendString(append(b, `{"code":2,"message":`...), s.Description), '}')
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

// appendAttributes appends the member that holds them, if there are any.
func appendAttributes(b []byte, attrs []attribute.KeyValue) []byte {
	if len(attrs) == 0 {
		return b
	}
	return appendArray(append(b, `,"attributes":`...), attrs, appendAttr)
}

func appendAttr(b []byte, a attribute.KeyValue) []byte {
	b = appendString(append(b, `{"key":`...), string(a.Key))
	return append(appendValueOf(append(b, `,"value":`...), a.Value), '}')
}

func appendValueOf(b []byte, v attribute.Value) []byte {
	switch v.Type() {
	case attribute.BOOL:
		b = strconv.AppendBool(append(b, `{"boolValue":`...), v.AsBool())
	case attribute.INT64:
		return appendIntValue(b, v.AsInt64())
	case attribute.FLOAT64:
		b = appendFloat(append(b, `{"doubleValue":`...), v.AsFloat64())
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
	return append(appendString(append(b, `{"stringValue":`...), s), '}')
}

// appendIntValue: an int64 is a string in protobuf's JSON.
func appendIntValue(b []byte, n int64) []byte {
	return append(strconv.AppendInt(append(b, `{"intValue":"`...), n, 10), `"}`...)
}

func appendArray[T any](b []byte, values []T, one func([]byte, T) []byte) []byte {
	b = append(b, '[')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = one(b, v)
	}
	return append(b, ']')
}

func appendHex(b, id []byte) []byte {
	return append(hex.AppendEncode(append(b, '"'), id), '"')
}

func appendNanos(b []byte, t time.Time) []byte {
	return append(strconv.AppendInt(append(b, '"'), t.UnixNano(), 10), '"')
}
