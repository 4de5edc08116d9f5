package pgxtelemetry

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
	"jari.example/telemetry/telemetrytest"
)

// newSmallPool returns a pool of one connection.
func newSmallPool(t *testing.T) *Pool {
	config, err := pgxpool.ParseConfig(realpart.Need(t, realpart.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	pool, err := NewPool(t.Context(), "small", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestMeasuresThePoolAndTheWaitForConnections(t *testing.T) {
	rec := telemetrytest.Start(t)
	pool := newSmallPool(t)
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	short, timedOut := otel.Tracer("test").Start(short, "timed out")
	if _, err := pool.Exec(short, "select 1"); err == nil {
		t.Error("a pool of one connection handed out two")
	}
	timedOut.End()
	disconnected, cancel := context.WithCancel(t.Context())
	cancel() // a client that disconnects is no timeout
	if _, err := pool.Exec(disconnected, "select 1"); err == nil {
		t.Error("a connection was acquired with a context that had ended")
	}

	ctx, root := otel.Tracer("test").Start(t.Context(), "root")
	done := make(chan error, 1)
	go func() {
		var b pgx.Batch
		b.Queue("-- name: test.batch\nselect 1")
		b.Queue("select generate_series(1, 4)")
		done <- pool.SendBatch(ctx, &b).Close()
	}()
	poolName := attribute.String(names.PoolName, "small")
	waitFor(t, "a caller to wait", func() bool { return rec.Count(t, names.MetricPoolPending, poolName) == 1 })
	if used := rec.Count(t, names.MetricPoolConnections, poolName, attribute.String(names.PoolState, "used")); used != 1 {
		t.Errorf("%d connections are used", used)
	}
	held.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, "-- name: test.next\nselect 1"); err != nil {
		t.Fatal(err)
	}
	root.End()

	for name, want := range map[string]int64{
		names.MetricPoolMax: 1, names.MetricPoolTimeouts: 1, names.MetricPoolPending: 0, names.MetricPoolConnections: 1,
	} {
		if got := rec.Count(t, name, poolName); got != want {
			t.Errorf("%s = %d, want %d", name, got, want)
		}
	}
	points := rec.Metric(t, names.MetricPoolWait).Data.(metricdata.Histogram[float64]).DataPoints
	if len(points) != 1 || points[0].Count != 3 {
		t.Errorf("want three acquired connections: %+v", points)
	}
	batch := rec.Span(t, "test.batch")
	firstWait, _ := telemetrytest.Attr(batch, names.DBPoolWait).(float64)
	nextWait, _ := telemetrytest.Attr(rec.Span(t, "test.next"), names.DBPoolWait).(float64)
	if firstWait <= nextWait || nextWait <= 0 {
		t.Errorf("the caller that waited has a wait of %v s, the one that did not %v s", firstWait, nextWait)
	}
	if rows := telemetrytest.Attr(batch, names.DBRows); rows != int64(5) {
		t.Errorf("the batch returned %v rows", rows)
	}
	failed := rec.Span(t, names.SpanAcquire)
	if failed.Parent().SpanID() != timedOut.SpanContext().SpanID() || failed.SpanKind() != trace.SpanKindClient ||
		telemetrytest.Attr(failed, names.ErrorType) != "timeout" || telemetrytest.Attr(failed, names.PeerService) != "postgresql" {
		t.Errorf("the span of the timeout: %v %v", failed.SpanKind(), failed.Attributes())
	}
}

func waitFor(t *testing.T, condition string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timed out waiting for %s", condition)
		}
	}
}
