package runtimestats

import (
	"context"
	"math"
	"runtime/metrics"
	"sync"
	"time"

	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// histograms produces the metrics that Go's runtime keeps as histograms, garbage
// collection pauses and scheduling latencies. No instrument can take over a whole
// histogram, so they are read when metrics are collected. The runtime's 160
// buckets are merged into those of bounds.
type histograms struct {
	mu      sync.Mutex
	start   time.Time
	scope   instrumentation.Scope
	samples []metrics.Sample
}

var histogramNames = []string{names.MetricGCPause, names.MetricGoSchedule}

// bounds of the merged buckets, in seconds.
var bounds = []float64{10e-6, 50e-6, 100e-6, 250e-6, 500e-6, .001, .0025, .005, .01, .025, .1, 1}

// NewProducer returns the producer of the runtime's histograms, for a metric reader.
func NewProducer() sdkmetric.Producer {
	return &histograms{start: time.Now(), scope: instrumentation.Scope{Name: scope.Name},
		samples: []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}, {Name: "/sched/latencies:seconds"}}}
}

// Produce implements sdkmetric.Producer.
func (h *histograms) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	metrics.Read(h.samples)
	produced := make([]metricdata.Metrics, len(h.samples))
	for i, s := range h.samples {
		point := merge(s.Value.Float64Histogram(), bounds)
		point.StartTime, point.Time = h.start, time.Now()
		produced[i] = metricdata.Metrics{Name: histogramNames[i], Unit: "s", Data: metricdata.Histogram[float64]{
			Temporality: metricdata.CumulativeTemporality, DataPoints: []metricdata.HistogramDataPoint[float64]{point},
		}}
	}
	return []metricdata.ScopeMetrics{{Scope: h.scope, Metrics: produced}}, nil
}

// merge counts the values of h in the buckets of bounds. A bucket of h that
// crosses a bound counts above it, so that nothing looks faster than it was. The
// sum assumes that values lie in the middle of their bucket of h.
func merge(h *metrics.Float64Histogram, bounds []float64) metricdata.HistogramDataPoint[float64] {
	point := metricdata.HistogramDataPoint[float64]{Bounds: bounds, BucketCounts: make([]uint64, len(bounds)+1)}
	i := 0
	for j, n := range h.Counts {
		low, high := max(h.Buckets[j], 0), h.Buckets[j+1]
		for i < len(bounds) && high > bounds[i] {
			i++
		}
		point.BucketCounts[i] += n
		point.Count += n
		if math.IsInf(high, 1) {
			high = low
		}
		point.Sum += float64(n) * (low + high) / 2
	}
	return point
}
