package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/benchtest"
	"jari.example/infra/bench/opensearch"
	"jari.example/infra/bench/rig"
)

func latencyRow(part, load, variant string, p99 float64) row {
	none := 0
	return row{Part: part, Load: load, Variant: variant, P99: &p99, Lost: &none}
}

// priceRow is a row with ratios to bare.
func priceRow(load, variant string, rate, p50, p99 float64) row {
	return row{Part: price, Load: load, Variant: variant, RateRatio: &rate, P50Ratio: &p50, P99Ratio: &p99}
}

func results(t *testing.T, rows []row) string {
	t.Helper()
	return benchtest.Results(t, goals(rows, time.Minute))
}

func TestGoalsUseTheRightRows(t *testing.T) {
	good := []row{
		priceRow(fixed, logs, 9, 9, 9), priceRow(fixed, complete, 0, 1.05, 1.25), priceRow(saturated, complete, 0.75, 9, 9),
		latencyRow(latency, idle, "line", 2500), latencyRow(latency, idle, "span", 2400), latencyRow(latency, loaded, "line", 9000),
	}
	drained, lost := 60.0, 0
	good = append(good, row{Part: drain, Load: "1m0s outage", Drain: &drained, Lost: &lost})
	if got := results(t, good); got != "met met met met met met met" {
		t.Errorf("rows that meet every goal are %s", got)
	}
	late, one := 61.0, 1
	bad := []row{
		priceRow(fixed, complete, 9, 1.06, 1.26), priceRow(saturated, complete, 0.74, 0, 0),
		latencyRow(latency, idle, "line", 2501), {Part: latency, Load: loaded, Variant: "line", Lost: &one},
		{Part: drain, Drain: &late, Lost: &lost}, {Part: drain, Drain: &drained, Lost: &one},
	}
	if got := results(t, bad); got != "missed missed missed missed missed missed missed" { // the control
		t.Errorf("rows that miss every goal are %s", got)
	}
	absent := []row{
		{Part: price, Load: fixed, Variant: complete}, {Part: price, Load: saturated, Variant: complete},
		{Part: latency, Load: idle, Variant: "line"}, {Part: latency, Load: loaded, Variant: "line"}, {Part: drain},
	}
	if got := results(t, absent); got != "missed missed missed missed missed missed" {
		t.Errorf("rows without values are %s", got)
	}
	if checkLosses(good) != nil || checkLosses(bad) == nil {
		t.Errorf("losses of the good rows: %v; of the bad ones: %v", checkLosses(good), checkLosses(bad))
	}
	if got := results(t, good[:1]); got != "" {
		t.Errorf("goals of rows that were not measured: %s", got)
	}
}

func TestFailsIfTheLoadWasTooLow(t *testing.T) {
	rows := []row{latencyRow(latency, loaded, "line", 1)}
	if err := checkLoad(rows, 1960); err != nil || *rows[0].PerSecond != 1960 {
		t.Errorf("a full load: %v, %v/s", err, *rows[0].PerSecond)
	}
	if err := checkLoad(rows, 1890); err == nil {
		t.Error("a load of 1,890/s passes for 2,000/s")
	}
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	self := func(v float64) float64 { return v }
	// The machine is three times slower in the last two rounds, for both.
	if got := ratio([]float64{2, 6, 6.6}, []float64{2, 3, 6}, self); *got != 1.1 {
		t.Errorf("the median of 1, 2 and 1.1 is %v", *got)
	}
	if got := ratio([]float64{1}, []float64{0}, self); got != nil {
		t.Errorf("a ratio to zero is %v", *got)
	}
}

func TestFailsIfARunHadLessOrMoreTelemetryThanItsVariant(t *testing.T) {
	from := time.Now()
	m := measurement{Results: rig.Results{Latencies: make([]time.Duration, 100)}, from: from, until: from.Add(period + time.Second)}
	during, before := []time.Time{from.Add(time.Second)}, []time.Time{from.Add(-time.Second)}
	written := rig.LogSummary{AccessLines: 110, Heartbeats: during}
	sent := rig.Received{Spans: 330, ServerSpans: 110, Metrics: during}
	for _, c := range []struct {
		what, variant string
		log           rig.LogSummary
		received      rig.Received
		ok            bool
	}{
		{"nothing", bare, rig.LogSummary{}, rig.Received{}, true},
		{"an access line", bare, rig.LogSummary{AccessLines: 1}, rig.Received{}, false},
		{"a heartbeat", bare, rig.LogSummary{Heartbeats: during}, rig.Received{}, false},
		{"lines", logs, written, rig.Received{}, true},
		{"lines and spans", logs, written, rig.Received{Spans: 1}, false},
		{"lines and metrics", logs, written, rig.Received{Metrics: before}, false},
		{"missing lines", logs, rig.LogSummary{AccessLines: 99, Heartbeats: during}, rig.Received{}, false},
		{"no heartbeat", logs, rig.LogSummary{AccessLines: 110}, rig.Received{}, false},
		{"everything", complete, written, sent, true},
		{"nothing at all", complete, rig.LogSummary{}, rig.Received{}, false},
		{"two thirds of the spans", complete, written, rig.Received{Spans: 220, ServerSpans: 73, Metrics: during}, false},
		{"spans dropped", complete, rig.LogSummary{AccessLines: 110, Heartbeats: during, SpanLosses: 1}, sent, false},
		{"no metrics", complete, written, rig.Received{Spans: 330, ServerSpans: 110}, false},
		{"metrics only in the warm-up", complete, written, rig.Received{Spans: 330, ServerSpans: 110, Metrics: before}, false},
	} {
		if err := checkVolume(c.variant, m, c.log, c.received); (err == nil) != c.ok {
			t.Errorf("%s: %s: %v", c.variant, c.what, err)
		}
	}
}

func TestDisconnectedProxyRefusesUntilItIsConnected(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer behind.Close()
	d, err := newTCPProxy(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer d.disconnect()
	responds := func() bool {
		res, err := http.Get("http://" + d.addr)
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	}
	before := responds()
	d.disconnect() // the client's idle connection, too
	during := responds()
	if err := d.connect(); err != nil {
		t.Fatal(err)
	}
	if after := responds(); !before || during || !after {
		t.Errorf("it responds before: %v, while disconnected: %v, after: %v", before, during, after)
	}
}

// Of three records one is lost and one is stored twice.
func TestADuplicateDoesNotHideALoss(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/_count") {
			_, _ = w.Write([]byte(`{"count":3}`))
			return
		}
		_, _ = w.Write([]byte(`{"aggregations": {"numbers": {"after_key": {"n": 1}, "buckets": [
			{"key": {"n": 0}, "doc_count": 1}, {"key": {"n": 1}, "doc_count": 2}
		]}}}`))
	}))
	defer behind.Close()
	p := &pipeline{store: store{opensearch.Client{URL: behind.URL}}}
	if missing, err := p.await(t.Context(), "any", 3, 0); err != nil || missing != int64(len(recordKinds)) {
		t.Errorf("%d are missing, %v", missing, err)
	}
	if missing, err := p.await(t.Context(), "any", 2, 0); err != nil || missing != 0 { // the control
		t.Errorf("of two %d are missing, %v", missing, err)
	}
}

// Runs the part price for moments: each variant, on a PostgreSQL of its own. The
// results are meaningless, but the telemetry of each variant is checked.
func TestShortRunFillsItsRows(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds reservationd and starts a PostgreSQL")
	}
	dir := t.TempDir()
	var out, progress bytes.Buffer
	args := []string{"-only", price, "-pairs", "1", "-seconds", "0.5", "-warm", "0.3", "-rate", "200", "-out", dir}
	if err := run(t.Context(), args, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	text, err := os.ReadFile(filepath.Join(dir, "telemetry.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report bench.Report[row]
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&report); err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != len(loads)*len(variants) {
		t.Fatalf("%d rows:\n%s", len(report.Rows), &out)
	}
	for _, r := range report.Rows {
		if *r.PerSecond <= 0 || *r.P50 <= 0 || *r.P99 < *r.P50 || *r.Allocs <= 0 {
			t.Errorf("a result is missing: %+v", r)
		}
	}
	with, _ := find(report.Rows, price, saturated, complete)
	without, _ := find(report.Rows, price, saturated, bare)
	if *with.Allocs <= *without.Allocs {
		t.Errorf("telemetry allocates nothing: %v with, %v without", *with.Allocs, *without.Allocs)
	}
}
