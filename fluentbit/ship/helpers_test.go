package ship_test

import (
	"fmt"
	"testing"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// docs returns documents with the given ids, "a" to "d" if none are given.
func docs(ids ...string) []record.Document {
	if len(ids) == 0 {
		ids = []string{"a", "b", "c", "d"}
	}
	var out []record.Document
	for _, id := range ids {
		out = append(out, record.Document{
			Index: names.Daily(names.LogIndex, noon), ID: id, Time: noon,
			Body: fmt.Appendf(nil, `{"@timestamp":"2026-11-22T12:00:00Z","body":"line %s"}`, id),
		})
	}
	return out
}

func open(t testing.TB, url string, cfg ship.Config) *ship.Shipper {
	t.Helper()
	cfg.URL = url
	s, err := ship.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// itemFor responds with it for the document with this id, the first times it is
// sent, and stores every other.
func itemFor(id string, times int, it shiptest.Item) func(string, int) shiptest.Item {
	return func(sent string, before int) shiptest.Item {
		if sent == id && before < times {
			return it
		}
		return shiptest.Item{}
	}
}

const forever = 1 << 30

// eventually polls until done. Nothing here takes longer than the circuit stays open.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting: %s", what)
		}
	}
}
