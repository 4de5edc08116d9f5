package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// agent is the built program, running with agent.yaml.
type agent struct {
	binary, dir   string
	otlp, health  string
	store         shiptest.Store
	cmd           *exec.Cmd
	openSearchURL string
}

func newAgent(t *testing.T) *agent {
	t.Helper()
	a := &agent{
		store: shiptest.New(t, realpart.Need(t, realpart.OpenSearch)),
		dir:   t.TempDir(), otlp: freeAddress(t), health: freeAddress(t),
	}
	a.binary = filepath.Join(a.dir, "jari-agent")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", a.binary, ".")
	build.Env = append(os.Environ(), "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the agent: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		if a.cmd != nil {
			a.kill(t)
		}
	})
	return a
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (a *agent) start(t *testing.T) {
	t.Helper()
	url := a.store.URL
	if a.openSearchURL != "" {
		url = a.openSearchURL
	}
	a.cmd = exec.Command(a.binary, "--config", "file:agent.yaml")
	a.cmd.Env = append(os.Environ(),
		"JARI_OTLP_ADDR="+a.otlp, "JARI_AGENT_HEALTH_ADDR="+a.health, "JARI_OPENSEARCH_URL="+url,
		"JARI_AGENT_DIR="+filepath.Join(a.dir, "agent"), "JARI_LOG_GLOB="+filepath.Join(a.dir, "*.log"),
		"JARI_INDEX_PREFIX="+a.store.Prefix)
	log, err := os.OpenFile(filepath.Join(a.dir, "stderr"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	a.cmd.Stderr = log
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	a.store.Eventually(t, "the agent's health check succeeds", func() bool {
		resp, err := http.Get("http://" + a.health + "/")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

func (a *agent) kill(t *testing.T) {
	t.Helper()
	if err := a.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = a.cmd.Wait() // reports the kill
	a.cmd = nil
	if t.Failed() {
		log, _ := os.ReadFile(filepath.Join(a.dir, "stderr"))
		t.Logf("log of the agent:\n%s", log)
	}
}

// post sends an OTLP request until the agent accepts it, as an exporter does.
func (a *agent) post(t *testing.T, path string, body any) {
	t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	a.store.Eventually(t, "the agent accepts "+path, func() bool {
		resp, err := http.Post("http://"+a.otlp+path, "application/json", bytes.NewReader(b))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body) // for the connection's reuse
		return resp.StatusCode == http.StatusOK
	})
}

func (a *agent) write(t *testing.T, file, lines string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(a.dir, file), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(lines); err != nil {
		t.Fatal(err)
	}
}

type object = map[string]any

func attribute(key, value string) object {
	return object{"key": key, "value": object{"stringValue": value}}
}

func resourceOf(service string) object {
	return object{"attributes": []object{attribute(names.ServiceName, service)}}
}

func logOf(service string, record object) object {
	return object{"resourceLogs": []object{
		{"resource": resourceOf(service), "scopeLogs": []object{{"logRecords": []object{record}}}},
	}}
}

func spanOf(service, trace string, id int, kind int, at time.Time) object {
	return object{"resourceSpans": []object{{"resource": resourceOf(service), "scopeSpans": []object{{"spans": []object{{
		"traceId": trace, "spanId": fmt.Sprintf("%016x", id), "name": "POST /v1/reservations", "kind": kind,
		"startTimeUnixNano": fmt.Sprint(at.UnixNano()), "endTimeUnixNano": fmt.Sprint(at.Add(3 * time.Millisecond).UnixNano()),
		"attributes": []object{attribute(names.PeerService, "reservation")},
	}}}}}}}
}

const trace = "5b8efff798038103d269b633813fc60c"

func ofTrace(trace string) object { return object{"term": object{names.DocTraceID: trace}} }

func TestFindsLinesSpansAndPointsByTraceID(t *testing.T) {
	a := newAgent(t)
	a.start(t)
	now := time.Now().UTC()
	emitted := time.Now()
	a.write(t, "reservation.log", fmt.Sprintf(`{"time":%q,"severity_text":"INFO","severity_number":9,"body":"POST /v1/reservations 201",`+
		`"log.record.uid":"01JTEST","service.name":"reservation","trace_id":%q,`+
		`"http.response.status_code":201,"jari.unknown":{"a":1}}`+"\na foreign line\n",
		now.Format(time.RFC3339Nano), trace))
	a.post(t, "/v1/traces", spanOf("gateway", trace, 1, 3, now))
	nanos := fmt.Sprint(now.UnixNano())
	metrics := []object{
		{"name": "requests", "sum": object{"isMonotonic": true, "dataPoints": []object{{"timeUnixNano": nanos, "asInt": "4"}}}},
		{"name": "duration", "unit": "s", "histogram": object{"dataPoints": []object{{"timeUnixNano": nanos, "count": "7", "sum": 1.5}}}},
	}
	a.post(t, "/v1/metrics", object{"resourceMetrics": []object{
		{"resource": resourceOf("gateway"), "scopeMetrics": []object{{"metrics": metrics}}},
	}})
	a.post(t, "/v1/logs", logOf("gateway", object{
		"timeUnixNano": nanos, "body": object{"stringValue": "by OTLP"}, "traceId": trace, "severityText": "WARN",
	}))

	var logs, spans []shiptest.Hit
	a.store.Eventually(t, "two lines and a span are found by their trace id, without an explicit refresh", func() bool {
		logs, spans = a.store.Search(t, names.LogIndex, ofTrace(trace)), a.store.Search(t, names.SpanIndex, ofTrace(trace))
		return len(logs) == 2 && len(spans) == 1
	})
	t.Logf("emitted to found: %v", time.Since(emitted).Round(time.Millisecond))
	for _, l := range logs {
		s, at := l.Source, now.Format("2006-01-02T15:04:05.000000000Z")
		if l.ID == "01JTEST" && (s["serviceName"] != "reservation" || s[names.HTTPStatus] != 201.0 || s[names.DocTime] != at) {
			t.Errorf("line %v", l)
		}
	}
	s := spans[0].Source
	if s[names.DocServiceName] != "gateway" || s[names.DocTraceGroup] != "POST /v1/reservations" ||
		s[names.DocDuration] != 3e6 || s["jari.agent.received"] != nil {
		t.Errorf("span %v", s)
	}
	a.store.Eventually(t, "the foreign line, the points and the edge are stored", func() bool {
		return len(a.store.Search(t, names.LogIndex, object{"match_phrase": object{names.Body: "a foreign line"}})) == 1 &&
			a.store.Count(t, names.MetricIndex) == 3 && a.store.Count(t, names.ServiceMapIndex) == 1
	})
	if got := a.store.Search(t, names.SpanIndex, ofTrace(strings.Repeat("0", 32))); len(got) != 0 { // negative control
		t.Errorf("a trace that was not sent is found: %v", got)
	}
}

func TestKillsLoseAndDuplicateNothing(t *testing.T) {
	a := newAgent(t)
	const rounds, perRound = 4, 300
	now := time.Now().UTC()
	for round := range rounds {
		// In the first round OpenSearch is unavailable: everything is in the queue when
		// the agent is killed.
		a.openSearchURL = map[bool]string{true: "http://127.0.0.1:1"}[round == 0]
		a.start(t)
		var lines strings.Builder
		for i := range perRound {
			n := round*perRound + i
			if i%10 == 0 {
				lines.WriteString("a foreign line, each time the same\n")
			} else {
				fmt.Fprintf(&lines, `{"time":%q,"body":"line","log.record.uid":"01JK%08d"}`+"\n", now.Format(time.RFC3339Nano), n)
			}
			if i%30 == 0 {
				a.post(t, "/v1/traces", spanOf("gateway", trace, n+1, 2, now))
				a.write(t, "service.log", lines.String())
				lines.Reset()
			}
		}
		a.write(t, "service.log", lines.String())
		if round < rounds-1 {
			time.Sleep(time.Duration(round) * 150 * time.Millisecond) // killed at another moment each time
			a.kill(t)
		}
	}
	const wantLines, wantSpans = rounds * perRound, rounds * perRound / 30
	a.store.Eventually(t, "every line and span is stored", func() bool {
		return a.store.Count(t, names.LogIndex) >= wantLines && a.store.Count(t, names.SpanIndex) >= wantSpans
	})
	a.kill(t)
	a.start(t) // whatever is sent again is sent now
	time.Sleep(2 * time.Second)
	a.store.Refresh(t)
	if lines, spans := a.store.Count(t, names.LogIndex), a.store.Count(t, names.SpanIndex); lines != wantLines || spans != wantSpans {
		t.Errorf("%d lines and %d spans, want %d and %d", lines, spans, wantLines, wantSpans)
	}
}

// OpenSearch rejects more requests than the queue has consumers, because one index is
// blocked. Later requests pass, and a kill meanwhile loses none.
func TestRejectedRequestsDoNotBlockOthers(t *testing.T) {
	a := newAgent(t)
	now := time.Now().UTC()
	before := now.Truncate(24 * time.Hour).Add(-time.Second)
	yesterday := a.store.Prefix + names.Daily(names.LogIndex, before)
	a.store.Alter(t, yesterday, "", `{"settings":{"blocks.write":true}}`)
	a.start(t)
	line := func(uid string, at time.Time) {
		a.post(t, "/v1/logs", logOf("gateway", object{
			"timeUnixNano": fmt.Sprint(at.UnixNano()), "body": object{"stringValue": "line"},
			"attributes": []object{attribute(names.RecordUID, uid)},
		}))
	}
	const stuck = 40
	for i := range stuck {
		line(fmt.Sprint("01JSTUCK", i), before)
	}
	line("01JGOOD1", now)
	a.store.Eventually(t, "the line behind them is stored", func() bool { a.store.Refresh(t); return a.store.Count(t, names.LogIndex) == 1 })
	a.kill(t)
	a.start(t)
	line("01JGOOD2", now)
	a.store.Eventually(t, "another line is stored after a kill", func() bool {
		a.store.Refresh(t)
		return a.store.Count(t, names.LogIndex) == 2
	})
	a.store.Alter(t, yesterday, "_settings", `{"blocks.write":null}`)
	a.store.Eventually(t, "none was lost", func() bool { a.store.Refresh(t); return a.store.Count(t, names.LogIndex) >= stuck+2 })
	if got := a.store.Count(t, names.LogIndex); got != stuck+2 {
		t.Errorf("%d lines, want %d", got, stuck+2)
	}
}
