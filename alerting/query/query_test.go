package query

import (
	"flag"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"jari.example/runbooks"
)

const (
	results = `name: results
question: Which status?
since: 5m
set: {route: /v1/reservations}
search:
  documents: logs
  where:
    - {field: event.name, is: http.access}
    - {field: service.name, is: gateway}
    - {field: http.route, is: $route}
    - any: [{field: http.response.status_code, atLeast: 500}, {field: http.response.status_code, below: 200}]
    - {field: jari.reason, exists: false}
  group: {region: cloud.region, status: http.response.status_code}
  values: {requests: count, last: max time}
`
	parts = `name: parts
question: Is it up?
http:
  - {to: edge, path: /x, each: region, columns: {health: status}}
`
	databases = `name: databases
question: Are they open?
sql:
  columns: [name]
  statement: select datname as name from pg_database where datname like 'jari%'
`
)

func load(text string) (Set, error) {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "name: "), "\n")
	return Load(fstest.MapFS{"queries/" + name + ".yaml": {Data: []byte(text)}})
}

func TestTheBuiltInQueriesHaveNoMistake(t *testing.T) {
	set, err := Load(runbooks.Files)
	if err != nil || len(set) < 40 {
		t.Errorf("%d queries: %v", len(set), err)
	}
}

// The negative control of the test above: each mistake is reported with what to write.
func TestDetectsMistakesInQueries(t *testing.T) {
	for _, tc := range []struct{ text, from, to, want string }{
		{results, "results", "Results", `"Results" is not a word`},
		{results, "Which status?", "The status", "is no question"},
		{results, "since: 5m\n", "", "a search needs how far it looks back"},
		{results, "5m", "soon", `"soon" is not a duration such as 15m`},
		{results, "service.name", "service.nam", `"service.nam" is no field of logs in telemetry/names; did you mean service.name?`},
		{results, "documents: logs", "documents: spans", ""},
		{results, "documents: logs", "documents: lines", `"lines" is unknown; use dead-letters, logs, metrics or spans`},
		{results, "cloud.region", "durationInNanos", "no field of logs"}, // which spans have
		{results, "http.access", "http.acess", "did you mean http.access?"},
		{results, "is: gateway", "is: getaway", "did you mean gateway?"},
		{results, "$route", "$rout", "$rout is not in set"},
		{results, "is: gateway", "is: $route", `a value of service.name: "/v1/reservations" is unknown`},
		{results, "max time", "maximum time", `"maximum" is unknown; use count, distinct, max, min`},
		{results, "max time", "max tim", `"tim" is no field`},
		{results, "is: gateway", "is: reservation", "a line of an inner service may stand for several requests"},
		{results, "is: $route", "is: a, isNot: b", "2 comparisons; write exactly one"},
		{results, "{region: cloud.region,", "{Region: cloud.region,", `the title "Region"`},
		{results, "  group: {region: cloud.region, status: http.response.status_code}\n", "", "values need group or every"},
		{results, "values:", "list: {a: time}\n  values:", "write exactly one of them"},
		{results, "search:", "ready: {services: []}\nsearch:", "has 2 of search, http, ready and sql"},
		{results, "where:", "were:", "field were not found"},
		{parts, "edge", "egde", "did you mean edge?"},
		{parts, "path: /x", "path: x", "does not begin with a slash"},
		{parts, "path: /x", "method: DELETE, path: /x", "use GET or HEAD, not DELETE"},
		{parts, "path: /x", "method: POST, path: /x", "a POST may go only to /v1/reservations"},
		{parts, "path: /x", "method: POST, path: /v1/reservations", ""},
		{parts, "path: /x", "path: /x, header: {authorization: x}", "acts for nobody"},
		{parts, "each: region", "each: service", `"service" is not region`},
		{parts, "to: edge, path: /x, each: region", "to: gateway, path: /x", "each region has a gateway of its own"},
		{databases, "select datname", "update x set datname", "is no SELECT"},
		{databases, "like 'jari%'", "like 'a;b'", ""},
		{databases, "like 'jari%'", "= pg_terminate_backend(1)", `"pg_terminate_backend" is unknown`},
		{databases, "like 'jari%'", `= "pg_terminate_backend"(1)`, `"pg_terminate_backend" is unknown`},
		{databases, "like 'jari%'", "= pg_terminate_backend/**/(1)", "contains /*"},
		{databases, "like 'jari%'", "= ''; drop table x", "contains ;"},
		{databases, "  columns: [name]\n", "", "sql.columns: are missing"},
	} {
		if !strings.Contains(tc.text, tc.from) {
			t.Fatalf("%q is not in the query", tc.from)
		}
		_, err := load(strings.Replace(tc.text, tc.from, tc.to, 1))
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s → %s: got %v, want %q", tc.from, tc.to, err, tc.want)
		}
	}
	_, err := Load(fstest.MapFS{"queries/other.yaml": {Data: []byte(results)}})
	if err == nil || !strings.Contains(err.Error(), "name it after its file") {
		t.Errorf("a query in a file of another name: %v", err)
	}
}

func TestASearchAsksForWhatTheQuerySays(t *testing.T) {
	set, err := load(results)
	if err != nil {
		t.Fatal(err)
	}
	call, err := set["results"].SearchCall(Options{Since: time.Hour, Region: "kr", Set: map[string]string{"route": "/v1/sessions"}})
	if err != nil || !strings.HasPrefix(call.Path, "/ss4o_logs-jari-*/_search?") {
		t.Fatalf("%s, %v", call.Path, err)
	}
	for _, want := range []string{
		`{"range":{"@timestamp":{"gte":"now-3600s"}}}`, `{"term":{"cloud.region":"ap-northeast-2"}}`, `{"term":{"serviceName":"gateway"}}`,
		`{"term":{"http.route":"/v1/sessions"}}`, `{"range":{"http.response.status_code":{"gte":500}}}`, `"minimum_should_match":1`,
		`"must_not":{"exists":{"field":"jari.reason"}}`, `"last":{"max":{"field":"@timestamp"}}`, `"missing_bucket":true`,
	} {
		if !strings.Contains(call.Body, want) {
			t.Errorf("%s is not in %s", want, call.Body)
		}
	}
	call, err = set["results"].SearchCall(Options{})
	if err != nil || !strings.Contains(call.Body, `"now-300s"`) || !strings.Contains(call.Body, `"/v1/reservations"`) ||
		strings.Contains(call.Body, "ap-northeast-2") {
		t.Errorf("without options: %s, %v", call.Body, err)
	}
	err = set["results"].Check(Options{Set: map[string]string{"rout": "x"}})
	if err == nil || !strings.Contains(err.Error(), "did you mean route?") {
		t.Errorf("an unknown value: %v", err)
	}
}

func TestAPartialResultIsAnError(t *testing.T) {
	set, err := load(results)
	if err != nil {
		t.Fatal(err)
	}
	for _, response := range []string{`{"timed_out": true}`, `{"_shards": {"failed": 1}}`, `<html>`} {
		if table, err := set["results"].DecodeSearch([]byte(response)); err == nil {
			t.Errorf("%s: %v", response, table)
		}
	}
	table, err := set["results"].DecodeSearch([]byte(`{"hits": {"hits": []}}`))
	if err != nil || len(table.Rows) > 0 || len(table.Columns) != 4 {
		t.Errorf("without an index: %v, %v", table, err)
	}
}

// OpenSearch returns the groups from the smallest key on: the newest minutes would be missing.
func TestTooManyRowsAreAMistakeOfTheCaller(t *testing.T) {
	set, err := load(results)
	if err != nil {
		t.Fatal(err)
	}
	respond := func(rows int) (Table, error) {
		buckets := strings.TrimSuffix(strings.Repeat(`{"key": {}, "doc_count": 1},`, rows), ",")
		return set["results"].DecodeSearch([]byte(`{"aggregations": {"groups": {"buckets": [` + buckets + `]}}}`))
	}
	if table, err := respond(maxRows); err != nil || len(table.Rows) != maxRows {
		t.Errorf("as many as are allowed: %d rows, %v", len(table.Rows), err)
	}
	if _, err := respond(maxRows + 1); err == nil || !strings.Contains(err.Error(), "more than 500 rows") {
		t.Errorf("one more: %v", err)
	}
}

func TestSuggestsTheNearestQuery(t *testing.T) {
	set, err := load(results)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Find("result"); err == nil || !strings.Contains(err.Error(), `there is no query "result"; did you mean results?`) {
		t.Errorf("got %v", err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, tc := range []struct{ flag, value, want string }{
		{"-since", "soon", "is not a duration"}, {"-since", "-5m", "is not a duration"}, {"-since", "1ms", "at least 1s"},
		{"-region", "de", "must be kr or us"}, {"-set", "route", "is not name=value"},
		{"-since", "15m", ""}, {"-region", "us", ""}, {"-set", "route=a=b", ""},
	} {
		var o Options
		f := flag.NewFlagSet("", flag.ContinueOnError)
		f.SetOutput(io.Discard)
		o.Define(f)
		err := f.Parse([]string{tc.flag, tc.value})
		if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s %s: got %v, want %q", tc.flag, tc.value, err, tc.want)
		}
		if tc.flag == "-set" && err == nil && o.Set["route"] != "a=b" {
			t.Errorf("set to %q", o.Set)
		}
	}
}

func TestFindsValuesByTheirPath(t *testing.T) {
	value := object{"a": object{"b.c": object{"d": 1.0}}, "http.route": "/x", "list": []any{object{"x": "y"}}}
	for path, want := range map[string]any{
		"a.b.c.d": 1.0, "http.route": "/x", "list.0.x": "y", "list.1.x": nil, "list.x": nil, "a.c": nil, "none": nil,
	} {
		if got := At(value, path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

func TestARowMayAddColumns(t *testing.T) {
	table := Table{Columns: []string{"part"}}
	table.Add([]string{"part", "health"}, []any{"a", "green"})
	table.Add([]string{"part"}, []any{"b"})
	first, second := table.Rows[0], table.Rows[1]
	if table.Value(first, "health") != "green" || table.Value(second, "health") != nil || table.Value(second, "x") != nil {
		t.Errorf("got %v", table)
	}
}

func TestReadyConcernsTheServicesAndTheRegion(t *testing.T) {
	q := Query{Set: map[string]string{"service": ""}, Ready: &Ready{Services: []string{"$service"}}}
	both := map[string]string{"service": "reservation,gateway"}
	for _, tc := range []struct {
		part string
		o    Options
		want bool
	}{
		{"reservation-kr", Options{}, true}, {"alerting", Options{}, true}, {"reservation-kr", Options{Set: both}, true},
		{"reservation-kr-2", Options{Set: both, Region: "kr"}, true}, {"gateway-us", Options{Set: both, Region: "kr"}, false},
		{"user-kr", Options{Set: both}, false}, {"alerting", Options{Region: "kr"}, false},
	} {
		if got := q.Concerns(tc.part, tc.o); got != tc.want {
			t.Errorf("%s with %v: %v", tc.part, tc.o, got)
		}
	}
}

func TestDocumentsWithoutARegionBelongToEach(t *testing.T) {
	set, err := Load(runbooks.Files)
	if err != nil {
		t.Fatal(err)
	}
	if call, err := set["dead-letters"].SearchCall(Options{Region: "kr"}); err != nil || strings.Contains(call.Body, "cloud.region") {
		t.Errorf("%v, %s", err, call.Body)
	}
}
