package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/benchtest"
)

func TestGoalsUseTheRightFigures(t *testing.T) {
	results := func(rows ...row) string { return benchtest.Results(t, goals(rows)) }
	good := row{HistoryDays: 1, Searches: 1, Others: 1, P50: 40, P95: 200}
	month := row{HistoryDays: 30, Searches: 1, Others: 1, P50: 50, P95: 200}
	if got := results(good, month); got != "met met met met met met met" {
		t.Errorf("rows that meet every goal are %s", got)
	}
	bad := row{HistoryDays: 30, Searches: 1.02, Others: 1.1, P50: 51, P95: 201}
	if got := results(good, bad); got != "met met met missed missed missed missed" { // the control
		t.Errorf("rows that miss every goal are %s", got)
	}
	if got := results(row{}); got != "missed met missed" {
		t.Errorf("a row without values is %s", got)
	}
}

func TestARowHasMediansOfTheRounds(t *testing.T) {
	ticks := func(ms ...int) (all []time.Duration) {
		for _, n := range ms {
			all = append(all, time.Duration(n)*time.Millisecond)
		}
		return all
	}
	r := summarise(30, []round{
		{ticks(10, 20, 30, 40, 50, 60), searches{newest: 6, others: 1, scanned: 500}},
		{ticks(1, 2, 3, 4, 5, 6), searches{newest: 6, others: 1, scanned: 400}},
		{ticks(100, 200, 300, 400, 500, 600), searches{newest: 12, others: 2, scanned: 600}},
	})
	want := row{Objectives: 50, Windows: 8, Regions: 2, HistoryDays: 30, Searches: 1, Others: 1, P50: 30, P95: 60, Scanned: 500}
	if r != want {
		t.Errorf("got %+v, want %+v", r, want)
	}
}

func TestTheProxyTellsSearchesForTheNewestPeriodFromOthers(t *testing.T) {
	var forwarded []string
	behind := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		forwarded = append(forwarded, r.URL.Path+string(body))
	}))
	defer behind.Close()
	p, err := newProxy(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	at := func(clock string) int64 {
		end, err := time.Parse(time.RFC3339, "2026-11-03T"+clock+":00Z")
		if err != nil {
			t.Fatal(err)
		}
		return end.UnixMilli()
	}
	search := func(until string) {
		body := fmt.Sprintf(`{"query":{"bool":{"filter":[{"range":{"@timestamp":{"gte":1,"lt":%d,"format":"epoch_millis"}}}]}}}`, at(until))
		for path, text := range map[string]string{"/log-*/_search": body, "/log-1/_bulk": "x"} {
			response, err := http.Post(p.URL+path, "application/json", strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		}
	}
	search("09:59")
	response, err := http.Get(p.URL + "/?measure")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	search("10:00")
	search("10:00") // the same minute
	search("09:30") // late lines
	search("10:01")
	count, path, query := p.take()
	if count != (searches{newest: 3, others: 1}) || path != "/log-*/_search" || !strings.Contains(string(query), fmt.Sprint(at("10:01"))) {
		t.Errorf("counted %+v, last %s %s", count, path, query)
	}
	if len(forwarded) != 10 || !strings.Contains(strings.Join(forwarded, " "), fmt.Sprintf(`"lt":%d`, at("10:01"))) {
		t.Errorf("forwarded %q", forwarded)
	}
	if count, _, _ := p.take(); count != (searches{}) {
		t.Errorf("counted again: %+v", count)
	}
	search("09:00") // the next round's clock begins earlier
	if count, _, _ := p.take(); count != (searches{newest: 1}) {
		t.Errorf("after a round, counted %+v", count)
	}
}

// Runs the benchmark for moments. Its figures are meaningless.
func TestAShortRunFillsItsRow(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it starts an OpenSearch and a PostgreSQL")
	}
	dir := t.TempDir()
	var out, progress bytes.Buffer
	if err := run(t.Context(), []string{"-history", "1", "-rounds", "1", "-ticks", "7", "-out", dir}, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	var report bench.Report[row]
	text, err := os.ReadFile(filepath.Join(dir, "alerting.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &report); err != nil || len(report.Rows) != 1 {
		t.Fatalf("%d rows, %v:\n%s", len(report.Rows), err, &out)
	}
	r := report.Rows[0]
	if r.P50 <= 0 || r.P95 < r.P50 || r.Searches < 1 || r.Scanned < 1000 {
		t.Errorf("a figure is missing: %+v", r)
	}
}
