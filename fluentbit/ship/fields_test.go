package ship_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// unusualAttributes are attributes that a third party's process might have.
func unusualAttributes() map[string]map[string]any {
	many, deep, wide := map[string]any{}, any("bottom"), map[string]any{}
	for i := range 10_000 {
		many[fmt.Sprintf("key.%d.of.many", i)] = int64(i)
		wide[fmt.Sprint("k", i)] = "v"
	}
	for range 2000 {
		deep = map[string]any{"d": deep}
	}
	return map[string]map[string]any{
		"ten thousand names":                many,
		"ten thousand names under one":      {"wide": wide},
		"two thousand levels":               {"deep": deep},
		"two thousand levels of names":      {strings.Repeat("d.", 2000) + "d": "bottom"},
		"a name as long as a term":          {strings.Repeat("k", 32_766): "v"},
		"a name longer than a term":         {strings.Repeat("k", 40_000): "v"},
		"a name and a value of half a term": {strings.Repeat("k", 15_000): strings.Repeat("v", 15_900)},
		"a long path to a long value": {
			strings.Repeat("k", 9_000): map[string]any{strings.Repeat("l", 9_000): strings.Repeat("v", 15_000)},
		},
		"a value longer than a term": {"k": strings.Repeat("v", 40_000)},
		"no name":                    {"": "v"},
		"no name within":             {"k": map[string]any{"": "v"}},
		"a space for a name":         {" ": "v", "a. .b": "v"},
		"a dot for a name":           {".": "v", "..": "v"},
		"dots at the ends":           {"a.": "v", ".a": "v", ".b.": map[string]any{"c.": "v"}},
		"consecutive dots":           {"a..b": "v", "c...d": map[string]any{"e..f": "v"}},
		"a scalar and an object":     {"a": "v", "a.b": "v", "a.b.c": map[string]any{"d": "v"}},
		"metadata names":             {"_id": "v", "_source": "v", "_index": "v", "_routing": "v", "_type": "v", "_field_names": "v"},
		"a scalar where we have an object": {
			"status": "v", "severity": int64(1), "jari": true, "traceGroupFields": "v", "refused": "v", "http": "v",
		},
		"an object where we have a scalar": {
			"body": map[string]any{"x": "v"}, "traceId": map[string]any{"x": "v"},
			names.TraceID: map[string]any{"x": "v"}, names.HTTPStatus: []any{map[string]any{"x": "v"}},
		},
		"below one of our scalars": {
			"body.x": "v", "traceId.x.y": "v", "durationInNanos.x": "v", "@timestamp.x": "v", names.EventName + ".x": "v",
		},
		"names of document fields": {
			"@timestamp": "no time", "startTime": "no time", "durationInNanos": "no number", "events": "v", "links": int64(1),
		},
		"the names of our catch-all fields":  {names.Attributes: "v", names.Unindexed: map[string]any{"x": "v"}, names.Attributes + ".x": "v"},
		"every kind of value under one name": {"k": []any{"v", int64(1), 1.5, true, nil, []any{"v"}, map[string]any{"x": "v"}}},
		"names that JSON and Lucene quote": {
			"a\"b": "v", "a\\b": "v", "a\nb": "v", "a\x00b": "v", "a=b": "v", "\xff": "v", "*": "v", "가게": "v",
		},
		"a number of 1,500 digits": {
			"n": json.Number(strings.Repeat("1", 1500)), names.HTTPStatus: json.Number(strings.Repeat("1", 1500)),
		},
		"a name that no parser accepts":    {strings.Repeat("k", 60_000): "v", "k": map[string]any{strings.Repeat("k", 60_000): "v"}},
		"names that become equal":          {"a\xff": "v", "a\xfe": "w", "k": map[string]any{"a\xff": "v", "a\xfe": "w"}},
		"an ordinary one, as the control":  {"k": "v"},
		"no attribute, as another control": {},
	}
}

// Whatever the names of attributes, OpenSearch must neither refuse the document nor
// make a field of one.
func TestNoAttributeMakesOpenSearchRefuseADocument(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	s := open(t, store.URL, ship.Config{Prefix: store.Prefix})
	for name, own := range unusualAttributes() {
		t.Run(name, func(t *testing.T) {
			own[names.TraceID+"."] = "" // so that no two maps are equal
			records := []record.Record{
				{Signal: record.Log, Time: noon, Received: noon, Attributes: with(own, names.RecordUID, name)},
				{Signal: record.Span, Time: noon, Received: noon, Attributes: with(own, names.RecordUID, name), Span: &record.SpanData{
					Name: "s", Kind: "SPAN_KIND_INTERNAL", End: noon,
					Events: []record.Event{{Name: "e", Attributes: own}}, Links: []record.Link{{Attributes: own}}}},
				{Signal: record.Metric, Time: noon, Received: noon, Attributes: with(own, names.RecordUID, name),
					Point: &record.PointData{Name: "m", Type: "gauge"}},
			}
			for i := range records {
				records[i].ID = fmt.Sprint(name, i)
			}
			if res, err := s.Ship(t.Context(), record.Documents(records)); err != nil || res != (ship.Result{Created: 3}) {
				t.Errorf("%+v, %v", res, err)
			}
		})
	}
	store.Refresh(t)
	for _, letter := range store.Search(t, names.DeadLetterIndex, map[string]any{"match_all": map[string]any{}}) {
		t.Errorf("refused %v: %.200v", letter.Source[names.DocRefusedID], letter.Source[names.DocRefusedReason])
	}
}

func with(own map[string]any, key string, v any) map[string]any {
	all := map[string]any{key: v}
	for k, v := range own {
		all[k] = v
	}
	return all
}
