package telemetry_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

func TestStopDeliversSpansAndMetrics(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]string{}
	agent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen[r.URL.Path] = r.Header.Get("Content-Type")
	}))
	defer agent.Close()
	_, stop, err := telemetry.Start(t.Context(), telemetry.Config{
		Service: "x", Endpoint: agent.URL + "/", Output: new(bytes.Buffer), Heartbeat: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, span := otel.Tracer("t").Start(t.Context(), "s")
	span.End()
	if err := stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if seen["/v1/traces"] != "application/json" || seen["/v1/metrics"] != "application/x-protobuf" {
		t.Errorf("the agent received %v", seen)
	}
}

func TestLinesCarryTraceIDsWithoutAnAgent(t *testing.T) {
	var b bytes.Buffer
	tel, stop, err := telemetry.Start(t.Context(), telemetry.Config{Service: "x", Output: &b, Heartbeat: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stop(context.Background()) }()
	ctx, span := otel.Tracer("t").Start(t.Context(), "s")
	tel.Logger.InfoContext(ctx, "hello")
	if !strings.Contains(b.String(), span.SpanContext().TraceID().String()) {
		t.Errorf("no trace id in %s", b.String())
	}
}

func TestLogsAHeartbeatEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		_, stop, err := telemetry.Start(t.Context(), telemetry.Config{Service: "x", Output: &b})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(35 * time.Second)
		if err := stop(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), names.EventHeartbeat); n != 3 {
			t.Errorf("%d heartbeats in 35 s", n)
		}
		if !strings.Contains(b.String(), `"jari.uptime":30`) {
			t.Errorf("the third heartbeat has no jari.uptime of 30 s: %s", b.String())
		}
	})
}

func TestRequiresAServiceName(t *testing.T) {
	if _, _, err := telemetry.Start(t.Context(), telemetry.Config{}); err == nil {
		t.Error("started without a service name")
	}
}
