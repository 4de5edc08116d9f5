package main

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"jari.example/telemetry/names"
)

// gate is placed before an exporter's queue, for two purposes.
//
// It rejects data until the exporter has started, so that the client tries again. The
// signals share one OTLP receiver, which delivers as soon as the first exporter has
// started, and a queue that is still opening its storage loses data.
//
// It adds the time at which the agent received the data. The queue does not keep that
// time, and a request that is sent again tomorrow must go into the same index.
type gate struct{ up atomic.Bool }

var errNotStarted = status.Error(codes.Unavailable, "the agent is starting")

// keyReceived is the resource attribute that carries the time through the queue.
const keyReceived = names.AgentReceived

func (g *gate) open(err error) error {
	g.up.Store(err == nil)
	return err
}

func (g *gate) checkOpen() error {
	if !g.up.Load() {
		return errNotStarted
	}
	return nil
}

// Capabilities reports that the gate changes the data.
func (g *gate) Capabilities() consumer.Capabilities { return consumer.Capabilities{MutatesData: true} }

func setReceived(r pcommon.Resource, now time.Time) {
	r.Attributes().PutInt(keyReceived, now.UnixNano())
}

type logsGate struct {
	exporter.Logs
	gate
}

func (g *logsGate) Capabilities() consumer.Capabilities { return g.gate.Capabilities() }

func (g *logsGate) Start(ctx context.Context, host component.Host) error {
	return g.open(g.Logs.Start(ctx, host))
}

func (g *logsGate) ConsumeLogs(ctx context.Context, ld plog.Logs) error {
	if err := g.checkOpen(); err != nil {
		return err
	}
	now := time.Now()
	for _, r := range ld.ResourceLogs().All() {
		setReceived(r.Resource(), now)
	}
	return g.Logs.ConsumeLogs(ctx, ld)
}

type tracesGate struct {
	exporter.Traces
	gate
}

func (g *tracesGate) Capabilities() consumer.Capabilities { return g.gate.Capabilities() }

func (g *tracesGate) Start(ctx context.Context, host component.Host) error {
	return g.open(g.Traces.Start(ctx, host))
}

func (g *tracesGate) ConsumeTraces(ctx context.Context, td ptrace.Traces) error {
	if err := g.checkOpen(); err != nil {
		return err
	}
	now := time.Now()
	for _, r := range td.ResourceSpans().All() {
		setReceived(r.Resource(), now)
	}
	return g.Traces.ConsumeTraces(ctx, td)
}

type metricsGate struct {
	exporter.Metrics
	gate
}

func (g *metricsGate) Capabilities() consumer.Capabilities { return g.gate.Capabilities() }

func (g *metricsGate) Start(ctx context.Context, host component.Host) error {
	return g.open(g.Metrics.Start(ctx, host))
}

func (g *metricsGate) ConsumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	if err := g.checkOpen(); err != nil {
		return err
	}
	now := time.Now()
	for _, r := range md.ResourceMetrics().All() {
		setReceived(r.Resource(), now)
	}
	return g.Metrics.ConsumeMetrics(ctx, md)
}
