package telemetry_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// agent is a simulated agent. It has an address before it listens.
type agent struct {
	t    *testing.T
	addr string

	mu       sync.Mutex
	statuses []int          // of its first responses, before it accepts spans
	requests int            // with spans
	spans    map[string]int // accepted spans by name
	bodies   bytes.Buffer   // of accepted requests
}

func newAgent(t *testing.T, statuses ...int) *agent {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return &agent{t: t, addr: l.Addr().String(), statuses: statuses, spans: map[string]int{}}
}

func (a *agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/traces" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.requests++; a.requests <= len(a.statuses) {
		w.WriteHeader(a.statuses[a.requests-1])
		return
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		a.t.Error(err)
		return
	}
	var plain bytes.Buffer
	var request struct {
		ResourceSpans []struct {
			ScopeSpans []struct{ Spans []struct{ Name string } }
		}
	}
	if _, err = plain.ReadFrom(z); err == nil {
		a.bodies.Write(plain.Bytes())
		err = json.Unmarshal(plain.Bytes(), &request)
	}
	if err != nil {
		a.t.Error(err)
	}
	for _, res := range request.ResourceSpans {
		for _, scope := range res.ScopeSpans {
			for _, s := range scope.Spans {
				a.spans[s.Name]++
			}
		}
	}
}

// listen starts the agent, until the test ends.
func (a *agent) listen() {
	l, err := net.Listen("tcp", a.addr)
	if err != nil {
		a.t.Fatal(err)
	}
	srv := &http.Server{Handler: a}
	go func() { _ = srv.Serve(l) }()
	a.t.Cleanup(func() { _ = srv.Close() })
}

// startWith starts telemetry that exports to a, and returns its lines.
func startWith(a *agent, c telemetry.Config) (*telemetry.Telemetry, *bytes.Buffer, func(context.Context) error) {
	a.t.Helper()
	var lines bytes.Buffer
	c.Service, c.Endpoint, c.Output, c.Heartbeat = "x", "http://"+a.addr, &lines, -1
	tel, stop, err := telemetry.Start(a.t.Context(), c)
	if err != nil {
		a.t.Fatal(err)
	}
	return tel, &lines, stop
}

func makeSpans(n int, name string) {
	for range n {
		_, span := otel.Tracer("t").Start(context.Background(), name)
		span.End()
	}
}

func TestDeliversSpansToAnAgentThatStartsLater(t *testing.T) {
	a := newAgent(t, http.StatusServiceUnavailable, http.StatusInternalServerError, http.StatusTooManyRequests)
	tel, lines, stop := startWith(a, telemetry.Config{TraceCeiling: -1})
	makeSpans(1000, "early")
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := tel.Traces.ForceFlush(short); err == nil {
		t.Fatal("flushed without an agent")
	}
	a.listen()
	if err := tel.Traces.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	makeSpans(10, "late")
	if err := stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.spans["early"] != 1000 || a.spans["late"] != 10 || a.requests <= len(a.statuses) {
		t.Errorf("after %d requests the agent has %v", a.requests, a.spans)
	}
	if strings.Contains(lines.String(), names.EventSpansDropped) {
		t.Errorf("logged dropped spans:\n%s", lines)
	}
}

func TestLogsTheSpansThatAnUnreachableAgentDidNotReceive(t *testing.T) {
	_, lines, stop := startWith(newAgent(t), telemetry.Config{TraceCeiling: -1})
	makeSpans(300, "dropped")
	short, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond) // else it would retry for seconds
	defer cancel()
	if err := stop(short); err == nil {
		t.Error("stopped without an error")
	}
	if !strings.Contains(lines.String(), `"event.name":"telemetry.spans.dropped","jari.count":300,`) {
		t.Errorf("logged only\n%s", lines)
	}
}

// The line is written before the spans are exported, so it must predict that.
func TestTheAccessLogPredictsWhetherTheTraceIsKept(t *testing.T) {
	a := newAgent(t)
	a.listen()
	tel, lines, stop := startWith(a, telemetry.Config{TraceCeiling: 3})
	h := telemetry.Server(tel.Logger, "GET /v1/x", true, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, child := otel.Tracer("t").Start(r.Context(), "child")
		defer child.End()
		telemetry.Note(r.Context(), slog.Any("secret", redacted("kim@example.com")))
		if r.URL.RawQuery == "bad" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	for i := range 100 {
		r := httptest.NewRequest("GET", "/v1/x", nil)
		if i%10 == 9 {
			r.URL.RawQuery = "bad"
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if err := stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for line := range bytes.Lines(lines.Bytes()) {
		var l struct {
			Event  string `json:"event.name"`
			Trace  string `json:"trace_id"`
			Status int    `json:"http.response.status_code"`
			Kept   *bool  `json:"jari.trace.kept"`
		}
		if err := json.Unmarshal(line, &l); err != nil || l.Event != names.EventAccess || l.Kept == nil {
			t.Fatalf("%v: %s", err, line)
		}
		want := 0
		if *l.Kept {
			want, kept = 2, kept+1
		}
		if got := strings.Count(a.bodies.String(), l.Trace); got != want {
			t.Errorf("the line has jari.trace.kept %v, and the agent has %d spans", *l.Kept, got)
		}
		if l.Status == 503 && !*l.Kept {
			t.Error("a failed trace was not kept")
		}
	}
	if kept < 10 || kept > 20 { // ten failures, and three per second
		t.Errorf("%d traces were kept, want 10 to 20", kept)
	}
	sent := a.bodies.String()
	if strings.Contains(sent, "kim") || !strings.Contains(sent, `{"key":"secret","value":{"stringValue":"[redacted]"}}`) {
		t.Error("a redacted value was exported")
	}
}

// redacted is a value that is hidden in logs and spans.
type redacted string

func (redacted) LogValue() slog.Value { return slog.StringValue("[redacted]") }
