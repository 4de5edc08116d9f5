package telemetry

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

	"jari.example/telemetry/names"
)

// Pool is a pgx pool that reports how it is used, and whose statements are
// traced by a [PgxTracer]: the first after a connection was taken says how long
// that took.
type Pool struct {
	*pgxpool.Pool
	watch metric.Registration
}

// NewPool makes the pool that config describes. name tells it from the
// process's other pools.
func NewPool(ctx context.Context, name string, config *pgxpool.Config) (*Pool, error) {
	t := &poolTracer{}
	meter := otel.Meter(scopeName)
	// Instruments cannot fail to be made: their names are constants.
	t.waits, _ = meter.Float64Histogram(names.MetricPoolWait, metric.WithUnit("s"), waitBounds)
	t.self = in(names.PoolName, name)
	config.ConnConfig.Tracer = t
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	watch, err := WatchPool(name, func() PoolUse {
		s := pool.Stat()
		return PoolUse{Idle: int64(s.IdleConns()), Used: int64(s.AcquiredConns()), Max: int64(s.MaxConns()),
			Pending: t.pending.Load(), Timeouts: t.timeouts.Load()}
	})
	return &Pool{pool, watch}, err
}

// Close closes the pool as pgx does, and reports no more.
func (p *Pool) Close() {
	p.Pool.Close()
	_ = p.watch.Unregister()
}

// PoolUse is how a pool of connections is used at an instant, and how many went
// without one so far.
type PoolUse struct{ Idle, Used, Max, Pending, Timeouts int64 }

// WatchPool reports what use returns until it is unregistered.
func WatchPool(name string, use func() PoolUse) (metric.Registration, error) {
	meter := otel.Meter(scopeName)
	connections, _ := meter.Int64ObservableUpDownCounter(names.MetricPoolConnections, metric.WithUnit("{connection}"))
	most, _ := meter.Int64ObservableUpDownCounter(names.MetricPoolMax, metric.WithUnit("{connection}"))
	pending, _ := meter.Int64ObservableUpDownCounter(names.MetricPoolPending, metric.WithUnit("{request}"))
	timeouts, _ := meter.Int64ObservableCounter(names.MetricPoolTimeouts, metric.WithUnit("{timeout}"))
	self := in(names.PoolName, name)
	idle, used := inState(name, "idle"), inState(name, "used")
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		u := use()
		o.ObserveInt64(connections, u.Idle, idle)
		o.ObserveInt64(connections, u.Used, used)
		o.ObserveInt64(most, u.Max, self)
		o.ObserveInt64(pending, u.Pending, self)
		o.ObserveInt64(timeouts, u.Timeouts, self)
		return nil
	}, connections, most, pending, timeouts)
}

func inState(name, state string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(names.PoolName, name), attribute.String(names.PoolState, state)))
}

var waitBounds = metric.WithExplicitBucketBoundaries(10e-6, 100e-6, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5)

// poolTracer is the tracer of one pool's statements, and of how its connections
// are taken.
type poolTracer struct {
	PgxTracer
	pending  atomic.Int64
	waits    metric.Float64Histogram
	timeouts atomic.Int64
	self     metric.MeasurementOption
}

var _ pgxpool.AcquireTracer = (*poolTracer)(nil)

type acquireKey struct{}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (t *poolTracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	t.pending.Add(1)
	return context.WithValue(ctx, acquireKey{}, time.Now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer. Who gets no connection has
// no statement to stand in a trace for it, so the wait gets a span of its own.
func (t *poolTracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, d pgxpool.TraceAcquireEndData) {
	t.pending.Add(-1)
	began, _ := ctx.Value(acquireKey{}).(time.Time)
	wait := time.Since(began)
	if d.Err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) { // not a client that went away
			t.timeouts.Add(1)
		}
		ctx = startStatement(ctx, nil, nameMark+names.SpanAcquire+"\nACQUIRE", trace.WithTimestamp(began))
		endStatement(ctx, -1, d.Err)
		return
	}
	t.waits.Record(ctx, wait.Seconds(), t.self)
	if !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	waited, ok := d.Conn.PgConn().CustomData()[waitedKey].(*time.Duration)
	if !ok {
		waited = new(time.Duration)
		d.Conn.PgConn().CustomData()[waitedKey] = waited
	}
	*waited = wait
}

// waitedKey is where a connection keeps how long its taker waited for it, until
// the first statement has said so.
const waitedKey = "waited"

// waited returns that wait, once; ok is false when there is none to tell.
func waited(conn *pgx.Conn) (wait time.Duration, ok bool) {
	if conn == nil {
		return 0, false
	}
	kept, _ := conn.PgConn().CustomData()[waitedKey].(*time.Duration)
	if kept == nil || *kept < 0 {
		return 0, false
	}
	wait, *kept = *kept, -1
	return wait, true
}
