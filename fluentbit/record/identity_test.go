package record

import (
	"strings"
	"testing"
	"time"

	"jari.example/telemetry/names"
)

func lineAtNoon(text string, source map[string]any) Record { return Line(text, noon, source) }

func ids(records ...Record) []string {
	Identify(records)
	out := make([]string, len(records))
	for i, r := range records {
		out[i] = r.ID
	}
	return out
}

func TestIdentifiesALineByUIDOrPlace(t *testing.T) {
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
		"equal uids at different places":      {lineAtNoon(uid, inFile("/a", 0)), lineAtNoon(uid, inFile("/b", 9)), true},
		"equal lines at two offsets":          {lineAtNoon("x", inFile("/a", 0)), lineAtNoon("x", inFile("/a", 2)), false},
		"a line of a file that is read again": {lineAtNoon("x", inFile("/a", 0)), Line("x", noon.Add(time.Hour), inFile("/a", 0)), true},
		"two pieces of one split line":        {lineAtNoon("x", piece("1")), lineAtNoon("x", piece("2")), false},
		"pieces that look like lines of ours": {lineAtNoon(uid, piece("1")), lineAtNoon(uid, piece("2")), false},
		"a piece that is sent again later":    {lineAtNoon("x", piece("1")), Line("x", noon.Add(time.Hour), piece("1")), true},
		"two pieces without an ordinal":       {lineAtNoon("x", piece("")), lineAtNoon("x", piece("")), false},
		"a line with and without its end":     {lineAtNoon("x\r\n", inFile("/a", 0)), lineAtNoon("x", inFile("/a", 0)), true},
		"equal lines in one chunk":            {lineAtNoon("x", nil), lineAtNoon("x", nil), false},
		"equal lines of two containers": {
			lineAtNoon("x", map[string]any{"container_id": "1"}), lineAtNoon("x", map[string]any{"container_id": "2"}), false,
		},
		"a uid too long for OpenSearch": {
			lineAtNoon(`{"log.record.uid":"`+strings.Repeat("u", 600)+`"}`, nil), lineAtNoon("x", nil), false,
		},
	}
	for name, test := range tests {
		got := ids(test.a, test.b)
		if (got[0] == got[1]) != test.same || len(got[0]) > maxID {
			t.Errorf("%s: ids %v, want equal ids: %v", name, got, test.same)
		}
		if again := ids(test.a, test.b); again[0] != got[0] || again[1] != got[1] {
			t.Errorf("%s: the chunk sent again has other ids: %v, %v", name, got, again)
		}
	}
}

// Records without a uid or a place, each in a chunk of its own.
func TestIdentifiesOtherRecordsByContentAndTime(t *testing.T) {
	coarse := `{"time":"2026-11-22T12:00:00Z","level":"info","msg":"tick"}`
	otlp := func(received time.Time) Record {
		return OTLPLog(Record{Received: received, Attributes: map[string]any{}}, "x", noon, time.Time{})
	}
	for name, test := range map[string]struct {
		a, b Record
		same bool
	}{
		"a line that is sent again":                  {lineAtNoon(coarse, nil), lineAtNoon(coarse, nil), true},
		"equal lines of one second, received apart":  {lineAtNoon(coarse, nil), Line(coarse, noon.Add(time.Millisecond), nil), false},
		"equal lines without a time, received apart": {lineAtNoon("x", nil), Line("x", noon.Add(time.Second), nil), false},
		"a request that its client repeats":          {otlp(noon), otlp(noon.Add(time.Second)), true},
	} {
		if a, b := ids(test.a)[0], ids(test.b)[0]; (a == b) != test.same {
			t.Errorf("%s: ids %s and %s, want equal ids: %v", name, a, b, test.same)
		}
	}
}

func TestIdentifiesAPointByAllItsFields(t *testing.T) {
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
		"a point of a distribution":         func(r *Record) { *r = Histogram(*r, PointData{Name: "gc", Unit: "s", Start: noon}, 1, 1)[0] },
		"a gauge":                           func(r *Record) { r.Point.Type = "gauge" },
		"another unit":                      func(r *Record) { r.Point.Unit = "s" },
		"a shadowed attribute":              func(r *Record) { r.Resource["k"] = "other" },
		"attributes and resource exchanged": func(r *Record) { r.Resource, r.Attributes = r.Attributes, r.Resource },
		"another start":                     func(r *Record) { r.Point.Start = noon.Add(1) },
		"a scope of another name":           func(r *Record) { r.Scope[names.ScopeName] = "x" },
	} {
		if id := ids(point(change))[0]; id == same {
			t.Errorf("%s: it has the id of the other point", name)
		}
	}
}

// The same garbage an hour later is another loss.
func TestIdentifiesUnreadableInputByTimeOfReceipt(t *testing.T) {
	broken := func(at time.Time) Record {
		return Record{Signal: Unreadable, Received: at, Unreadable: &UnreadableData{Raw: []byte("x")}}
	}
	undated := Record{Signal: Unreadable, Time: noon, Unreadable: &UnreadableData{Raw: []byte("x")}} // as assignTimes leaves it
	if a, b := ids(broken(noon))[0], ids(broken(noon.Add(time.Hour)))[0]; a == b {
		t.Error("the dead letters of two chunks have one id")
	}
	if a, b, c := ids(broken(noon))[0], ids(broken(noon))[0], ids(undated)[0]; a != b || a != c {
		t.Errorf("one chunk sent again has other ids: %s, %s, %s", a, b, c)
	}
}
