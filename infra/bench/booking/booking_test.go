package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/benchtest"
	"jari.example/infra/bench/rig"
)

// TestMain lets the test binary be the server that books nothing.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == rig.NullArgument {
		fmt.Fprintln(os.Stderr, rig.ServeNull())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestPlanHasEveryCell(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range plan([]string{rig.RAM, rig.RealDisk}, scenarioNames(), stores) {
		seen[fmt.Sprint(c.disk, " ", c.name, " ", c.conns, " ", c.store)] = true
	}
	for _, disk := range []string{"ram", "real"} {
		for _, load := range []string{"hot-slot 64", "hot-slot 256", "zipf-1000 64", "zipf-1000 256", "calm 8", "sold-out-rush 256"} {
			for _, store := range []string{"read_then_write", "for_update", "skip_locked", "one_statement", "grouped"} {
				if name := disk + " " + load + " " + store; !seen[name] {
					t.Errorf("%s is not measured", name)
				}
			}
		}
	}
}

func TestSummaryHasMediansAndTheWorstOverbooking(t *testing.T) {
	n := int64(300)
	run := func(booked, over int) measurement {
		return measurement{
			Results: rig.Results{Duration: time.Second, Statuses: map[int]int{201: booked}, Latencies: []time.Duration{time.Millisecond, 3 * time.Millisecond}},
			cpu:     [2]time.Duration{1500 * time.Millisecond, 500 * time.Millisecond}, statements: &n, overbooked: over,
		}
	}
	r := summarise(cell{store: "x", disk: rig.RAM, conns: 8}, []measurement{run(100, 0), run(300, 7), run(200, 1)})
	if r.PerSecond != 200 || r.Overbooked != 7 || r.CPU != 10 || *r.Statements != 1.5 || r.P50 != 1 || r.P99 != 3 || r.Service != 750_000 || r.Database != 250_000 {
		t.Errorf("got %+v", r)
	}
	uncounted := run(100, 0)
	uncounted.statements = nil
	if r := summarise(cell{}, []measurement{uncounted}); r.Statements != nil {
		t.Errorf("statements that were not counted are %v", *r.Statements)
	}
}

func TestGoalsUseTheRightRows(t *testing.T) {
	rows := []row{
		{Store: "grouped", Scenario: hotSlot, Disk: rig.RAM, Connections: 64, PerSecond: 9000, P99: 20},
		{Store: "one_statement", Scenario: hotSlot, Disk: rig.RAM, Connections: 64, PerSecond: 1000},
		{Store: "for_update", Scenario: hotSlot, Disk: rig.RAM, Connections: 64, PerSecond: 300},
		{Store: "grouped", Scenario: calm, Disk: rig.RAM, Connections: 8, PerSecond: 80},
		{Store: "one_statement", Scenario: calm, Disk: rig.RAM, Connections: 8, PerSecond: 100, Overbooked: 1},
		{Store: "read_then_write", Scenario: calm, Disk: rig.RAM, Connections: 8, Overbooked: 99},
		{Store: "grouped", Scenario: soldOutRush, Disk: rig.RAM, Connections: 256, Service: 150},
		{Store: "one_statement", Scenario: soldOutRush, Disk: rig.RAM, Connections: 256, Service: 151},
		{Store: "grouped", Scenario: zipf1000, Disk: rig.RealDisk, Connections: 64, PerSecond: 1},
		{Store: "one_statement", Scenario: zipf1000, Disk: rig.RealDisk, Connections: 64, PerSecond: 1},
	}
	if got, want := benchtest.Results(t, goals(rows)), "missed met met met missed met missed"; got != want {
		t.Errorf("the goals are %s, want %s", got, want)
	}
}

// Runs the whole program for moments: all stores and each kind of scenario, on a
// PostgreSQL of its own. The results are meaningless; that they exist is tested.
func TestShortRunFillsItsRows(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds reservationd and starts a PostgreSQL")
	}
	dir := t.TempDir()
	var out, progress bytes.Buffer
	err := run(t.Context(), []string{
		"-only", calm + "," + soldOutRush, "-disk", "ram", "-runs", "1", "-seconds", "0.5", "-warm", "0.2", "-rush", "1500", "-out", dir,
	}, &out, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	text, err := os.ReadFile(filepath.Join(dir, "booking.json"))
	if err != nil {
		t.Fatal(err)
	}
	var report bench.Report[row]
	strict := json.NewDecoder(bytes.NewReader(text))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&report); err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 2*len(stores) {
		t.Fatalf("%d rows:\n%s", len(report.Rows), &out)
	}
	overbooks := false
	for _, r := range report.Rows {
		if r.PerSecond <= 0 || r.P50 <= 0 || r.P99 < r.P95 || r.P95 < r.P50 || r.CPU <= 0 || r.Service <= 0 {
			t.Errorf("a result is missing: %+v", r)
		}
		if r.Scenario == soldOutRush && r.Store != "read_then_write" && r.Refused < 1200 {
			t.Errorf("the rush refuses only %d: %+v", r.Refused, r)
		}
		if r.Overbooked > 0 && r.Store != "read_then_write" {
			t.Errorf("overbooked: %+v", r)
		}
		overbooks = overbooks || r.Overbooked > 0
	}
	if !overbooks { // the control: the recount detects overbooking
		t.Error("the store read_then_write does not overbook")
	}
	if !strings.Contains(out.String(), "The load generator uses") {
		t.Errorf("the load generator's own cost is not reported:\n%s", &out)
	}
}
