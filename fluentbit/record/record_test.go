package record

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"jari.example/telemetry/names"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestIndexFollowsTheRecordsTimeUnlessItIsOffByADay(t *testing.T) {
	tests := map[string]struct {
		time, received time.Time
		want           string // the day
		original       bool
	}{
		"a moment ago":                   {noon.Add(-time.Second), noon, "2026.11.22", false},
		"yesterday, after an outage":     {noon.Add(-23 * time.Hour), noon, "2026.11.21", false},
		"a clock of last year":           {noon.AddDate(-1, 0, 0), noon, "2026.11.22", true},
		"a clock of the next century":    {noon.AddDate(100, 0, 0), noon, "2026.11.22", true},
		"no time":                        {time.Time{}, noon, "2026.11.22", false},
		"a chunk without a receipt time": {noon.AddDate(0, 0, -9), time.Time{}, "2026.11.13", false},
		"just before midnight, received after it": {
			time.Date(2026, 11, 21, 23, 59, 59, 999_999_999, time.UTC), time.Date(2026, 11, 22, 0, 0, 1, 0, time.UTC), "2026.11.21", false,
		},
	}
	for name, test := range tests {
		r := Record{Signal: Log, Time: test.time, Received: test.received, Attributes: map[string]any{names.Body: "x"}}
		d := Documents([]Record{r})[0]
		if want := names.LogIndex + test.want; d.Index != want {
			t.Errorf("%s: index %s, want %s", name, d.Index, want)
		}
		if got := strings.Contains(string(d.Body), names.DocOriginalTime); got != test.original {
			t.Errorf("%s: has its original time: %v, want %v\n%s", name, got, test.original, d.Body)
		}
	}
}

func TestOnlyALineWithoutAUIDKeepsItsPlaceInTheFile(t *testing.T) {
	for text, want := range map[string]any{
		`{"body":"x","log.record.uid":"01J"}`: nil,
		`{"body":"x","log.record.uid":""}`:    "/a",
		`{"body":"x"}`:                        "/a",
		"x":                                   "/a",
		`{"body":"x","log.record.uid":"01J","log.file.path":"/own"}`: "/own", // the line's own field
	} {
		r := lineAtNoon(text, map[string]any{keyPath: "/a", keyOffset: int64(7), "container_name": "c"})
		var doc struct {
			Attributes map[string]any `json:"attributes"`
		}
		if err := json.Unmarshal(Documents([]Record{r})[0].Body, &doc); err != nil {
			t.Fatal(err)
		}
		if got := doc.Attributes[keyPath]; got != want || (doc.Attributes[keyOffset] != nil) != (want == "/a") {
			t.Errorf("%s: attributes %v, want the path %v", text, doc.Attributes, want)
		}
		if doc.Attributes["container_name"] != "c" { // the control: what else the agent knows stays
			t.Errorf("%s: the container is missing", text)
		}
	}
}

func spanOf(kind, parent string, attributes map[string]any) Record {
	attributes[names.TraceID], attributes[names.SpanID] = strings.Repeat("a", 32), strings.Repeat("b", 16)
	return Record{
		Signal: Span, Time: noon, Received: noon, Attributes: attributes,
		Span: &SpanData{Name: "POST /v1/reservations", Kind: kind, Parent: parent, End: noon.Add(time.Second), StatusCode: 2},
	}
}

func TestOnlyARootHasATraceGroup(t *testing.T) {
	for parent, root := range map[string]bool{"": true, "cccccccccccccccc": false} {
		r := spanOf(kindServer, parent, map[string]any{names.ServiceName: "gateway"})
		var doc map[string]any
		if err := json.Unmarshal(Documents([]Record{r})[0].Body, &doc); err != nil {
			t.Fatal(err)
		}
		if got, ok := doc[names.DocParentSpanID]; !ok || got != parent {
			t.Errorf("parent %q: parentSpanId is %v", parent, got)
		}
		for name, want := range map[string]any{
			names.DocTraceGroup:         "POST /v1/reservations",
			names.DocTraceGroupEnd:      "2026-11-22T12:00:01.000000000Z",
			names.DocTraceGroupDuration: 1e9,
			names.DocTraceGroupStatus:   2.0,
		} {
			if got, ok := doc[name]; ok != root || root && got != want {
				t.Errorf("parent %q: %s is %v", parent, name, got)
			}
		}
	}
}

func TestASpanAddsItsEdgesToTheServiceMap(t *testing.T) {
	client := spanOf(kindClient, "cccccccccccccccc", map[string]any{names.ServiceName: "gateway", names.PeerService: "reservation"})
	server := spanOf(kindServer, "", map[string]any{names.ServiceName: "reservation"})
	inner := spanOf(Kind(1), "cccccccccccccccc", map[string]any{names.ServiceName: "reservation"})
	for name, test := range map[string]struct {
		record Record
		want   []string
	}{
		"client": {client, []string{`"destination":{"domain":"reservation","resource":"reservation"}`}},
		"server": {server, []string{
			`"target":{"domain":"reservation","resource":"POST /v1/reservations"}`,
			`"target":{"domain":"reservation","resource":"reservation"}`,
		}},
		"internal": {inner, nil},
	} {
		edges := Documents([]Record{test.record})[1:]
		if len(edges) != len(test.want) {
			t.Fatalf("%s: %d edges, want %d", name, len(edges), len(test.want))
		}
		for i, e := range edges {
			if !strings.Contains(string(e.Body), test.want[i]) || e.Index != names.ServiceMapIndex+"2026.11" || !e.Derived {
				t.Errorf("%s: edge %s in %s, want %s", name, e.Body, e.Index, test.want[i])
			}
		}
	}
}
