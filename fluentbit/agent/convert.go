package main

import (
	"maps"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

// keyPath is on every line that was followed in a file, and on nothing else.
const keyPath = "log.file.path"

// resource is a resource's attributes without the gate's stamp, and the stamp.
func resource(r pcommon.Resource) (own map[string]any, received time.Time) {
	own = r.Attributes().AsRaw()
	if at, ok := own[keyReceived].(int64); ok {
		received = time.Unix(0, at).UTC()
		delete(own, keyReceived)
	}
	return own, received
}

// moment is t's time, the zero time if it has none.
func moment(t pcommon.Timestamp) time.Time {
	if t == 0 || t > 1<<63-1 {
		return time.Time{}
	}
	return t.AsTime()
}

// with is the attributes shared by several records and those of one.
func with(shared map[string]any, attributes pcommon.Map) map[string]any {
	own := maps.Clone(shared)
	maps.Copy(own, attributes.AsRaw())
	return own
}

// under is the attributes of a scope and those of its resource, which win.
func under(scope pcommon.InstrumentationScope, resource map[string]any) map[string]any {
	own := scope.Attributes().AsRaw()
	maps.Copy(own, resource)
	return own
}

func logRecords(ld plog.Logs) []record.Record {
	records := make([]record.Record, 0, ld.LogRecordCount())
	for _, rl := range ld.ResourceLogs().All() {
		res, received := resource(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			shared := under(sl.Scope(), res)
			for _, l := range sl.LogRecords().All() {
				own := with(shared, l.Attributes())
				if own[keyPath] != nil {
					records = append(records, record.Line(l.Body().AsString(), moment(l.ObservedTimestamp()), own))
					continue
				}
				records = append(records, otlpLog(l, own, received))
			}
		}
	}
	return records
}

func otlpLog(l plog.LogRecord, own map[string]any, received time.Time) record.Record {
	if body, ok := l.Body().AsRaw().(map[string]any); ok {
		for k, v := range body {
			if _, taken := own[k]; !taken {
				own[k] = v
			}
		}
	} else {
		own[names.Body] = l.Body().AsRaw()
	}
	if id := l.TraceID(); !id.IsEmpty() {
		own[names.TraceID] = id.String()
	}
	if id := l.SpanID(); !id.IsEmpty() {
		own[names.SpanID] = id.String()
	}
	if n := l.SeverityNumber(); n != 0 {
		own[names.SeverityNumber] = int64(n)
	}
	if s := l.SeverityText(); s != "" {
		own[names.SeverityText] = s
	}
	return record.OTLPLog(own, moment(l.Timestamp()), moment(l.ObservedTimestamp()), received)
}

func spanRecords(td ptrace.Traces) []record.Record {
	records := make([]record.Record, 0, td.SpanCount())
	for _, rs := range td.ResourceSpans().All() {
		res, received := resource(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			shared := under(ss.Scope(), res)
			for _, s := range ss.Spans().All() {
				records = append(records, spanRecord(s, with(shared, s.Attributes()), received))
			}
		}
	}
	return records
}

func spanRecord(s ptrace.Span, own map[string]any, received time.Time) record.Record {
	own[names.TraceID], own[names.SpanID] = s.TraceID().String(), s.SpanID().String()
	data := record.SpanData{
		Parent:     s.ParentSpanID().String(),
		Name:       s.Name(),
		Kind:       record.Kind(int(s.Kind())),
		End:        moment(s.EndTimestamp()),
		StatusCode: int(s.Status().Code()),
		StatusText: s.Status().Message(),
	}
	for _, e := range s.Events().All() {
		data.Events = append(data.Events, record.Event{Time: moment(e.Timestamp()), Name: e.Name(), Attributes: e.Attributes().AsRaw()})
	}
	for _, l := range s.Links().All() {
		data.Links = append(data.Links, record.Link{TraceID: l.TraceID().String(), SpanID: l.SpanID().String(), Attributes: l.Attributes().AsRaw()})
	}
	return record.Record{Signal: record.Span, Time: moment(s.StartTimestamp()), Received: received, Attributes: own, Span: &data}
}
