package indicator_test

import (
	"fmt"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/indicator"
	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slo"
)

var ten = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// minutes is a period of minutes after ten.
func minutes(from, to int) count.Span {
	return count.Span{From: ten.Add(time.Duration(from) * time.Minute), To: ten.Add(time.Duration(to) * time.Minute)}
}

// mapping is that of some log that is not ours.
var mapping = map[string]any{
	"time":    map[string]any{"type": "date", "format": "dd/MMM/yyyy:HH:mm:ss Z||strict_date_optional_time"},
	"logged":  map[string]any{"type": "date_nanos"},
	"status":  map[string]any{"type": "integer"},
	"seconds": map[string]any{"type": "double"},
	"path":    map[string]any{"type": "keyword"},
	"place":   map[string]any{"type": "keyword"},
	"read":    map[string]any{"type": "boolean"},
	"req":     map[string]any{"properties": map[string]any{"trace": map[string]any{"type": "keyword"}}},
}

// line is one for POST /book, this many seconds after ten, with changed fields.
func line(second int, status int, change map[string]any) map[string]any {
	l := map[string]any{
		"time": ten.Add(time.Duration(second) * time.Second).Format(time.RFC3339), "status": status,
		"path": "/book", "place": "kr", "seconds": 0.1, "read": true,
	}
	for field, value := range change {
		if l[field] = value; value == nil {
			delete(l, field)
		}
	}
	return l
}

func where(field string, op slo.Op, value any) slo.Condition {
	return slo.Condition{Field: field, Op: op, Value: value}
}

// hanging holds for a client that gave up after it had waited for long.
var hanging = slo.Condition{All: []slo.Condition{
	where("status", slo.Is, int64(499)), where("read", slo.Is, true), where("seconds", slo.AtLeast, 2.5)}}

// bookings is the ratio of bookings: 429 and clients that gave up early are not
// counted.
func bookings(index string) slo.Indicator {
	return slo.Indicator{
		Source: slo.Source{Index: index, TimeField: "time", RegionField: "place", TraceField: "req.trace"},
		Total: slo.Condition{All: []slo.Condition{
			where("path", slo.Is, "/book"), where("status", slo.IsNot, int64(429)),
			{Any: []slo.Condition{where("status", slo.IsNot, int64(499)), hanging}},
		}},
		Bad: slo.Condition{Any: []slo.Condition{where("status", slo.AtLeast, int64(500)), hanging}},
	}
}

func keyed(all ...slo.Indicator) map[slo.Key]slo.Indicator {
	indicators := map[slo.Key]slo.Indicator{}
	for n, i := range all {
		indicators[slo.Key(fmt.Sprint(n))] = i
	}
	return indicators
}

func bucket(minute int, region string, good, bad int64) count.Bucket {
	return count.Bucket{At: minutes(minute, minute).From, Region: region, Count: slo.Count{Good: good, Bad: bad}}
}

func source(t *testing.T, server string) *indicator.OpenSearch {
	t.Helper()
	s, err := indicator.NewOpenSearch(server, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// counts counts the period and fails the test when that fails.
func counts(t *testing.T, server string, period count.Span, all ...slo.Indicator) (map[slo.Key][]count.Bucket, int64) {
	t.Helper()
	got, documents, err := source(t, server).Count(t.Context(), keyed(all...), period, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return got, documents
}

func TestCountsGoodAndBadEventsByMinuteAndRegion(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	for _, status := range []int{201, 409, 400} {
		log.Add(line(3, status, nil))
	}
	log.Add(line(59, 503, nil))
	log.Add(line(59, 500, map[string]any{"place": "us"}))
	log.Add(line(60, 201, map[string]any{"place": nil}))
	log.Add(line(70, 499, map[string]any{"seconds": 2.5}))
	log.Add(line(80, 201, map[string]any{"time": "22/Nov/2026:19:01:30 +0900"}))
	// None of these is counted.
	log.Add(line(5, 429, nil))
	log.Add(line(5, 499, map[string]any{"seconds": 2.4}))
	log.Add(line(5, 499, map[string]any{"seconds": 9, "read": false}))
	log.Add(line(5, 503, map[string]any{"path": "/"}))
	log.Add(line(-1, 503, nil))
	log.Add(line(120, 503, nil))

	got, documents := counts(t, log.Server, minutes(0, 2), bookings(log.Index))
	want := map[slo.Key][]count.Bucket{"0": {bucket(0, "kr", 3, 1), bucket(0, "us", 0, 1), bucket(1, "", 1, 0), bucket(1, "kr", 1, 1)}}
	if !reflect.DeepEqual(got, want) || documents != 12 {
		t.Errorf("%d documents\ngot  %v\nwant %v", documents, got, want)
	}
	// A line that arrives late is counted when its period is counted again.
	log.Add(line(70, 500, map[string]any{"place": "us"}))
	got, _ = counts(t, log.Server, minutes(1, 2), bookings(log.Index))
	if want := bucket(1, "us", 0, 1); !slices.Contains(got["0"], want) {
		t.Errorf("%v lacks the late line", got)
	}
}

func TestConditions(t *testing.T) {
	failed, read, unread := where("status", slo.AtLeast, int64(500)), where("read", slo.Is, true), where("read", slo.Is, false)
	log := indicatortest.NewIndex(t, mapping)
	log.Add(line(1, 200, map[string]any{"seconds": 1, "read": true}))
	log.Add(line(2, 500, map[string]any{"seconds": 2, "read": false}))
	log.Add(line(3, 503, map[string]any{"seconds": 3, "read": nil, "path": nil}))
	for name, tc := range map[string]struct {
		condition slo.Condition
		want      int64
	}{
		"a text":                              {where("path", slo.Is, "/book"), 2},
		"not a text, also when it is missing": {where("path", slo.IsNot, "/book"), 1},
		"a number":                            {where("status", slo.Is, int64(503)), 1},
		"at least a number":                   {where("status", slo.AtLeast, int64(500)), 2},
		"below a number":                      {where("status", slo.Below, int64(500)), 1},
		"at least a fraction":                 {where("seconds", slo.AtLeast, 2.0), 2},
		"below a fraction":                    {where("seconds", slo.Below, 2.0001), 2},
		"true":                                {where("read", slo.Is, true), 1},
		"not true":                            {where("read", slo.IsNot, true), 2},
		"a field that no document has":        {where("other", slo.Is, "x"), 0},
		"not a field that no document has":    {where("other", slo.IsNot, "x"), 3},
		"all":                                 {slo.Condition{All: []slo.Condition{failed, unread}}, 1},
		"all of nothing":                      {slo.Condition{All: []slo.Condition{}}, 3},
		"any":                                 {slo.Condition{Any: []slo.Condition{read, unread}}, 2},
		"any of nothing":                      {slo.Condition{Any: []slo.Condition{}}, 0},
		"no condition":                        {slo.Condition{}, 0},
	} {
		i := slo.Indicator{Source: slo.Source{Index: log.Index, TimeField: "time"}, Total: tc.condition}
		got, documents := counts(t, log.Server, minutes(0, 1), i)
		var total int64
		for _, b := range got["0"] {
			total += b.Good
		}
		if total != tc.want || documents != 3 {
			t.Errorf("%s: %d events of %d documents, want %d of 3", name, total, documents, tc.want)
		}
	}
}

func TestOneSearchCountsIndicatorsOfSeveralIndices(t *testing.T) {
	a, b := indicatortest.NewIndex(t, mapping), indicatortest.NewIndex(t, mapping)
	a.Add(line(1, 500, nil))
	b.Add(line(1, 201, map[string]any{"logged": ten.Add(61 * time.Second).Format(time.RFC3339Nano)}))
	b.Add(line(1, 201, map[string]any{"time": nil, "logged": ten.Add(62 * time.Second).Format(time.RFC3339Nano)}))
	both, logged, missing := bookings(a.Index+","+b.Index), bookings(b.Index+"*"), bookings(a.Index+"-missing")
	logged.Source.TimeField = "logged"
	everything := slo.Indicator{Source: slo.Source{Index: b.Index, TimeField: "time"}, Total: slo.Condition{All: []slo.Condition{}}}

	recorded := record(t, a.Server)
	got, documents := counts(t, recorded.URL, minutes(0, 2), bookings(a.Index), bookings(b.Index), both, logged, missing, everything)
	want := map[slo.Key][]count.Bucket{
		"0": {bucket(0, "kr", 0, 1)}, "1": {bucket(0, "kr", 1, 0)}, "2": {bucket(0, "kr", 1, 1)}, "3": {bucket(1, "kr", 2, 0)},
		"5": {bucket(0, "", 1, 0)},
	}
	if !reflect.DeepEqual(got, want) || documents != 3 || len(recorded.searches()) != 1 {
		t.Errorf("%d searches, %d documents\ngot  %v\nwant %v", len(recorded.searches()), documents, got, want)
	}
}

func TestSlicesAreCountedFromBeforeThePeriodOn(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	for _, second := range []int{-121, -119, -61, 30} {
		log.Add(line(second, 200, nil))
	}
	slice := bookings(log.Index)
	slice.Within = 2 * time.Minute
	got, documents := counts(t, log.Server, minutes(0, 1), slice, bookings(log.Index))
	want := map[slo.Key][]count.Bucket{
		"0": {bucket(-2, "kr", 2, 0), bucket(0, "kr", 1, 0)},
		"1": {bucket(0, "kr", 1, 0)},
	}
	if !reflect.DeepEqual(got, want) || documents != 1 {
		t.Errorf("%d documents in the period\ngot  %v\nwant %v", documents, got, want)
	}
}

// Both indicators are counted by one aggregation.
func TestABadEventOfOneIndicatorIsNoneOfAnother(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	log.Add(line(1, 201, nil))
	log.Add(line(2, 503, map[string]any{"path": "/search"}))
	searches := bookings(log.Index)
	searches.Total = where("path", slo.Is, "/search")
	got, _ := counts(t, log.Server, minutes(0, 1), bookings(log.Index), searches)
	want := map[slo.Key][]count.Bucket{"0": {bucket(0, "kr", 1, 0)}, "1": {bucket(0, "kr", 0, 1)}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestNoTelemetryDiffersFromNoEvents(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	for name, index := range map[string]string{
		"an empty index": log.Index, "no index": log.Index + "-x", "no index of a pattern": log.Index + "-x*",
	} {
		if got, documents := counts(t, log.Server, minutes(0, 1), bookings(index)); documents != 0 || len(got) != 0 {
			t.Errorf("%s: %d documents, %v", name, documents, got)
		}
	}
	log.Add(line(1, 200, map[string]any{"path": "/health"}))
	if got, documents := counts(t, log.Server, minutes(0, 1), bookings(log.Index)); documents != 1 || len(got) != 0 {
		t.Errorf("a line without events: %d documents, %v", documents, got)
	}
	// The counter asks when documents begin without an indicator that counts.
	probe := slo.Indicator{Source: bookings(log.Index).Source}
	if _, documents := counts(t, log.Server, minutes(-9999, 1), probe); documents != 1 {
		t.Errorf("%d documents without a condition", documents)
	}
	stopped := httptest.NewServer(nil)
	stopped.Close()
	if _, _, err := source(t, stopped.URL).Count(t.Context(), keyed(bookings("x")), minutes(0, 1), time.Minute); err == nil {
		t.Error("no error from a server that is down")
	}
}

// PostgreSQL cannot store NUL: one line with it would make every tick fail.
func TestARegionWithNULIsCountedUnderANameThatCanBeStored(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	log.Add(line(1, 500, map[string]any{"place": "k\x00r"}))
	log.Add(line(2, 200, map[string]any{"place": "k\x00r"}))
	log.Add(line(3, 500, map[string]any{"place": "k\uFFFDr"})) // the same region then
	log.Add(line(4, 500, nil))
	got, _ := counts(t, log.Server, minutes(0, 1), bookings(log.Index))
	if want := []count.Bucket{bucket(0, "kr", 0, 1), bucket(0, "k\uFFFDr", 1, 2)}; !slices.Equal(got["0"], want) {
		t.Errorf("got %v, want %v", got["0"], want)
	}
}

func TestRegionFieldsThatAreNone(t *testing.T) {
	log := indicatortest.NewIndex(t, mapping)
	log.Add(line(1, 500, nil))
	unmapped := bookings(log.Index)
	unmapped.Source.RegionField = "unknown"
	if got, _ := counts(t, log.Server, minutes(0, 1), unmapped); !slices.Equal(got["0"], []count.Bucket{bucket(0, "", 0, 1)}) {
		t.Errorf("a field that no document has: %v", got)
	}
	number := bookings(log.Index)
	number.Source.RegionField = "status"
	if got, _ := counts(t, log.Server, minutes(0, 1), number); !slices.Equal(got["0"], []count.Bucket{bucket(0, "500", 0, 1)}) {
		t.Errorf("a number: %v", got)
	}
	for n := range 101 {
		log.Add(line(2, 200, map[string]any{"place": fmt.Sprint("user", n)}))
	}
	_, _, err := source(t, log.Server).Count(t.Context(), keyed(bookings(log.Index)), minutes(0, 1), time.Minute)
	if err == nil || !strings.Contains(err.Error(), "place has more than 100 values") {
		t.Errorf("a field with 102 values: %v", err)
	}
}
