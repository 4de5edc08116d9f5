package preview_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
	"jari.example/kibana/preview"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

const trace = "0123456789abcdef0123456789abcdef"

// indexSamples creates indices for this test with one minute of documents, and
// returns a Source for them.
func indexSamples(t *testing.T, at time.Time) *preview.Source {
	t.Helper()
	url := realpart.Need(t, realpart.OpenSearch)
	prefix := "t" + strings.ToLower(rand.Text()[:10]) + "-"
	logs, spans := prefix+names.Daily(names.LogIndex, at), prefix+names.Daily(names.SpanIndex, at)
	for _, index := range []string{logs, spans} {
		call(t, "PUT", url+"/"+index, mapping())
		t.Cleanup(func() { call(t, "DELETE", url+"/"+index, nil) })
	}
	var bulk bytes.Buffer
	add := func(index string, doc map[string]any) {
		json.NewEncoder(&bulk).Encode(map[string]any{"create": map[string]any{"_index": index}})
		json.NewEncoder(&bulk).Encode(doc)
	}
	// Ten bookings: 201 five times, a refusal, one that left early, one not counted, one
	// failure, one that left after a long wait.
	for i, status := range []int{201, 201, 201, 201, 499, 201, 409, 429, 503, 499} {
		d := map[string]any{
			names.DocTime: stamp(at, i), "severity.number": 9, "severity.text": "INFO", names.EventName: names.EventAccess,
			names.DocServiceName: names.ServiceGateway, names.CloudRegion: "ap-northeast-2", names.HTTPMethod: "POST",
			names.HTTPRoute: "/v1/reservations", names.HTTPStatus: status, names.HTTPDuration: 0.01 * float64(i+1),
			names.HTTPBodyRead: true,
			names.DocTraceID:   trace, names.Body: fmt.Sprint("POST /v1/reservations ", status),
		}
		if i == 9 {
			d[names.HTTPDuration] = 1.5
		}
		if status == 409 {
			d[names.Reason] = "slot_full"
		}
		if status == 499 {
			d[names.Reason] = "internal" // as it was noted before; now it is client_closed
		}
		if status == 503 {
			d[names.Reason] = "unavailable"
			d["severity.number"], d["severity.text"], d[names.Exception] = 17, "ERROR", "connection refused <b>"
		}
		add(logs, d)
	}
	// Not to be counted: another route, another service, an older time.
	other := map[string]any{names.DocTime: stamp(at, 1), names.EventName: names.EventAccess, names.DocServiceName: names.ServiceGateway,
		names.HTTPMethod: "GET", names.HTTPRoute: "/v1/restaurants", names.HTTPStatus: 500, names.HTTPDuration: 9.0, "severity.number": 9}
	add(logs, other)
	add(logs, with(other, names.HTTPMethod, "POST", names.HTTPRoute, "/v1/reservations", names.DocServiceName, names.ServiceReservation))
	add(logs, with(other, names.HTTPMethod, "POST", names.HTTPRoute, "/v1/reservations", names.DocTime, stamp(at.Add(-time.Hour), 0)))

	span := func(id, parent, name, service, kind string, start, took time.Duration) {
		add(spans, map[string]any{names.DocTraceID: trace, names.DocSpanID: id, names.DocParentSpanID: parent, names.DocSpanName: name,
			names.DocServiceName: service, names.DocKind: kind, names.DocStartTime: at.Add(start).UTC().Format(time.RFC3339Nano),
			names.DocDuration: int64(took), names.DocStatusCode: 0,
			names.DBQuerySummary: map[bool]string{true: "reservation.book"}[kind == "SPAN_KIND_CLIENT"]})
	}
	span("c", "b", "reservation.book", "reservation", "SPAN_KIND_CLIENT", 3*time.Millisecond, 2*time.Millisecond)
	span("a", "", "POST /v1/reservations", "gateway", "SPAN_KIND_SERVER", 0, 10*time.Millisecond)
	span("b", "a", "POST /v1/reservations", "reservation", "SPAN_KIND_SERVER", 2*time.Millisecond, 6*time.Millisecond)
	span("d", "lost", "GET /orphan", "search", "SPAN_KIND_SERVER", 12*time.Millisecond, time.Millisecond)

	response := call(t, "POST", url+"/_bulk?refresh=true", bulk.Bytes())
	if !strings.Contains(response, `"errors":false`) {
		t.Fatalf("bulk: %s", response)
	}
	s, err := preview.Open(url, prefix)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stamp(at time.Time, i int) string {
	return at.Add(time.Duration(i) * time.Second).UTC().Format(time.RFC3339Nano)
}

func with(doc map[string]any, pairs ...any) map[string]any {
	out := map[string]any{}
	for k, v := range doc {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// mapping is generated from telemetry/names, as the index templates are.
func mapping() []byte {
	properties := map[string]any{}
	for _, f := range names.Fields {
		properties[f.Doc] = map[string]any{"type": f.Kind}
	}
	for name, kind := range map[string]names.Kind{
		names.DocSpanName: names.Keyword, names.DocKind: names.Keyword, names.DocParentSpanID: names.Keyword,
		names.DocStartTime: names.DateNanos, names.DocDuration: names.Long, names.DocStatusCode: names.Integer,
	} {
		properties[name] = map[string]any{"type": kind}
	}
	b, _ := json.Marshal(map[string]any{"settings": map[string]any{"number_of_replicas": 0},
		"mappings": map[string]any{"dynamic": false, "properties": properties}})
	return b
}

func call(t *testing.T, method, url string, body []byte) string {
	t.Helper()
	req, err := http.NewRequest(method, url, bytes.NewReader(body)) // not with t.Context(), which has ended when the cleanup calls this
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	if method == "PUT" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s", method, url, resp.Status, b)
	}
	return string(b)
}

// committed are all dashboards.
func committed(t *testing.T) []*board.Board {
	t.Helper()
	boards, err := board.Load(dashboards.Sources)
	if err != nil {
		t.Fatal(err)
	}
	return boards
}

func bookings(t *testing.T) *board.Board {
	t.Helper()
	for _, b := range committed(t) {
		if b.ID == "bookings-right-now" {
			return b
		}
	}
	t.Fatal("there is no board bookings-right-now")
	return nil
}

func panel(t *testing.T, b *board.Board, id string) *board.Panel {
	t.Helper()
	for _, p := range b.Panels {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("there is no panel %s", id)
	return nil
}

func TestPanelsShowTheExpectedValues(t *testing.T) {
	at := time.Now().Truncate(time.Minute).Add(-2 * time.Minute)
	s, b := indexSamples(t, at), bookings(t)
	for id, want := range map[string]string{
		"requests":     fmt.Sprintf("[[%v 5 2 2 1]]", at.UTC()),
		"availability": "[[6 8 0.75]]",    // without 429 and the early 499
		"refusals":     "[[slot_full 1]]", // neither the client that left nor the failure
		"failures":     "[[unavailable 1]]",
	} {
		t.Run(id, func(t *testing.T) {
			got, err := s.Run(t.Context(), panel(t, b, id), at.Add(-time.Minute), at.Add(time.Minute))
			if err != nil || fmt.Sprint(got.Rows) != want {
				t.Errorf("got %v (%v), want %s", got.Rows, err, want)
			}
		})
	}
	latency, err := s.Run(t.Context(), panel(t, b, "latency"), at.Add(-time.Minute), at.Add(time.Minute))
	if err != nil || len(latency.Rows) != 1 || latency.Rows[0][1].(float64) < 0.04 || latency.Rows[0][3].(float64) > 1.5 {
		t.Errorf("latency: %v %v", latency, err)
	}
	slow, err := s.Run(t.Context(), panel(t, b, "slowest"), at.Add(-time.Minute), at.Add(time.Minute))
	if err != nil || len(slow.Rows) != 10 || slow.Rows[0][1] != 1.5 || slow.Rows[0][5] != trace {
		t.Errorf("slowest: %v %v", slow, err)
	}
	if _, ok := slow.Rows[0][0].(time.Time); !ok {
		t.Errorf("the first column is not a time: %v", slow.Rows[0])
	}
	faults, err := s.Run(t.Context(), panel(t, b, "errors"), at.Add(-time.Minute), at.Add(time.Minute))
	if err != nil || len(faults.Rows) != 1 || faults.Rows[0][4] != "connection refused <b>" {
		t.Errorf("errors: %v %v", faults, err)
	}
	nothing, err := s.Run(t.Context(), panel(t, b, "availability"), at.Add(-48*time.Hour), at.Add(-47*time.Hour))
	if err != nil || len(nothing.Rows) != 0 {
		t.Errorf("without traffic there must be no ratio: %v %v", nothing, err)
	}
}

func TestATraceIsReadCompletely(t *testing.T) {
	at := time.Now().Truncate(time.Minute).Add(-2 * time.Minute)
	s := indexSamples(t, at)
	got, err := s.Trace(t.Context(), trace)
	if err != nil {
		t.Fatal(err)
	}
	var shape []string
	for _, sp := range got.Spans {
		shape = append(shape, fmt.Sprintf("%s%d", sp.ID, sp.Depth))
	}
	if fmt.Sprint(shape) != "[a0 b1 c2 d0]" || got.Duration != 13*time.Millisecond || len(got.Lines) != 10 {
		t.Errorf("%v %v, %d lines", shape, got.Duration, len(got.Lines))
	}
	if got.Spans[2].Target != "reservation.book" || int(got.Offset(got.Spans[2])) != 23 {
		t.Errorf("%+v at %v", got.Spans[2], got.Offset(got.Spans[2]))
	}
	if none, err := s.Trace(t.Context(), strings.Repeat("f", 32)); err != nil || len(none.Spans)+len(none.Lines) != 0 {
		t.Errorf("an unknown trace: %+v %v", none, err)
	}
}
