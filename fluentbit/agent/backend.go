package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/zap"

	"jari.example/fluentbit/ship"
	"jari.example/telemetry/names"
)

// backend holds the one Shipper of the agent. The exporters of the three signals share
// it, and with it the circuit breaker, the limit of requests in flight and the
// heartbeat.
type backend struct {
	ship          *ship.Shipper
	agent         ship.Agent
	log           *zap.Logger
	metricsReader *metric.ManualReader // reads what the Collector counts for the queues
	meterProvider *metric.MeterProvider

	// requeueFailed counts records for which the queue had no room at its end. The
	// Collector counts them as turned away, too.
	requeueFailed atomic.Int64

	outage ship.Outage

	mu           sync.Mutex
	users        int
	heartbeating bool
}

// backends holds the backend of each configuration, so that the exporters of all
// signals get the same one.
type backends struct {
	mu  sync.Mutex
	all map[*config]*backend
}

func (h *backends) get(cfg *config, set exporter.Settings) (*backend, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.all[cfg]; b != nil {
		return b, nil
	}
	shipper, err := ship.Open(ship.Config{URL: cfg.URL, Prefix: cfg.Prefix, Gzip: cfg.Gzip})
	if err != nil {
		return nil, err
	}
	agent := ship.Agent{Kind: "collector", Region: cfg.Region, BufferDir: cfg.BufferDir, Interval: cfg.Heartbeat}
	b := &backend{ship: shipper, agent: agent, log: set.Logger, metricsReader: metric.NewManualReader()}
	b.agent.Stats = b.stats
	b.meterProvider = metric.NewMeterProvider(metric.WithReader(b.metricsReader))
	if h.all == nil {
		h.all = map[*config]*backend{}
	}
	h.all[cfg] = b
	return b, nil
}

// start prepares OpenSearch. If that fails the agent starts all the same: the queue
// buffers the data, and nothing is written before Setup has succeeded.
func (b *backend) start(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.users++
	if !b.heartbeating {
		b.heartbeating = true
		b.ship.StartHeartbeat(b.agent)
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := b.ship.Setup(ctx); err != nil {
		b.log.Warn("OpenSearch not ready; requests are queued until it is", zap.Error(err))
	}
}

func (b *backend) stop() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.users--; b.users > 0 {
		return nil
	}
	return b.ship.Close()
}

// stats reads the Collector's own counters, by the prefixes of their names. The Collector
// evicts nothing: it drops only what failed permanently, which no error of ours
// requests, and it reports a full queue to its client.
func (b *backend) stats(ctx context.Context) (map[string]int64, error) {
	requeueFailed := b.requeueFailed.Load() // the Collector has counted each of these already
	var all metricdata.ResourceMetrics
	if err := b.metricsReader.Collect(ctx, &all); err != nil {
		return nil, fmt.Errorf("read the Collector's counters: %w", err)
	}
	stats := map[string]int64{names.ShipEvicted: 0, names.ShipTurnedAway: -requeueFailed, names.ShipBacklogBytes: 0}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch {
			case m.Name == "otelcol_exporter_queue_size":
				stats[names.ShipBacklogBytes] += sum(m.Data)
			case strings.HasPrefix(m.Name, "otelcol_exporter_enqueue_failed_"):
				stats[names.ShipTurnedAway] += sum(m.Data)
			case strings.HasPrefix(m.Name, "otelcol_exporter_send_failed_"):
				stats[names.ShipEvicted] += sum(m.Data)
			}
		}
	}
	return stats, nil
}

func sum(data metricdata.Aggregation) (total int64) {
	var points []metricdata.DataPoint[int64]
	switch d := data.(type) {
	case metricdata.Sum[int64]:
		points = d.DataPoints
	case metricdata.Gauge[int64]:
		points = d.DataPoints
	}
	for _, p := range points {
		total += p.Value
	}
	return total
}
