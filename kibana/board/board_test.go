package board_test

import (
	"strings"
	"testing"
	"time"

	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
)

func TestTheCommittedBoardsAreValid(t *testing.T) {
	boards, err := board.Load(dashboards.Sources)
	if err != nil {
		t.Fatal(err)
	}
	if len(boards) == 0 {
		t.Fatal("there are no boards")
	}
}

const valid = `
id: b
title: B
from: now-15m
refresh: 10s
panels:
  - {id: p, title: P, type: top, index: logs, width: 24, where: [{field: event.name, is: http.access}], by: {field: jari.reason}, size: 3}
`

func TestParseRejectsAnInvalidBoard(t *testing.T) {
	if _, err := board.Parse([]byte(valid)); err != nil {
		t.Fatalf("the valid board: %v", err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"an unknown field":            {"jari.reason", "jari.raeson", `no field "jari.raeson"`},
		"a condition's field":         {"event.name", "event.nmae", `no field "event.nmae"`},
		"a field name of documents":   {"event.name", "serviceName", `no field "serviceName"`},
		"a span's field in log lines": {"jari.reason", "durationInNanos", `no field "durationInNanos" in logs`},
		"counting text":               {"jari.reason", "body", `"body" is text`},
		"comparing a keyword":         {"is: http.access", "atLeast: 3", `"event.name" is keyword, but must be a number`},
		"two tests in one condition":  {"is: http.access", "is: http.access, exists: true", "exactly one of"},
		"no test in a condition":      {", is: http.access", "", "exactly one of"},
		"a field beside a group":      {"is: http.access", "any: [{field: jari.reason, is: a}]", `has the field "event.name"`},
		"a field within a group": {
			"field: event.name, is: http.access", "all: [{any: [{field: event.nmae, is: a}]}]", `no field "event.nmae"`,
		},
		"an unknown index family": {"index: logs", "index: log", `index "log": want one of logs, spans`},
		"an unknown type":         {"type: top", "type: pie", `type "pie" is unknown`},
		"an unknown key":          {"size: 3", "sise: 3", "sise"},
		"ranges where values are counted": {
			"by: {field: jari.reason}", "by: {field: jari.reason, ranges: [{label: a, from: 0, to: 1}]}", "no ranges",
		},
		"bars without time":         {"type: top", "type: bars", "every"},
		"percentiles of a keyword":  {"type: top", "type: percentiles, every: 1m, percents: [50], of: jari.reason", "must be a number"},
		"a ratio without good":      {"type: top", "type: ratio", "needs good"},
		"documents without columns": {"type: top", "type: documents", "need columns"},
		"a panel that is too wide":  {"width: 24", "width: 60", "want 4 to 48"},
		"an id with blanks":         {"id: p", "id: 'a b'", "must be a slug"},
		"an invalid begin":          {"now-15m", "yesterday", "from"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(valid, c.old, c.new, 1)
			if text == valid {
				t.Fatalf("the valid board does not contain %q", c.old)
			}
			if _, err := board.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestParseReportsAllProblems(t *testing.T) {
	text := strings.NewReplacer("jari.reason", "jari.raeson", "event.name", "event.nmae", "width: 24", "width: 1").Replace(valid)
	_, err := board.Parse([]byte(text))
	for _, want := range []string{"jari.raeson", "event.nmae", "width 1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}

func TestConditionsAreTheSameInKQLAndQueryDSL(t *testing.T) {
	three, p := 3.0, &board.Panel{ID: "p", Type: board.Top, Index: board.Logs, By: &board.Split{Field: "jari.reason"}, Size: 1}
	p.Where = []board.Condition{
		{Field: "service.name", Is: "gateway"}, {Field: "http.response.status_code", IsNot: 429},
		{Field: "severity_number", AtLeast: &three}, {Field: "jari.party", Below: &three}, {Field: "trace_id", Exists: true},
		{Any: []board.Condition{
			{Field: "jari.reason", Is: "a"},
			{All: []board.Condition{{Field: "jari.reason", Is: "b"}, {Field: "truncated", Is: true}}},
		}},
	}
	want := `serviceName: "gateway" and not http.response.status_code: 429 and severity.number >= 3 and jari.party < 3 and traceId: * ` +
		`and (jari.reason: "a" or (jari.reason: "b" and truncated: true))`
	if got := p.KQL(p.Where); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	s, err := p.Search("t-", time.Unix(0, 0), time.Unix(60, 0))
	if err != nil {
		t.Fatal(err)
	}
	if s.Indices != "t-ss4o_logs-jari-*" {
		t.Errorf("indices %s", s.Indices)
	}
	for _, want := range []string{
		`{"term":{"serviceName":"gateway"}}`, `{"bool":{"must_not":{"term":{"http.response.status_code":429}}}}`,
		`{"range":{"severity.number":{"gte":3}}}`, `{"range":{"jari.party":{"lt":3}}}`, `{"exists":{"field":"traceId"}}`,
		`{"bool":{"minimum_should_match":1,"should":[{"term":{"jari.reason":"a"}},` +
			`{"bool":{"filter":[{"term":{"jari.reason":"b"}},{"term":{"truncated":true}}]}}]}}`,
		`{"range":{"@timestamp":{"gte":"1970-01-01T00:00:00Z","lt":"1970-01-01T00:01:00Z"}}}`,
	} {
		if !strings.Contains(string(s.Body), want) {
			t.Errorf("the search lacks %s: %s", want, s.Body)
		}
	}
}
