package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"jari.example/telemetry/names/realpart"
)

// It only reads the system that runs the test.
func TestFaultStatusShowsEachRegionsDatabase(t *testing.T) {
	realpart.Need(t, realpart.Postgres)
	dir := os.Getenv("JARI_DIR")
	if dir == "" {
		t.Skip("JARI_DIR is not set, so the Postgres of the test was not started by jari")
	}
	var rows []struct {
		Region, Database string
		Allows           *bool `json:"allows_connections"`
		Backends         *int
	}
	out := must(t, dir, "fault", "status", "--json")
	if err := json.Unmarshal([]byte(out), &rows); err != nil || len(rows) != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, region := range []string{"kr", "us"} {
		if r := rows[i]; r.Region != region || r.Database != "jari_reservation_"+region || r.Allows == nil || r.Backends == nil {
			t.Errorf("%s: %+v", region, r)
		}
	}
	out = must(t, dir, "fault", "status", "--region", "us")
	if !strings.Contains(out, "jari_reservation_us") || strings.Contains(out, "jari_reservation_kr") {
		t.Errorf("with --region us:\n%s", out)
	}
}

func TestOnlyFaultOnTakesWhatDescribesAFault(t *testing.T) {
	for _, args := range [][]string{
		{"fault", "off", "service-killed", "--service", "search"}, {"fault", "list", "--for", "1m"}, {"fault", "status", "--percent", "5"},
	} {
		if out, err := jari(t, t.TempDir(), args...); err == nil || !strings.Contains(err.Error(), "only with `jari fault on`") {
			t.Errorf("%q: %v %s", args, err, out)
		}
	}
}
