package serve_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/internal/config"
	"jari.example/internal/serve"
	"jari.example/internal/serve/servetest"
	"jari.example/telemetry"
)

// program returns a daemon that serves h.
func program(h http.Handler, ready func(context.Context) error, workers ...serve.Worker) serve.Program {
	return func(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
		s := config.New("xd", "x", "x", getenv)
		c := s.Common("127.0.0.1:0", "127.0.0.1:0")
		if err := s.Parse(args, stdout); err != nil {
			return err
		}
		return serve.WithTelemetry(ctx, "x", c, stdout, func(t *telemetry.Telemetry) error {
			return serve.Run(ctx, serve.Daemon{
				Telemetry: t, HTTPAddr: *c.HTTPAddr, OpsAddr: *c.OpsAddr, Handler: h, Ready: ready, Workers: workers,
			})
		})
	}
}

func TestStopDrainsRequestsBeforeWorkersStop(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	var workerStopped atomic.Bool
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		if workerStopped.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	d := servetest.Start(t, program(h, nil, serve.Worker{Name: "relay", Run: func(ctx context.Context) error {
		<-ctx.Done()
		workerStopped.Store(true)
		return ctx.Err()
	}}))
	result := make(chan error, 1)
	go func() {
		res, err := http.Get(d.URL)
		if err == nil {
			res.Body.Close()
			if res.StatusCode != http.StatusOK {
				err = errors.New("the worker stopped before the request was done")
			}
		}
		result <- err
	}()
	<-arrived
	ended := make(chan error, 1)
	go func() { ended <- d.Stop() }()
	waitFor(t, "readyz reports 503 while draining", func() bool { return status(d.OpsURL+"/readyz") == http.StatusServiceUnavailable })
	close(release)
	if err := <-result; err != nil {
		t.Errorf("the request in flight: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	if !workerStopped.Load() {
		t.Error("the worker has not stopped")
	}
}

func TestLogLinesNameTheRelease(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	args := []string{"--service-version", "1.9.2"}
	if err := program(http.NotFoundHandler(), nil)(ctx, args, func(string) string { return "" }, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if !strings.Contains(line, `"service.version":"1.9.2"`) {
			t.Errorf("the line is %s", line)
		}
	}
	if out.Len() == 0 {
		t.Error("there is no line")
	}
}

func TestReadyzReflectsTheService(t *testing.T) {
	var down atomic.Bool
	d := servetest.Start(t, program(http.NotFoundHandler(), func(context.Context) error {
		if down.Load() {
			return errors.New("postgres is down")
		}
		return nil
	}))
	down.Store(true)
	if got := status(d.OpsURL + "/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("readyz = %d", got)
	}
	if got := status(d.OpsURL + "/healthz"); got != http.StatusOK {
		t.Errorf("healthz = %d: a failed dependency must not fail the liveness check", got)
	}
}

func TestLogLevelIsOnTheOpsPortOnly(t *testing.T) {
	d := servetest.Start(t, program(http.NotFoundHandler(), nil))
	put := func(base string) int {
		r, err := http.NewRequest(http.MethodPut, base+telemetry.LevelPath, strings.NewReader(`{"level":"debug"}`))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if got := put(d.OpsURL); got != http.StatusOK {
		t.Errorf("on the ops port: %d", got)
	}
	if got := put(d.URL); got != http.StatusNotFound {
		t.Errorf("on the API's port: %d", got)
	}
}

func TestAFailedWorkerStopsTheDaemonWithItsError(t *testing.T) {
	failing := serve.Worker{Name: "relay", Run: func(context.Context) error { return errors.New("boom") }}
	err := program(http.NotFoundHandler(), nil, failing)(
		t.Context(), nil, func(string) string { return "" }, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "relay: boom") {
		t.Errorf("got %v", err)
	}
}

func TestRestartsAWorkerThatPanics(t *testing.T) {
	var runs atomic.Int32
	again := make(chan struct{})
	d := servetest.Start(t, program(http.NotFoundHandler(), nil, serve.Worker{Name: "relay", Run: func(ctx context.Context) error {
		if runs.Add(1) == 1 {
			panic("boom")
		}
		close(again)
		<-ctx.Done()
		return ctx.Err()
	}}))
	select {
	case <-again:
	case <-time.After(10 * time.Second):
		t.Error("the worker was not restarted")
	}
	if got := status(d.OpsURL + "/healthz"); got != http.StatusOK {
		t.Errorf("healthz = %d", got)
	}
	if err := d.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func status(url string) int {
	res, err := http.Get(url)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Errorf("timed out: %s", what)
}
