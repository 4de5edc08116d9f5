package main

import (
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

// resourceAttributes returns a resource's attributes without the time of receipt that
// the gate has added, and that time.
func resourceAttributes(r pcommon.Resource) (own map[string]any, received time.Time) {
	own = r.Attributes().AsRaw()
	if at, ok := own[keyReceived].(int64); ok {
		received = time.Unix(0, at).UTC()
		delete(own, keyReceived)
	}
	return own, received
}

// timeOf converts t; zero if t is unset or beyond the range of OpenSearch.
func timeOf(t pcommon.Timestamp) time.Time {
	if t == 0 || t > 1<<63-1 {
		return time.Time{}
	}
	return t.AsTime()
}

func logRecords(ld plog.Logs) []record.Record {
	records := make([]record.Record, 0, ld.LogRecordCount())
	for _, rl := range ld.ResourceLogs().All() {
		_, followed := rl.Resource().Attributes().Get(names.AgentFollowed)
		res, received := resourceAttributes(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			shared := record.Record{Received: received, Resource: res, Scope: sl.Scope().Attributes().AsRaw()}
			for _, l := range sl.LogRecords().All() {
				if !followed {
					records = append(records, logRecord(l, shared))
				} else if line := l.Body().AsString(); !record.Blank(line) {
					records = append(records, record.Line(line, timeOf(l.ObservedTimestamp()), l.Attributes().AsRaw()))
				}
			}
		}
	}
	return records
}

// logRecord completes r, which has the shared attributes.
func logRecord(l plog.LogRecord, r record.Record) record.Record {
	own := l.Attributes().AsRaw()
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
	r.Attributes = own
	return record.OTLPLog(r, l.Body().AsRaw(), timeOf(l.Timestamp()), timeOf(l.ObservedTimestamp()))
}

func spanRecords(td ptrace.Traces) []record.Record {
	records := make([]record.Record, 0, td.SpanCount())
	for _, rs := range td.ResourceSpans().All() {
		res, received := resourceAttributes(rs.Resource())
		for _, ss := range rs.ScopeSpans().All() {
			shared := record.Record{Received: received, Resource: res, Scope: ss.Scope().Attributes().AsRaw()}
			for _, s := range ss.Spans().All() {
				records = append(records, spanRecord(s, shared))
			}
		}
	}
	return records
}

func spanRecord(s ptrace.Span, r record.Record) record.Record {
	if s.TraceID().IsEmpty() || s.SpanID().IsEmpty() {
		return unreadableSpan(s, r.Received)
	}
	own := s.Attributes().AsRaw()
	own[names.TraceID], own[names.SpanID] = s.TraceID().String(), s.SpanID().String()
	data := record.SpanData{
		Parent:     s.ParentSpanID().String(),
		Name:       s.Name(),
		Kind:       record.Kind(int(s.Kind())),
		End:        timeOf(s.EndTimestamp()),
		StatusCode: int(s.Status().Code()),
		StatusText: s.Status().Message(),
	}
	for _, e := range s.Events().All() {
		data.Events = append(data.Events, record.Event{Time: timeOf(e.Timestamp()), Name: e.Name(), Attributes: e.Attributes().AsRaw()})
	}
	for _, l := range s.Links().All() {
		data.Links = append(data.Links, record.Link{
			TraceID: l.TraceID().String(), SpanID: l.SpanID().String(), Attributes: l.Attributes().AsRaw(),
		})
	}
	r.Signal, r.Time, r.Attributes, r.Span = record.Span, timeOf(s.StartTimestamp()), own, &data
	return r
}

// unreadableSpan returns the record of a span without ids: a request with only this span.
func unreadableSpan(s ptrace.Span, received time.Time) record.Record {
	td := ptrace.NewTraces()
	s.CopyTo(td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty())
	raw, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	if err != nil {
		raw = []byte(s.Name())
	}
	data := &record.UnreadableData{Reason: record.ErrSpanIDs.Error(), Raw: raw}
	return record.Record{Signal: record.Unreadable, Received: received, Unreadable: data}
}
