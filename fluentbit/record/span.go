package record

import (
	"time"

	"jari.example/telemetry/names"
)

// spanKinds are the span kinds as the trace view names them, by OTLP's number.
var spanKinds = [...]string{
	"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", kindServer, kindClient, "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER",
}

const (
	kindServer = "SPAN_KIND_SERVER"
	kindClient = "SPAN_KIND_CLIENT"
)

// Kind returns the trace view's name of OTLP's span kind n.
func Kind(n int) string {
	if n < 0 || n >= len(spanKinds) {
		n = 0
	}
	return spanKinds[n]
}

// writeSpan writes the fields that OpenSearch Dashboards' trace view queries. start is
// the span's index time. If its own clock was not trusted, the whole span is moved
// there.
func (r *Record) writeSpan(o *object, start time.Time) {
	s := r.Span
	duration := max(s.End.Sub(r.Time), 0)
	if s.End.IsZero() || r.Time.IsZero() {
		duration = 0
	}
	end := start.Add(duration)
	o.add(names.DocStartTime, start)
	o.add(names.DocEndTime, end)
	o.add(names.DocDuration, int64(duration))
	o.add(names.DocParentSpanID, s.Parent)
	o.add(names.DocSpanName, s.Name)
	o.add(names.DocKind, s.Kind)
	o.add(names.DocStatusCode, s.StatusCode)
	if s.StatusText != "" {
		o.add(names.DocStatusText, s.StatusText)
	}
	if s.Parent == "" {
		// Only a root has its trace group: its children would have to be updated
		// once their root is known.
		o.add(names.DocTraceGroup, s.Name)
		o.add(names.DocTraceGroupEnd, end)
		o.add(names.DocTraceGroupDuration, int64(duration))
		o.add(names.DocTraceGroupStatus, s.StatusCode)
	}
	if len(s.Events) > 0 {
		o.add(names.DocEvents, eventValues(s.Events))
	}
	if len(s.Links) > 0 {
		o.add(names.DocLinks, linkValues(s.Links))
	}
}

func eventValues(events []Event) []any {
	out := make([]any, len(events))
	for i, e := range events {
		m := map[string]any{"name": e.Name, names.Attributes: e.Attributes}
		if !e.Time.IsZero() {
			m["time"] = e.Time
		}
		out[i] = m
	}
	return out
}

func linkValues(links []Link) []any {
	out := make([]any, len(links))
	for i, l := range links {
		out[i] = map[string]any{names.DocTraceID: l.TraceID, names.DocSpanID: l.SpanID, names.Attributes: l.Attributes}
	}
	return out
}

// serviceMapEdges writes the edges of the service map that the span shows, unless a
// span before it has shown the same ones. Dashboards joins a client's destination to
// the target of the service it names.
func (w *writer) serviceMapEdges(r *Record, when time.Time) {
	self, peer := scalarText(r.attribute(names.ServiceName)), scalarText(r.attribute(names.PeerService))
	if self == "" {
		return
	}
	switch {
	case r.Span.Kind == kindClient && peer != "":
		w.edge(r, when, self, names.DocDestination, peer, peer)
	case r.Span.Kind == kindServer:
		w.edge(r, when, self, names.DocTarget, r.Span.Name, self)
		w.edge(r, when, self, names.DocTarget, self, self)
	}
}

func (w *writer) edge(r *Record, when time.Time, self, end, resource, domain string) {
	year, month, _ := when.UTC().Date()
	key := edgeKey{self, r.Span.Kind, end, resource, domain, 12*year + int(month)}
	if w.edges[key] {
		return
	}
	if w.edges == nil {
		w.edges = map[edgeKey]bool{}
	}
	w.edges[key] = true
	id := digest([]byte(self + "\x00" + r.Span.Kind + "\x00" + end + "\x00" + resource + "\x00" + domain))
	o := w.newObject()
	o.add(names.DocServiceName, self)
	o.add(names.DocKind, r.Span.Kind)
	o.add(end, map[string]any{names.MapResource: resource, names.MapDomain: domain})
	o.add(names.DocTraceGroupName, r.Span.Name)
	o.add(names.DocHashID, id)
	w.docs = append(w.docs, Document{
		Index: names.Monthly(names.ServiceMapIndex, when), ID: id, Time: when, Body: w.close(o), Derived: true,
	})
}

// edgeKey identifies an edge in the index of a month.
type edgeKey struct {
	service, kind, end, resource, domain string
	month                                int
}
