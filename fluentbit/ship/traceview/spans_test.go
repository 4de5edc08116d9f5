package traceview

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

const (
	server = "SPAN_KIND_SERVER"
	client = "SPAN_KIND_CLIENT"
)

// span is one line of fixtureSpans: which service did what, for how long.
type span struct {
	trace, id, parent string
	service, name     string
	kind, peer        string
	ms                int
	failed            bool
}

// fixtureSpans are three bookings, one of which fails, and a search. The time that a diner
// waits is the duration of the gateway's root span.
var fixtureSpans = []span{
	{"t1", "a", "", "gateway", "POST /v1/reservations", server, "", 30, false},
	{"t1", "b", "a", "gateway", "POST reservation", client, "reservation", 24, false},
	{"t1", "c", "b", "reservation", "POST /reservations", server, "", 20, false},
	{"t1", "d", "c", "reservation", "reservation.insert", client, "postgresql", 8, false},

	{"t2", "a", "", "gateway", "POST /v1/reservations", server, "", 50, true},
	{"t2", "b", "a", "gateway", "POST reservation", client, "reservation", 44, true},
	{"t2", "c", "b", "reservation", "POST /reservations", server, "", 40, true},

	{"t3", "a", "", "gateway", "POST /v1/reservations", server, "", 40, false},
	{"t3", "b", "a", "gateway", "POST reservation", client, "reservation", 33, false},
	{"t3", "c", "b", "reservation", "POST /reservations", server, "", 30, false},

	{"t4", "a", "", "gateway", "GET /v1/search", server, "", 10, false},
	{"t4", "b", "a", "gateway", "GET search", client, "search", 8, false},
	{"t4", "c", "b", "search", "GET /search", server, "", 6, false},
}

var spanStart = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// id returns the trace id that the view shows.
func id(trace string) string { return fmt.Sprintf("%032x", trace) }

func (s span) record() record.Record {
	spanID := func(id string) string {
		if id == "" {
			return ""
		}
		return fmt.Sprintf("%016x", s.trace+id)
	}
	own := map[string]any{names.TraceID: id(s.trace), names.SpanID: spanID(s.id), names.ServiceName: s.service}
	if s.peer != "" {
		own[names.PeerService] = s.peer
	}
	return record.Record{Signal: record.Span, Time: spanStart, Received: spanStart, Attributes: own, Span: &record.SpanData{
		Parent: spanID(s.parent), Name: s.name, Kind: s.kind, End: spanStart.Add(time.Duration(s.ms) * time.Millisecond),
		StatusCode: map[bool]int{true: 2}[s.failed],
	}}
}

// storeSpans returns a store with the documents of the spans, changed by alter.
func storeSpans(t *testing.T, alter func(map[string]any)) shiptest.Store {
	t.Helper()
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	s, err := ship.Open(ship.Config{URL: store.URL, Prefix: store.Prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var docs []record.Document
	for _, sp := range fixtureSpans {
		r := []record.Record{sp.record()}
		record.Identify(r)
		docs = append(docs, record.Documents(r)...)
	}
	for i := range docs {
		var d map[string]any
		if err := json.Unmarshal(docs[i].Body, &d); err != nil {
			t.Fatal(err)
		}
		alter(d)
		if docs[i].Body, err = json.Marshal(d); err != nil {
			t.Fatal(err)
		}
	}
	if res, err := s.Ship(t.Context(), docs); err != nil || res.Refused > 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	store.Refresh(t)
	return store
}

func unaltered(map[string]any) {}
