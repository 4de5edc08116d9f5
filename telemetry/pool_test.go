package telemetry_test

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

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
	"jari.example/telemetry/telemetrytest"
)

func smallPool(t *testing.T) *telemetry.Pool {
	config, err := pgxpool.ParseConfig(realpart.Need(t, realpart.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 1
	pool, err := telemetry.NewPool(t.Context(), "small", config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func TestAPoolSaysHowItIsUsedAndWhoWaited(t *testing.T) {
	rec := telemetrytest.Start(t)
	pool := smallPool(t)
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	short, unlucky := otel.Tracer("test").Start(short, "unlucky")
	if _, err := pool.Exec(short, "select 1"); err == nil {
		t.Error("a pool of one gave out two connections")
	}
	unlucky.End()
	gone, leave := context.WithCancel(t.Context())
	leave() // whose client is gone has not waited too long
	if _, err := pool.Exec(gone, "select 1"); err == nil {
		t.Error("a connection was got for nobody")
	}

	ctx, patient := otel.Tracer("test").Start(t.Context(), "patient")
	done := make(chan error, 1)
	go func() {
		var b pgx.Batch
		b.Queue("-- name: test.batch\nselect 1")
		b.Queue("select generate_series(1, 4)")
		done <- pool.SendBatch(ctx, &b).Close()
	}()
	self := attribute.String(names.PoolName, "small")
	wait(t, "the second to wait", func() bool { return rec.Count(t, names.MetricPoolPending, self) == 1 })
	if used := rec.Count(t, names.MetricPoolConnections, self, attribute.String(names.PoolState, "used")); used != 1 {
		t.Errorf("%d connections are used", used)
	}
	held.Release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, "-- name: test.next\nselect 1"); err != nil {
		t.Fatal(err)
	}
	patient.End()

	for name, want := range map[string]int64{names.MetricPoolMax: 1, names.MetricPoolTimeouts: 1, names.MetricPoolPending: 0, names.MetricPoolConnections: 1} {
		if got := rec.Count(t, name, self); got != want {
			t.Errorf("%s = %d, want %d", name, got, want)
		}
	}
	if points := rec.Metric(t, names.MetricPoolWait).Data.(metricdata.Histogram[float64]).DataPoints; len(points) != 1 || points[0].Count != 3 {
		t.Errorf("three connections were taken: %+v", points)
	}
	batch := rec.Span(t, "test.batch")
	waited, _ := telemetrytest.Attr(batch, names.DBPoolWait).(float64)
	next, _ := telemetrytest.Attr(rec.Span(t, "test.next"), names.DBPoolWait).(float64)
	if waited <= next || next <= 0 {
		t.Errorf("who waited says %v s, who did not %v s", waited, next)
	}
	if rows := telemetrytest.Attr(batch, names.DBRows); rows != int64(5) {
		t.Errorf("the batch returned %v rows", rows)
	}
	failed := rec.Span(t, names.SpanAcquire)
	if failed.Parent().SpanID() != unlucky.SpanContext().SpanID() || failed.SpanKind() != trace.SpanKindClient ||
		telemetrytest.Attr(failed, names.ErrorType) != "timeout" || telemetrytest.Attr(failed, names.PeerService) != "postgresql" {
		t.Errorf("who got none: %v %v", failed.SpanKind(), failed.Attributes())
	}
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited for %s", what)
		}
	}
}
