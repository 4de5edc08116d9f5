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
)

func of(part, load, variant string, perSecond, p50, p99 float64) row {
	none := 0
	return row{Part: part, Load: load, Variant: variant, PerSecond: &perSecond, P50: &p50, P99: &p99, Lost: &none}
}

func verdicts(t *testing.T, rows []row) (list []string) {
	t.Helper()
	var out bytes.Buffer
	if err := bench.WriteGoals(&out, goals(rows, time.Minute)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		list = append(list, strings.Fields(line)[0])
	}
	return list
}

func TestGoalsAreJudgedByTheRightRows(t *testing.T) {
	good := []row{
		of(price, fixed, bare, 1000, 2, 4), of(price, fixed, logs, 1000, 9, 90), of(price, fixed, complete, 1000, 2.1, 5),
		of(price, saturated, bare, 10_000, 6, 9), of(price, saturated, complete, 7_500, 8, 99),
		of(latency, idle, "line", 0, 700, 2500), of(latency, idle, "span", 0, 700, 2400), of(latency, loaded, "line", 0, 700, 9000),
	}
	drained, lost := 60.0, 0
	good = append(good, row{Part: drain, Load: "1m0s outage", Drain: &drained, Lost: &lost})
	if got := strings.Join(verdicts(t, good), " "); got != "met met met met met met" {
		t.Errorf("what meets every goal is %s", got)
	}
	late, one := 61.0, 1
	bad := []row{
		of(price, fixed, bare, 1000, 2, 4), of(price, fixed, complete, 1000, 2.11, 5.01),
		of(price, saturated, bare, 10_000, 6, 9), of(price, saturated, complete, 7_499, 8, 9),
		of(latency, idle, "line", 0, 700, 2501),
		{Part: drain, Drain: &late, Lost: &lost}, {Part: drain, Drain: &drained, Lost: &one},
	}
	if got := strings.Join(verdicts(t, bad), " "); got != "missed missed missed missed missed missed" { // the control
		t.Errorf("what misses every goal is %s", got)
	}
	if got := verdicts(t, good[:1]); len(got) != 0 {
		t.Errorf("goals of rows that are not there: %v", got)
	}
}

func TestADoorThatIsShutRefusesUntilItIsOpened(t *testing.T) {
	behind := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer behind.Close()
	d, err := newDoor(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer d.shut()
	answers := func() bool {
		res, err := http.Get("http://" + d.addr)
		if err == nil {
			res.Body.Close()
		}
		return err == nil
	}
	before := answers()
	d.shut() // the connection that the client keeps, too
	during := answers()
	if err := d.unlock(); err != nil {
		t.Fatal(err)
	}
	if after := answers(); !before || during || !after {
		t.Errorf("it answers before %v, while shut %v, after %v", before, during, after)
	}
}

// The price, for moments: on a PostgreSQL of its own, each variant. What it
// measures means nothing, but each variant's telemetry is checked.
func TestAShortRunFillsItsRows(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds reservationd and starts a PostgreSQL")
	}
	dir := t.TempDir()
	var out, progress bytes.Buffer
	if err := run(t.Context(), []string{"-only", price, "-pairs", "1", "-seconds", "0.5", "-warm", "0.3", "-rate", "200", "-out", dir}, &out, &progress); err != nil {
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
			t.Errorf("a figure is missing: %+v", r)
		}
	}
	with, _ := find(report.Rows, price, saturated, complete)
	without, _ := find(report.Rows, price, saturated, bare)
	if *with.Allocs <= *without.Allocs {
		t.Errorf("telemetry allocates nothing: %v with, %v without", *with.Allocs, *without.Allocs)
	}
}
