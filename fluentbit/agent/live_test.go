package main

import (
	"bytes"
	"context"
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

	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// The requests and the file of the conformance tests, through the running Collector and,
// where it is installed, the running Fluent Bit, into a real OpenSearch.
func TestBothAgentsStoreTheSameDocuments(t *testing.T) {
	collector := newAgent(t)
	collector.start(t)
	requests, lines := currentRequests(t)
	want := map[string]document{}
	for kind, r := range requests {
		for name, d := range byHandle(identifiedDocuments(collectorRecords(t, r.json, time.Now().UTC()))) {
			want[name] = d
		}
		collector.send(t, "/v1/"+kind, r)
	}
	collector.write(t, "lines.log", lines)

	const writtenLines = 21 // those of lines.log that are not blank, and the two of 1 MiB
	stored := collector.stored(t, len(want)+writtenLines)
	logs := map[string]document{}
	for name, d := range stored {
		if want[name] == nil {
			logs[name] = d
			want[name] = d // the times of lines are not known; Fluent Bit's documents are compared with these
		}
	}
	if len(logs) != writtenLines {
		t.Errorf("%d documents of lines, want %d", len(logs), writtenLines)
	}
	compare(t, want, stored, nil)

	changed := byHandle(nil) // the negative control: the stored documents are compared
	for name, d := range stored {
		changed[name] = d
	}
	changed["span eee19b7ec3c1b101"] = document{"name": `"changed"`}
	if len(differences(want, changed, nil)) == 0 {
		t.Error("a changed field is not reported")
	}

	t.Run("Fluent Bit", func(t *testing.T) {
		other := fluentBit(t, collector)
		for kind, r := range requests {
			other.send(t, "/v1/"+kind, r)
		}
		compare(t, stored, other.stored(t, len(stored)), append([]difference{
			{"log *", names.DocTime, "a line without a time has the time at which it was read"},
		}, cmetricsLive()...))
	})
}

// cmetricsLive returns the known differences of protobuf metrics.
func cmetricsLive() []difference {
	for _, c := range conformanceCases {
		if c.chunk == "metrics.protobuf" {
			return c.known
		}
	}
	return nil
}

type request struct {
	json, sent []byte
	kind       string // content type of sent
}

// currentRequests returns the requests and lines of ../testdata with the present time.
// Records over a day old would be indexed by their time of receipt, which differs
// between the agents.
func currentRequests(t *testing.T) (requests map[string]request, lines string) {
	t.Helper()
	now := time.Now().UTC()
	requests = map[string]request{}
	for _, kind := range []string{"logs", "traces", "metrics"} {
		text, err := os.ReadFile("../testdata/otlp/" + kind + ".json")
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("1795343924"), fmt.Append(nil, now.Unix()))
		text = bytes.ReplaceAll(text, []byte("1795343914"), fmt.Append(nil, now.Unix()-10))
		requests[kind] = request{text, text, "application/json"}
	}
	metrics := pmetricotlp.NewExportRequest()
	if err := metrics.UnmarshalJSON(requests["metrics"].json); err != nil {
		t.Fatal(err)
	}
	protobuf, err := metrics.MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	requests["metrics"] = request{requests["metrics"].json, protobuf, "application/x-protobuf"}

	text, err := os.ReadFile("../testdata/lines/lines.log")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("m", 1<<20)
	return requests, strings.ReplaceAll(string(text), "2026-11-22T10:38:44", now.Format("2006-01-02T15:04:05")) +
		"a long line " + long + "\n" + `{"body":"a long line of ours","log.record.uid":"01JLONG","long":"` + long + `"}` + "\n"
}

func (a *agent) send(t *testing.T, path string, r request) {
	t.Helper()
	a.store.Eventually(t, "the agent accepts "+path, func() bool {
		resp, err := http.Post("http://"+a.otlp+path, r.kind, bytes.NewReader(r.sent))
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body) // for the connection's reuse
		return resp.StatusCode == http.StatusOK
	})
}

// stored returns every document of the agent's store, once there are n, without the
// agent's heartbeats.
func (a *agent) stored(t *testing.T, n int) (all map[string]document) {
	t.Helper()
	a.store.Eventually(t, fmt.Sprintf("%d documents are stored", n), func() bool {
		all = byHandle(a.documents(t))
		return len(all) >= n
	})
	return all
}

// documents reads the store and keeps every digit of numbers.
func (a *agent) documents(t *testing.T) (docs []record.Document) {
	t.Helper()
	a.store.Refresh(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	query := `{"size":1000,"query":{"bool":{"must_not":{"term":{"serviceName":"agent"}}}}}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.store.URL+"/"+a.store.Prefix+"*/_search", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var response struct {
		Hits struct {
			Hits []struct {
				Index  string          `json:"_index"`
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&response); err != nil {
		t.Fatal(err)
	}
	for _, h := range response.Hits.Hits {
		docs = append(docs, record.Document{Index: strings.TrimPrefix(h.Index, a.store.Prefix), ID: h.ID, Body: h.Source})
	}
	return docs
}

// fluentBit starts the real Fluent Bit with the built plugin. It reads the same files as
// the Collector and has a store of its own.
func fluentBit(t *testing.T, collector *agent) *agent {
	t.Helper()
	program := realpart.FluentBit(t)
	plugin := os.Getenv(realpart.Plugin)
	if plugin == "" {
		plugin = filepath.Join(t.TempDir(), "out_jari.so")
		build := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-o", plugin, ".")
		build.Dir, build.Env = "..", append(os.Environ(), "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build the plugin: %v\n%s", err, out)
		}
	}
	a := &agent{store: shiptest.New(t, collector.store.URL), dir: t.TempDir(), otlp: freeAddress(t), health: freeAddress(t)}
	text, err := os.ReadFile("../conf/local.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const url = "url: ${JARI_OPENSEARCH_URL}"
	own := strings.Replace(string(text), url, url+"\n      index_prefix: "+a.store.Prefix, 1)
	if own == string(text) {
		t.Fatal("local.yaml has no url setting after which to put the prefix")
	}
	conf := filepath.Join(a.dir, "local.yaml")
	if err := os.WriteFile(conf, []byte(own), 0o600); err != nil {
		t.Fatal(err)
	}
	otlpHost, otlpPort, _ := net.SplitHostPort(a.otlp)
	healthHost, healthPort, _ := net.SplitHostPort(a.health)
	a.cmd = exec.Command(program, "-e", plugin, "-c", conf)
	a.cmd.Env = append(os.Environ(), "JARI_AGENT_DIR="+a.dir, "JARI_LOG_GLOB="+filepath.Join(collector.dir, "*.log"),
		"JARI_AGENT_BUFFER=2147483648", "JARI_OTLP_HOST="+otlpHost, "JARI_OTLP_PORT="+otlpPort,
		"JARI_AGENT_HEALTH_HOST="+healthHost, "JARI_AGENT_HEALTH_PORT="+healthPort, "JARI_OPENSEARCH_URL="+a.store.URL)
	log, err := os.Create(filepath.Join(a.dir, "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	a.cmd.Stdout, a.cmd.Stderr = log, log
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.kill(t) })
	return a
}
