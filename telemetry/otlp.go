package telemetry

import (
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The OTLP/JSON encoding of a trace request: protobuf's JSON mapping, except
// that ids are hex (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
type (
	otlpRequest struct {
		ResourceSpans []otlpResource `json:"resourceSpans"`
	}
	otlpResource struct {
		Resource struct {
			Attributes []otlpAttr `json:"attributes"`
		} `json:"resource"`
		ScopeSpans []otlpScope `json:"scopeSpans"`
	}
	otlpScope struct {
		Scope struct {
			Name    string `json:"name"`
			Version string `json:"version,omitempty"`
		} `json:"scope"`
		Spans []otlpSpan `json:"spans"`
	}
	otlpSpan struct {
		TraceID      string      `json:"traceId"`
		SpanID       string      `json:"spanId"`
		ParentSpanID string      `json:"parentSpanId,omitempty"`
		TraceState   string      `json:"traceState,omitempty"`
		Flags        uint32      `json:"flags"`
		Name         string      `json:"name"`
		Kind         int         `json:"kind"`
		Start        string      `json:"startTimeUnixNano"`
		End          string      `json:"endTimeUnixNano"`
		Attributes   []otlpAttr  `json:"attributes,omitempty"`
		Events       []otlpEvent `json:"events,omitempty"`
		Links        []otlpLink  `json:"links,omitempty"`
		Status       struct {
			Code    int    `json:"code,omitempty"`
			Message string `json:"message,omitempty"`
		} `json:"status"`
	}
	otlpEvent struct {
		Time       string     `json:"timeUnixNano"`
		Name       string     `json:"name"`
		Attributes []otlpAttr `json:"attributes,omitempty"`
	}
	otlpLink struct {
		TraceID    string     `json:"traceId"`
		SpanID     string     `json:"spanId"`
		Attributes []otlpAttr `json:"attributes,omitempty"`
	}
	otlpAttr struct {
		Key   string    `json:"key"`
		Value otlpValue `json:"value"`
	}
	otlpValue struct {
		String *string    `json:"stringValue,omitempty"`
		Bool   *bool      `json:"boolValue,omitempty"`
		Int    *string    `json:"intValue,omitempty"` // int64 is a string in protobuf's JSON
		Double *float64   `json:"doubleValue,omitempty"`
		Array  *otlpArray `json:"arrayValue,omitempty"`
	}
	otlpArray struct {
		Values []otlpValue `json:"values"`
	}
)

// encodeSpans groups spans by resource and scope.
func encodeSpans(spans []sdktrace.ReadOnlySpan) otlpRequest {
	type scopeKey struct {
		resource      attribute.Distinct
		name, version string
	}
	var request otlpRequest
	resources := map[attribute.Distinct]int{}
	scopes := map[scopeKey]int{}
	for _, s := range spans {
		id := s.Resource().Equivalent()
		r, ok := resources[id]
		if !ok {
			r = len(request.ResourceSpans)
			resources[id] = r
			request.ResourceSpans = append(request.ResourceSpans, otlpResource{})
			request.ResourceSpans[r].Resource.Attributes = encodeAttrs(s.Resource().Attributes())
		}
		resource := &request.ResourceSpans[r]
		scope := s.InstrumentationScope()
		key := scopeKey{id, scope.Name, scope.Version}
		i, ok := scopes[key]
		if !ok {
			i = len(resource.ScopeSpans)
			scopes[key] = i
			resource.ScopeSpans = append(resource.ScopeSpans, otlpScope{})
			resource.ScopeSpans[i].Scope.Name, resource.ScopeSpans[i].Scope.Version = scope.Name, scope.Version
		}
		resource.ScopeSpans[i].Spans = append(resource.ScopeSpans[i].Spans, encodeSpan(s))
	}
	return request
}

func encodeSpan(s sdktrace.ReadOnlySpan) otlpSpan {
	sc := s.SpanContext()
	out := otlpSpan{
		TraceID: sc.TraceID().String(), SpanID: sc.SpanID().String(),
		TraceState: sc.TraceState().String(), Flags: uint32(sc.TraceFlags()),
		Name: s.Name(), Kind: encodeKind(s.SpanKind()),
		Start: nanos(s.StartTime()), End: nanos(s.EndTime()),
		Attributes: encodeAttrs(s.Attributes()),
	}
	if s.Parent().SpanID().IsValid() {
		out.ParentSpanID = s.Parent().SpanID().String()
	}
	for _, e := range s.Events() {
		out.Events = append(out.Events, otlpEvent{nanos(e.Time), e.Name, encodeAttrs(e.Attributes)})
	}
	for _, l := range s.Links() {
		out.Links = append(out.Links, otlpLink{l.SpanContext.TraceID().String(), l.SpanContext.SpanID().String(), encodeAttrs(l.Attributes)})
	}
	switch s.Status().Code {
	case codes.Ok:
		out.Status.Code = 1
	case codes.Error: // OTLP and the SDK number these two the other way round
		out.Status.Code, out.Status.Message = 2, s.Status().Description
	}
	return out
}

func encodeKind(k trace.SpanKind) int {
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

func encodeAttrs(attrs []attribute.KeyValue) []otlpAttr {
	out := make([]otlpAttr, 0, len(attrs))
	for _, a := range attrs {
		out = append(out, otlpAttr{string(a.Key), encodeAttrValue(a.Value)})
	}
	return out
}

func encodeAttrValue(v attribute.Value) otlpValue {
	switch v.Type() {
	case attribute.BOOL:
		return otlpValue{Bool: new(v.AsBool())}
	case attribute.INT64:
		return otlpValue{Int: new(strconv.FormatInt(v.AsInt64(), 10))}
	case attribute.FLOAT64:
		return otlpValue{Double: new(v.AsFloat64())}
	case attribute.STRINGSLICE:
		return encodeArray(v.AsStringSlice(), func(s string) otlpValue { return otlpValue{String: &s} })
	case attribute.INT64SLICE:
		return encodeArray(v.AsInt64Slice(), func(n int64) otlpValue { return otlpValue{Int: new(strconv.FormatInt(n, 10))} })
	}
	return otlpValue{String: new(v.String())}
}

func encodeArray[T any](values []T, one func(T) otlpValue) otlpValue {
	array := &otlpArray{Values: make([]otlpValue, 0, len(values))}
	for _, v := range values {
		array.Values = append(array.Values, one(v))
	}
	return otlpValue{Array: array}
}

func nanos(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) }
