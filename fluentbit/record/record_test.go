package record

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"jari.example/telemetry/names"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func lineAtNoon(text string, beside map[string]any) Record { return Line(text, noon, beside) }

func ids(records ...Record) []string {
	Identify(records)
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.ID
	}
	return out
}

func TestALineIsIdentifiedByWhatItIs(t *testing.T) {
	inFile := func(path string, offset int64) map[string]any {
		return map[string]any{keyPath: path, keyOffset: offset}
	}
	piece := func(ordinal string) map[string]any {
		return map[string]any{"partial_id": "p1", "partial_ordinal": ordinal, "partial_message": "true"}
	}
	uid := `{"body":"x","log.record.uid":"01J"}`
	tests := map[string]struct {
		a, b Record
		same bool
	}{
		"equal uids, other place":             {lineAtNoon(uid, inFile("/a", 0)), lineAtNoon(uid, inFile("/b", 9)), true},
		"equal lines at two offsets":          {lineAtNoon("x", inFile("/a", 0)), lineAtNoon("x", inFile("/a", 2)), false},
		"one line read twice from its file":   {lineAtNoon("x", inFile("/a", 0)), Line("x", noon.Add(time.Hour), inFile("/a", 0)), true},
		"two pieces of one split line":        {lineAtNoon("x", piece("1")), lineAtNoon("x", piece("2")), false},
		"pieces that look like lines of ours": {lineAtNoon(uid, piece("1")), lineAtNoon(uid, piece("2")), false},
		"a piece, sent again later":           {lineAtNoon("x", piece("1")), Line("x", noon.Add(time.Hour), piece("1")), true},
		"two pieces without a number":         {lineAtNoon("x", piece("")), lineAtNoon("x", piece("")), false},
		"a line with and without its end":     {lineAtNoon("x\r\n", inFile("/a", 0)), lineAtNoon("x", inFile("/a", 0)), true},
		"equal lines of one chunk":            {lineAtNoon("x", nil), lineAtNoon("x", nil), false},
		"equal lines of two containers":       {lineAtNoon("x", map[string]any{"container_id": "1"}), lineAtNoon("x", map[string]any{"container_id": "2"}), false},
		"a uid too long for OpenSearch":       {lineAtNoon(`{"log.record.uid":"`+strings.Repeat("u", 600)+`"}`, nil), lineAtNoon("x", nil), false},
	}
	for name, test := range tests {
		got := ids(test.a, test.b)
		if (got[0] == got[1]) != test.same || len(got[0]) > maxID {
			t.Errorf("%s: ids %v, want the same: %v", name, got, test.same)
		}
		if again := ids(test.a, test.b); again[0] != got[0] || again[1] != got[1] {
			t.Errorf("%s: the chunk sent again has other ids: %v, %v", name, got, again)
		}
	}
}

// TestWhatHasNoIdentityIsToldApartOverChunks has two chunks of one record each.
func TestWhatHasNoIdentityIsToldApartOverChunks(t *testing.T) {
	coarse := `{"time":"2026-11-22T12:00:00Z","level":"info","msg":"tick"}`
	otlp := func(received time.Time) Record {
		return OTLPLog(Record{Received: received, Attributes: map[string]any{}}, "x", noon, time.Time{})
	}
	for name, test := range map[string]struct {
		a, b Record
		same bool
	}{
		"a line, sent again":                  {lineAtNoon(coarse, nil), lineAtNoon(coarse, nil), true},
		"its own time too coarse to tell two": {lineAtNoon(coarse, nil), Line(coarse, noon.Add(time.Millisecond), nil), false},
		"no time of its own":                  {lineAtNoon("x", nil), Line("x", noon.Add(time.Second), nil), false},
		"a request that its client repeats":   {otlp(noon), otlp(noon.Add(time.Second)), true},
	} {
		if a, b := ids(test.a)[0], ids(test.b)[0]; (a == b) != test.same {
			t.Errorf("%s: ids %s and %s, want the same: %v", name, a, b, test.same)
		}
	}
}

func TestAPointIsIdentifiedByAllThatTellsItFromOthers(t *testing.T) {
	point := func(change func(*Record)) Record {
		r := Record{Signal: Metric, Time: noon, Point: &PointData{Name: "gc.count", Type: "counter", Unit: "1", Start: noon}}
		r.Resource, r.Scope, r.Attributes = map[string]any{"k": "r"}, map[string]any{}, map[string]any{"k": "a"}
		change(&r)
		return r
	}
	same := ids(point(func(*Record) {}))[0]
	if again := ids(point(func(*Record) {}))[0]; again != same {
		t.Errorf("the same point has ids %s and %s", same, again)
	}
	for name, change := range map[string]func(*Record){
		"a distribution's":        func(r *Record) { *r = Histogram(*r, PointData{Name: "gc", Unit: "s", Start: noon}, 1, 1)[0] },
		"a gauge":                 func(r *Record) { r.Point.Type = "gauge" },
		"another unit":            func(r *Record) { r.Point.Unit = "s" },
		"a shadowed attribute":    func(r *Record) { r.Resource["k"] = "other" },
		"an attribute's place":    func(r *Record) { r.Resource, r.Attributes = r.Attributes, r.Resource },
		"another start":           func(r *Record) { r.Point.Start = noon.Add(1) },
		"a scope of another name": func(r *Record) { r.Scope[names.ScopeName] = "x" },
	} {
		if id := ids(point(change))[0]; id == same {
			t.Errorf("%s: taken for the same point", name)
		}
	}
}

// TestUnreadableInputIsToldApartByWhenItCame: the same garbage an hour later is
// another loss.
func TestUnreadableInputIsToldApartByWhenItCame(t *testing.T) {
	broken := func(at time.Time) Record {
		return Record{Signal: Unreadable, Received: at, Unreadable: &UnreadableData{Raw: []byte("x")}}
	}
	undated := Record{Signal: Unreadable, Time: noon, Unreadable: &UnreadableData{Raw: []byte("x")}} // as the chunk's own time makes it
	if a, b := ids(broken(noon))[0], ids(broken(noon.Add(time.Hour)))[0]; a == b {
		t.Error("two chunks' letters are one")
	}
	if a, b, c := ids(broken(noon))[0], ids(broken(noon))[0], ids(undated)[0]; a != b || a != c {
		t.Errorf("one chunk sent again has other ids: %s, %s, %s", a, b, c)
	}
}

func TestARecordIsFiledByItsOwnTimeUnlessThatIsAbsurd(t *testing.T) {
	tests := map[string]struct {
		time, received time.Time
		want           string // the day
		original       bool
	}{
		"a moment ago":                  {noon.Add(-time.Second), noon, "2026.11.22", false},
		"yesterday, after an outage":    {noon.Add(-23 * time.Hour), noon, "2026.11.21", false},
		"a clock of last year":          {noon.AddDate(-1, 0, 0), noon, "2026.11.22", true},
		"a clock of the next century":   {noon.AddDate(100, 0, 0), noon, "2026.11.22", true},
		"no time":                       {time.Time{}, noon, "2026.11.22", false},
		"a chunk that tells no time":    {noon.AddDate(0, 0, -9), time.Time{}, "2026.11.13", false},
		"midnight, the agent a bit off": {time.Date(2026, 11, 21, 23, 59, 59, 999_999_999, time.UTC), time.Date(2026, 11, 22, 0, 0, 1, 0, time.UTC), "2026.11.21", false},
	}
	for name, test := range tests {
		r := Record{Signal: Log, Time: test.time, Received: test.received, Attributes: map[string]any{names.Body: "x"}}
		d := r.Documents(nil)[0]
		if want := names.LogIndex + test.want; d.Index != want {
			t.Errorf("%s: in %s, want %s", name, d.Index, want)
		}
		if got := strings.Contains(string(d.Body), names.DocOriginalTime); got != test.original {
			t.Errorf("%s: keeps its original time: %v, want %v\n%s", name, got, test.original, d.Body)
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

func TestOnlyARootKnowsItsTraceGroup(t *testing.T) {
	for parent, root := range map[string]bool{"": true, "cccccccccccccccc": false} {
		r := spanOf(kindServer, parent, map[string]any{names.ServiceName: "gateway"})
		var doc map[string]any
		if err := json.Unmarshal(r.Documents(nil)[0].Body, &doc); err != nil {
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

func TestASpanShowsItsEdgesOfTheServiceMap(t *testing.T) {
	client := spanOf(kindClient, "cccccccccccccccc", map[string]any{names.ServiceName: "gateway", names.PeerService: "reservation"})
	server := spanOf(kindServer, "", map[string]any{names.ServiceName: "reservation"})
	inner := spanOf(Kind(1), "cccccccccccccccc", map[string]any{names.ServiceName: "reservation"})
	for name, test := range map[string]struct {
		record Record
		want   []string
	}{
		"client":   {client, []string{`"destination":{"domain":"reservation","resource":"reservation"}`}},
		"server":   {server, []string{`"target":{"domain":"reservation","resource":"POST /v1/reservations"}`, `"target":{"domain":"reservation","resource":"reservation"}`}},
		"internal": {inner, nil},
	} {
		edges := test.record.Documents(nil)[1:]
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
