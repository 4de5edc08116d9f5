package harness

import (
	"bytes"
	"context"
	"fmt"
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

// agent is Fluent Bit with conf/local.yaml, writing under a prefix.
type agent struct {
	program, plugin, conf, dir string
	otlp, health               string
	store                      shiptest.Store
}

func newAgent(t *testing.T, store shiptest.Store) *agent {
	t.Helper()
	a := &agent{program: realpart.FluentBit(t), plugin: buildPlugin(t), dir: t.TempDir(), otlp: freePort(t), health: freePort(t), store: store}
	text, err := os.ReadFile("../conf/local.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const url = "url: ${JARI_OPENSEARCH_URL}"
	own := strings.Replace(string(text), url, url+"\n      index_prefix: "+store.Prefix, 1)
	if own == string(text) {
		t.Fatal("local.yaml has no url setting after which to put the prefix")
	}
	a.conf = filepath.Join(a.dir, "local.yaml")
	if err := os.WriteFile(a.conf, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// start starts the agent. It returns a function that kills it with SIGKILL.
func (a *agent) start(t *testing.T) (kill func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, a.program, "-e", a.plugin, "-c", a.conf)
	cmd.Env = append(os.Environ(), "JARI_AGENT_DIR="+a.dir, "JARI_AGENT_BUFFER=2147483648", "JARI_LOG_GLOB="+filepath.Join(a.dir, "*.log"),
		"JARI_OTLP_HOST=127.0.0.1", "JARI_OTLP_PORT="+a.otlp,
		"JARI_AGENT_HEALTH_HOST=127.0.0.1", "JARI_AGENT_HEALTH_PORT="+a.health, "JARI_OPENSEARCH_URL="+a.store.URL)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	dead := false
	kill = func() {
		if dead {
			return
		}
		dead = true
		cancel()
		_ = cmd.Wait() // reports the kill
		if t.Failed() {
			t.Logf("output of Fluent Bit:\n%s", output.String())
		}
	}
	t.Cleanup(kill)
	a.store.Eventually(t, "Fluent Bit is healthy", func() bool {
		resp, err := http.Get("http://127.0.0.1:" + a.health + "/")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return kill
}

func (a *agent) post(t *testing.T, path, body string) {
	t.Helper()
	a.store.Eventually(t, "Fluent Bit accepts "+path, func() bool {
		resp, err := http.Post("http://127.0.0.1:"+a.otlp+path, "application/json", strings.NewReader(body))
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// The production path with every part real: a line and a trace are stored once, even
// if the client sends again and the agent is killed.
func TestRealFluentBitStoresALineAndATraceOnce(t *testing.T) {
	_ = realpart.FluentBit(t) // skips before OpenSearch is used
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	a := newAgent(t, store)
	const trace, other = "5b8efff798038103d269b633813fc60c", "00000000000000000000000000000001"
	now := time.Now().UTC()
	line := fmt.Sprintf(
		`{"time":%q,"body":"POST /v1/reservations 201","log.record.uid":"01JREAL","service.name":"gateway","trace_id":%q}`+"\n",
		now.Format(time.RFC3339Nano), trace)
	spans := fmt.Sprintf(
		`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"gateway"}}]},`+
			`"scopeSpans":[{"spans":[{"traceId":%q,"spanId":"00000000000000a1","name":"POST /v1/reservations","kind":2,`+
			`"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`,
		trace, now.UnixNano(), now.Add(3*time.Millisecond).UnixNano())
	if err := os.WriteFile(filepath.Join(a.dir, "gateway.log"), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	found := func(family, trace string) []shiptest.Hit {
		return store.Search(t, family, map[string]any{"term": map[string]any{names.DocTraceID: trace}})
	}

	kill := a.start(t)
	a.post(t, "/v1/traces", spans)
	store.Eventually(t, "the line and the span are found by their trace id", func() bool {
		return len(found(names.LogIndex, trace)) > 0 && len(found(names.SpanIndex, trace)) > 0
	})
	t.Logf("emitted to found: %v, the agent's start included", time.Since(now).Round(time.Millisecond))
	kill()
	kill = a.start(t)
	a.post(t, "/v1/traces", spans) // by a client that did not get the first response
	a.post(t, "/v1/traces", strings.ReplaceAll(spans, trace, other))
	store.Eventually(t, "the last span is stored", func() bool { return len(found(names.SpanIndex, other)) > 0 })
	kill()

	store.Refresh(t)
	logs, traces := found(names.LogIndex, trace), found(names.SpanIndex, trace)
	if len(logs) != 1 || logs[0].ID != "01JREAL" || logs[0].Source[names.DocServiceName] != "gateway" {
		t.Errorf("lines %v, want the one", logs)
	}
	if len(traces) != 1 || traces[0].Source[names.DocKind] != "SPAN_KIND_SERVER" ||
		traces[0].Source[names.DocTraceGroup] != "POST /v1/reservations" {
		t.Errorf("spans %v, want the one", traces)
	}
	if dead := store.Count(t, names.DeadLetterIndex); dead != 0 {
		t.Errorf("%d dead letters, want none", dead)
	}
	if got := found(names.SpanIndex, strings.Repeat("0", 32)); len(got) != 0 { // the control
		t.Errorf("a trace that was never sent is found: %v", got)
	}
}
