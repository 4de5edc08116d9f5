// Package pgxtelemetry instruments pgx: client spans of statements, metrics of
// connection pools. docs/decisions/0014 compares it with otelpgx.
package pgxtelemetry

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// Pool is a pgx pool that reports how it is used and traces its statements. The
// span of the first statement on an acquired connection has the time that
// acquiring it took (jari.db.pool.wait).
type Pool struct {
	*pgxpool.Pool
	observed metric.Registration
}

// NewPool creates the pool that config describes. name distinguishes it from the
// process's other pools in metrics.
func NewPool(ctx context.Context, name string, config *pgxpool.Config) (*Pool, error) {
	t := &poolTracer{}
	meter := otel.Meter(scope.Name)
	// Creating an instrument fails only for an invalid name, and this is a constant.
	t.wait, _ = meter.Float64Histogram(names.MetricPoolWait, metric.WithUnit("s"), waitBounds)
	t.pool = metric.WithAttributes(attribute.String(names.PoolName, name))
	config.ConnConfig.Tracer = t
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	observed, err := telemetry.WatchPool(name, func() telemetry.PoolUse {
		s := pool.Stat()
		return telemetry.PoolUse{Idle: int64(s.IdleConns()), Used: int64(s.AcquiredConns()), Max: int64(s.MaxConns()),
			Pending: t.pending.Load(), Timeouts: t.timeouts.Load()}
	})
	return &Pool{pool, observed}, err
}

// Close closes the pool and ends its metrics.
func (p *Pool) Close() {
	p.Pool.Close()
	_ = p.observed.Unregister()
}

var waitBounds = metric.WithExplicitBucketBoundaries(10e-6, 100e-6, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5)

// poolTracer traces the statements of one pool and measures how long callers
// wait for its connections.
type poolTracer struct {
	tracer
	pending  atomic.Int64
	timeouts atomic.Int64
	wait     metric.Float64Histogram
	pool     metric.MeasurementOption // the pool's name
}

var _ pgxpool.AcquireTracer = (*poolTracer)(nil)

type acquireKey struct{}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (t *poolTracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	t.pending.Add(1)
	return context.WithValue(ctx, acquireKey{}, time.Now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer. A caller that gets no
// connection has no statement whose span could show the wait, so the wait gets a
// span of its own.
func (t *poolTracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, d pgxpool.TraceAcquireEndData) {
	t.pending.Add(-1)
	began, _ := ctx.Value(acquireKey{}).(time.Time)
	wait := time.Since(began)
	if d.Err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) { // a client that disconnected is no timeout
			t.timeouts.Add(1)
		}
		ctx = startStatementAt(ctx, began, nil, namePrefix+names.SpanAcquire+"\nACQUIRE")
		endStatement(ctx, noRows, d.Err)
		return
	}
	t.wait.Record(ctx, wait.Seconds(), t.pool)
	if trace.SpanFromContext(ctx).IsRecording() {
		putPoolWait(d.Conn, wait)
	}
}

// poolWaitKey is the key of a connection's custom data under which it carries the
// wait of its acquirer. pgx hands an acquire tracer no context that reaches the
// statement.
const poolWaitKey = "pool wait"

func putPoolWait(conn *pgx.Conn, wait time.Duration) {
	stored, ok := conn.PgConn().CustomData()[poolWaitKey].(*time.Duration)
	if !ok {
		stored = new(time.Duration)
		conn.PgConn().CustomData()[poolWaitKey] = stored
	}
	*stored = wait
}

// takePoolWait returns that wait once. ok is false if there is none.
func takePoolWait(conn *pgx.Conn) (wait time.Duration, ok bool) {
	if conn == nil {
		return 0, false
	}
	stored, _ := conn.PgConn().CustomData()[poolWaitKey].(*time.Duration)
	if stored == nil || *stored < 0 {
		return 0, false
	}
	wait, *stored = *stored, -1
	return wait, true
}
