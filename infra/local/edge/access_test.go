package edge_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"jari.example/infra/local/edge"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// accessLog collects the access log of an edge.
type accessLog struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *accessLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

// take waits for n lines and returns them.
func (l *accessLog) take(t *testing.T, n int) (lines []map[string]any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := wait.Until(ctx, 5*time.Millisecond, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return bytes.Count(l.out.Bytes(), []byte("\n")) >= n
	}); err != nil {
		t.Fatalf("timed out waiting: %d lines; there are %s", n, &l.out)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range strings.Lines(l.out.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, line)
	}
	l.out.Reset()
	if len(lines) != n {
		t.Fatalf("%d lines, want %d: %v", len(lines), n, lines)
	}
	return lines
}

// facts are what objectives count.
func facts(line map[string]any) map[string]any {
	return map[string]any{
		"region": line[names.CloudRegion], "route": line[names.HTTPRoute], "status": line[names.HTTPStatus],
		"by": line[names.PeerService], "reason": line[names.Reason], "body": line[names.HTTPBodyRead],
	}
}

func TestTheAccessLogSaysWhoRespondedInWhichRegion(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.html", "<!doctype html><title>Jari</title>")
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=1")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusBadGateway) // of a service behind it
		}
	}))
	t.Cleanup(failing.Close)
	closed := httptest.NewServer(nil)
	closed.Close()
	var log accessLog
	at := start(t, edge.Config{Web: dir, Country: "KR", Access: &log, Now: func() time.Time { return time.Unix(0, 0) },
		Origins: map[string]*url.URL{"ap-northeast-2": parse(t, failing.URL), "us-east-1": parse(t, closed.URL)}})
	const kr, us = "ap-northeast-2", "us-east-1"
	type f = map[string]any
	for _, c := range []struct {
		name, method, path, country string
		want                        f
	}{
		{"the gateway's success", "GET", "/v1/restaurants", "KR", f{"region": kr, "route": "(api)", "status": 200.0, "by": "gateway"}},
		{"the gateway's failure", "POST", "/v1/reservations", "KR", f{"region": kr, "route": "(api)", "status": 502.0, "by": "gateway"}},
		{"fetched for the cache", "GET", "/v1/availability", "KR", f{"region": kr, "route": "(api)", "status": 200.0, "by": "gateway"}},
		{"from the cache", "GET", "/v1/availability", "KR", f{"region": kr, "route": "(api)", "status": 200.0, "by": "gateway"}},
		{"no gateway", "POST", "/v1/reservations", "US", f{"region": us, "route": "(api)", "status": 503.0, "reason": "region_unreachable"}},
		{"no gateway to fetch from", "GET", "/v1/availability", "US",
			f{"region": us, "route": "(api)", "status": 503.0, "reason": "region_unreachable"}},
		{"the page", "GET", "/restaurants/someone", "US", f{"region": us, "route": "(page)", "status": 200.0}},
		{"a missing file", "GET", "/assets/old.js", "KR", f{"region": kr, "route": "(page)", "status": 404.0}},
	} {
		request(t, c.method, at+c.path+"?q=someone", "cloudfront-viewer-country", c.country)
		line := log.take(t, 1)[0]
		want := f{"by": nil, "reason": nil, "body": true}
		maps.Copy(want, c.want)
		if got := facts(line); !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", c.name, got, want)
		}
		if line[names.EventName] != names.EventAccess || line[names.ServiceName] != names.ServiceEdge || line[names.HTTPMethod] != c.method ||
			line[names.HTTPDuration].(float64) <= 0 || line[names.TraceID] != nil || line[names.RecordUID] == nil {
			t.Errorf("%s: %v", c.name, line)
		}
		if text, _ := json.Marshal(line); bytes.Contains(text, []byte("someone")) {
			t.Errorf("%s: the line has what the viewer typed: %s", c.name, text)
		}
	}
	if err := os.Remove(filepath.Join(dir, "index.html")); err != nil {
		t.Fatal(err)
	}
	request(t, "GET", at+"/")
	if got := facts(log.take(t, 1)[0]); got["status"] != 503.0 || got["reason"] != "page_missing" || got["route"] != "(page)" {
		t.Errorf("a page that is not built: %v", got)
	}
}

// Such requests reach no gateway, or one that writes no line: only the edge knows.
func TestTheAccessLogHasRequestsThatAGatewayDoesNotAnswer(t *testing.T) {
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Header.Get("Test") {
		case "hang":
			arrived <- struct{}{}
			<-hold
		case "break": // in the middle of the body
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(origin.Close)
	t.Cleanup(func() { close(hold) })
	var log accessLog
	at := start(t, edge.Config{Country: "KR", Access: &log, Origins: map[string]*url.URL{"ap-northeast-2": parse(t, origin.URL)}})

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	send := func(test string) {
		req, err := http.NewRequestWithContext(ctx, "POST", at+"/v1/reservations", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Test", test)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
	}
	send("break")
	if got := facts(log.take(t, 1)[0]); got["status"] != 500.0 || got["by"] != nil {
		t.Errorf("a response that the gateway did not complete: %v", got)
	}
	go func() { <-arrived; cancel() }()
	send("hang")
	if got := facts(log.take(t, 1)[0]); got["status"] != 499.0 || got["by"] != nil || got["body"] != true {
		t.Errorf("a viewer who gave up: %v", got)
	}
}

func TestTheHealthCheckIsNotLoggedAndFailsWithoutThePage(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.html", "<!doctype html>")
	var log accessLog
	at := start(t, edge.Config{Web: dir, Access: &log, Door: "http://127.0.0.1:1/",
		Origins: map[string]*url.URL{"us-east-1": parse(t, "http://127.0.0.1:1")}})
	if resp, body := request(t, "GET", at+edge.HealthPath); resp.StatusCode != 200 || body != "<!doctype html>" {
		t.Errorf("with the page: %d %q", resp.StatusCode, body)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if resp, _ := request(t, "GET", at+edge.HealthPath); resp.StatusCode != 503 {
		t.Errorf("without the page: %d", resp.StatusCode)
	}
	request(t, "GET", at+"/")
	log.take(t, 1) // of the last request alone
}

func TestRunAppendsTheAccessLogToAFile(t *testing.T) {
	run := func(ctx context.Context, stdout io.Writer, file string) error {
		return edge.Run(ctx, []string{"--addr", "127.0.0.1:0", "--origin", "us-east-1=http://127.0.0.1:1", "--access-log", file},
			noEnv, stdout, io.Discard)
	}
	if err := run(t.Context(), io.Discard, t.TempDir()); err == nil || !strings.Contains(err.Error(), "access log") {
		t.Errorf("a folder as access log: %v", err)
	}
	file := filepath.Join(t.TempDir(), "edge-access.log")
	for n := 1; n <= 2; n++ { // the second run must keep the line of the first
		ctx, cancel := context.WithCancel(t.Context())
		out, stdout := io.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- run(ctx, stdout, file) }()
		first, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		request(t, "GET", strings.TrimPrefix(strings.TrimSpace(first), "listening on ")+"/")
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(file); err != nil || strings.Count(string(text), names.EventAccess) != n {
			t.Errorf("after %d requests the file has %s, %v", n, text, err)
		}
	}
}
