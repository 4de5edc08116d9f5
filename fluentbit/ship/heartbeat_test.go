package ship_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

// heartbeats returns the heartbeat lines that were stored, and the points of one
// metric.
func heartbeats(t *testing.T, f *shiptest.Fake, metric string) (lines []map[string]any, points []float64) {
	t.Helper()
	for key, body := range maps.All(f.Stored()) {
		var d map[string]any
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			t.Fatal(err)
		}
		switch {
		case d[names.DocServiceName] != names.ServiceAgent:
		case strings.HasPrefix(key, names.LogIndex):
			lines = append(lines, d)
		case strings.HasPrefix(key, names.MetricIndex) && d[names.DocMetricName] == metric:
			points = append(points, d[names.DocMetricValue].(float64))
		}
	}
	return lines, points
}

func TestHeartbeatCarriesTheCounters(t *testing.T) {
	f := shiptest.NewFake(t)
	f.Item = itemFor("b", 1, shiptest.Item{Status: 429})
	s := open(t, f.URL, ship.Config{})
	if _, err := s.Ship(t.Context(), docs()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ship(t.Context(), docs("a")); err != nil {
		t.Fatal(err)
	}
	s.StartHeartbeat(ship.Agent{Kind: "collector", Interval: 5 * time.Millisecond, Stats: func(context.Context) (map[string]int64, error) {
		return map[string]int64{names.ShipEvicted: 7, names.ShipBacklogBytes: 42}, nil
	}})
	eventually(t, "two heartbeats are stored", func() bool {
		lines, points := heartbeats(t, f, names.ShipEvicted)
		return len(lines) >= 2 && len(points) >= 2
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lines, points := heartbeats(t, f, names.ShipEvicted)
	want := map[string]any{
		names.EventName: names.EventHeartbeat, names.AgentKind: "collector", "severity.text": "INFO",
		names.ShipAccepted: 5.0, names.ShipCreated: 4.0, names.ShipDuplicate: 1.0, names.ShipRetried: 1.0, names.ShipDeadLettered: 0.0,
		names.ShipEvicted: 7.0, names.ShipBacklogBytes: 42.0, names.ShipBacklogChunks: nil, // which this agent does not report
	}
	for _, line := range lines { // heartbeats do not count themselves
		for field, v := range want {
			if line[field] != v {
				t.Errorf("%s is %v, want %v", field, line[field], v)
			}
		}
		if line[names.ServiceInstanceID] != lines[0][names.ServiceInstanceID] {
			t.Error("two instance ids for one agent")
		}
	}
	if len(points) < 2 || points[0] != 7 {
		t.Errorf("%v are the points of %s", points, names.ShipEvicted)
	}
	if got := s.Counters().Agent[names.ShipEvicted]; got != 7 {
		t.Errorf("the snapshot has %d evicted", got)
	}
}

func TestHeartbeatIsWrittenWithoutTheAgentsStatistics(t *testing.T) {
	f := shiptest.NewFake(t)
	s := open(t, f.URL, ship.Config{})
	s.StartHeartbeat(ship.Agent{Kind: "fluent-bit", Interval: 5 * time.Millisecond, Stats: func(context.Context) (map[string]int64, error) {
		return nil, errors.New("no metrics here")
	}})
	var lines []map[string]any
	eventually(t, "a heartbeat is stored", func() bool {
		lines, _ = heartbeats(t, f, "")
		return len(lines) > 0
	})
	l := lines[0]
	if l["severity.text"] != "WARN" || l[names.Exception] != "no metrics here" || l[names.ShipEvicted] != nil || l[names.ShipAccepted] != 0.0 {
		t.Errorf("heartbeat %v", l)
	}
}

// No eviction is left out when a heartbeat is lost, and none is reported twice, also not
// when the response to a heartbeat does not come.
func TestHeartbeatsReportEachEvictionAndDeadLetterOnce(t *testing.T) {
	f := shiptest.NewFake(t)
	var faults atomic.Bool
	f.DropResponse = func(n int) bool { return faults.Load() && n%7 == 3 }
	f.Proxied = func(n int) int {
		if faults.Load() && n%5 == 2 {
			return 504
		}
		return 0
	}
	f.Request = func(n, _ int) int {
		if faults.Load() && n%4 == 1 {
			return 503
		}
		return 0
	}
	f.Item = itemFor("b", forever, shiptest.Item{Status: 400, Type: "mapper_parsing_exception"})
	s := open(t, f.URL, ship.Config{})
	if _, err := s.Ship(t.Context(), docs("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ship(t.Context(), docs("b")); err != nil || s.Counters().DeadLettered != 1 {
		t.Fatalf("%d dead letters, want 1: %v", s.Counters().DeadLettered, err)
	}
	faults.Store(true)
	var evicted atomic.Int64 // grows for 20 heartbeats, of which some are lost
	s.StartHeartbeat(ship.Agent{Kind: "fluent-bit", Interval: 5 * time.Millisecond, Stats: func(context.Context) (map[string]int64, error) {
		return map[string]int64{names.ShipEvicted: min(evicted.Add(1), 20) * 10}, nil
	}})
	eventually(t, "heartbeats that report no new eviction follow", func() bool {
		quiet := 0
		lines, _ := heartbeats(t, f, "")
		for _, l := range lines {
			if l[names.ShipEvictedDelta] == 0.0 {
				quiet++
			}
		}
		return quiet > 2
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lines, _ := heartbeats(t, f, "")
	var evictions, deadLetters float64
	for _, l := range lines {
		evictions += l[names.ShipEvictedDelta].(float64)
		deadLetters += l[names.ShipDeadLetteredDelta].(float64)
	}
	if evictions != 200 || deadLetters != 1 || int64(len(lines)) == evicted.Load() {
		t.Errorf("%v evictions and %v dead letters in %d stored of %d heartbeats, want 200 and 1, and some lost",
			evictions, deadLetters, len(lines), evicted.Load())
	}
}

// What waits while the lines' index is blocked is known from the metrics.
func TestHeartbeatsReportTheLatestCountersWhileTheirLinesAreRefused(t *testing.T) {
	f := shiptest.NewFake(t)
	f.DropResponse = func(n int) bool { return n == 1 } // the first line is unsettled for as long
	f.Blocked = names.LogIndex
	s := open(t, f.URL, ship.Config{})
	var evicted atomic.Int64
	s.StartHeartbeat(ship.Agent{Kind: "collector", Interval: 5 * time.Millisecond, Stats: func(context.Context) (map[string]int64, error) {
		return map[string]int64{names.ShipEvicted: evicted.Add(1)}, nil
	}})
	eventually(t, "points of three heartbeats are stored", func() bool {
		lines, points := heartbeats(t, f, names.ShipEvicted)
		return len(lines) == 0 && len(points) >= 3 && slices.Max(points) > slices.Min(points)
	})
}

func TestHeartbeatReportsTheVolumeOfTheBuffer(t *testing.T) {
	for name, test := range map[string]struct {
		dir   string
		known bool
	}{
		"an existing folder": {t.TempDir(), true},
		"a missing folder":   {filepath.Join(t.TempDir(), "missing"), false},
		"no folder is set":   {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := shiptest.NewFake(t)
			s := open(t, f.URL, ship.Config{})
			s.StartHeartbeat(ship.Agent{Kind: "collector", Region: "us-east-1", BufferDir: test.dir, Interval: 5 * time.Millisecond})
			var lines []map[string]any
			eventually(t, "a heartbeat is stored", func() bool {
				lines, _ = heartbeats(t, f, "")
				return len(lines) > 0
			})
			free, known := lines[0][names.AgentDiskFree].(float64)
			share, _ := lines[0][names.AgentDiskFreeShare].(float64)
			if known != test.known || known && (free <= 0 || share <= 0 || share > 1) {
				t.Errorf("%v bytes, share %v", lines[0][names.AgentDiskFree], lines[0][names.AgentDiskFreeShare])
			}
			if lines[0][names.CloudRegion] != "us-east-1" {
				t.Errorf("region %v", lines[0][names.CloudRegion])
			}
		})
	}
}
