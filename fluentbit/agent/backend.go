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

// backend is the one Shipper of the agent: the exporters of the three signals
// share it, and with it the circuit, the bound of requests and the heartbeat.
type backend struct {
	ship              *ship.Shipper
	heartbeatInterval time.Duration // between heartbeats
	log               *zap.Logger
	metricsReader     *metric.ManualReader // what the Collector counts about the queues before it
	meterProvider     *metric.MeterProvider

	requeueFailed atomic.Int64 // records that found no room at the queue's end; the Collector counts them as turned away

	mu           sync.Mutex
	users        int
	heartbeating bool
}

// backends finds the host of a configuration, of which each signal's exporter gets
// the same one.
type backends struct {
	mu  sync.Mutex
	all map[*config]*backend
}

func (h *backends) get(cfg *config, set exporter.Settings) (*backend, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if one := h.all[cfg]; one != nil {
		return one, nil
	}
	shipper, err := ship.Open(ship.Config{URL: cfg.URL, Prefix: cfg.Prefix, Gzip: cfg.Gzip})
	if err != nil {
		return nil, err
	}
	one := &backend{ship: shipper, heartbeatInterval: cfg.Heartbeat, log: set.Logger, metricsReader: metric.NewManualReader()}
	one.meterProvider = metric.NewMeterProvider(metric.WithReader(one.metricsReader))
	if h.all == nil {
		h.all = map[*config]*backend{}
	}
	h.all[cfg] = one
	return one, nil
}

// start prepares OpenSearch. If it is away the agent starts all the same: the
// queue takes what comes, and nothing is written before Setup has succeeded.
func (h *backend) start(ctx context.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users++
	if !h.heartbeating {
		h.heartbeating = true
		h.ship.StartHeartbeat(ship.Agent{Kind: "collector", Stats: h.stats, Interval: h.heartbeatInterval})
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := h.ship.Setup(ctx); err != nil {
		h.log.Warn("OpenSearch is not ready; keeping everything until it is", zap.Error(err))
	}
}

func (h *backend) stop() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users--; h.users > 0 {
		return nil
	}
	return h.ship.Close()
}

// stats reads the Collector's own counters, by the beginnings of their names. It
// evicts nothing: what it gives up was refused for good, which no error of ours
// asks for, and what its queue does not take it tells its client.
func (h *backend) stats(ctx context.Context) (map[string]int64, error) {
	stayed := h.requeueFailed.Load() // each is in the Collector's count by now
	var all metricdata.ResourceMetrics
	if err := h.metricsReader.Collect(ctx, &all); err != nil {
		return nil, fmt.Errorf("read the Collector's counters: %w", err)
	}
	told := map[string]int64{names.ShipEvicted: 0, names.ShipTurnedAway: -stayed, names.ShipBacklogBytes: 0}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch {
			case m.Name == "otelcol_exporter_queue_size":
				told[names.ShipBacklogBytes] += sum(m.Data)
			case strings.HasPrefix(m.Name, "otelcol_exporter_enqueue_failed_"):
				told[names.ShipTurnedAway] += sum(m.Data)
			case strings.HasPrefix(m.Name, "otelcol_exporter_send_failed_"):
				told[names.ShipEvicted] += sum(m.Data)
			}
		}
	}
	return told, nil
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
