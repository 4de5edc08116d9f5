package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/telemetry/names"
)

// newAgent starts an agent that counts requests by path.
func newAgent(t *testing.T) (url string, requests func(path string) int) {
	var mu sync.Mutex
	got := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got[r.URL.Path]++
	}))
	t.Cleanup(server.Close)
	return server.URL, func(path string) int { mu.Lock(); defer mu.Unlock(); return got[path] }
}

func TestEmitsALineWithNumberAndTimePerRecord(t *testing.T) {
	url, requests := newAgent(t)
	var out bytes.Buffer
	err := run(t.Context(), []string{"-service", "chaos-test", "-otlp-endpoint", url, "-first", "9007199254740993", "-count", "3",
		"-spans", "2", "-at", "2026-11-22T23:59:59Z", "-step", "1s"}, &out, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	want := map[string]string{
		"9007199254740993": "2026-11-22T23:59:59.000000000Z",
		"9007199254740994": "2026-11-23T00:00:00.000000000Z",
		"9007199254740995": "2026-11-23T00:00:01.000000000Z",
	}
	for line := range bytes.Lines(out.Bytes()) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var l map[string]any
		if err := d.Decode(&l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if l[names.EventName] != names.EventEmitted {
			continue
		}
		n := l[names.Count].(json.Number).String()
		if l[names.Time] != want[n] || l[names.ServiceName] != "chaos-test" || l[names.TraceID] == nil {
			t.Errorf("line %s", line)
		}
		delete(want, n)
	}
	if len(want) > 0 {
		t.Errorf("no lines with the numbers %v in\n%s", want, out.String())
	}
	if spans, metrics := requests("/v1/traces"), requests("/v1/metrics"); spans == 0 || metrics == 0 {
		t.Errorf("%d requests with spans and %d with metrics, want at least one of each", spans, metrics)
	}
}

func TestRefusesANegativeRate(t *testing.T) {
	var out bytes.Buffer
	_, err := parse([]string{"-rate", "-1"}, &out)
	if err == nil {
		t.Error("a negative rate is accepted")
	}
}

func TestPacesRecordsAndCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := plan{rate: 100}.limiter()
		began := time.Now()
		wait := func(n int) {
			for range n {
				if err := l.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		wait(51)
		if took := time.Since(began).Round(time.Millisecond); took != 500*time.Millisecond {
			t.Errorf("51 records took %v, want 0.5 s", took)
		}
		time.Sleep(300 * time.Millisecond) // 30 records late
		wait(50)
		if took := time.Since(began).Round(time.Millisecond); took != time.Second {
			t.Errorf("101 records took %v, want 1 s", took)
		}
	})
}

func TestEmitsWithoutPauseAtRateZero(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := plan{}.limiter()
		began := time.Now()
		for range 1000 {
			if err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("took %v", took)
		}
	})
}
