package runtimestats

import (
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/telemetry/names"
)

func TestMeasuresTheProcessAndTheRuntime(t *testing.T) {
	reader := sdkmetric.NewManualReader(sdkmetric.WithProducer(NewProducer()))
	if err := Start(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), time.Second); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var found metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &found); err != nil {
		t.Fatal(err)
	}
	seen := map[string]float64{}
	for _, scope := range found.ScopeMetrics {
		for _, m := range scope.Metrics {
			seen[m.Name] = total(t, m)
		}
	}
	for _, name := range []string{
		names.MetricProcessCPU, names.MetricProcessMemory, names.MetricProcessFiles, names.MetricFileLimit,
		names.MetricGoroutines, names.MetricGoMemory, names.MetricGoAllocated, names.MetricGCGoal,
		names.MetricGCCycles, names.MetricGCPause, names.MetricGoSchedule,
	} {
		if seen[name] <= 0 {
			t.Errorf("%s = %v", name, seen[name])
		}
	}
	if seen[names.MetricProcessFiles] > seen[names.MetricFileLimit] {
		t.Errorf("%v files are open, of %v", seen[names.MetricProcessFiles], seen[names.MetricFileLimit])
	}
}

func total(t *testing.T, m metricdata.Metrics) (sum float64) {
	switch d := m.Data.(type) {
	case metricdata.Sum[int64]:
		for _, p := range d.DataPoints {
			sum += float64(p.Value)
		}
	case metricdata.Sum[float64]:
		for _, p := range d.DataPoints {
			sum += p.Value
		}
	case metricdata.Histogram[float64]:
		for _, p := range d.DataPoints {
			sum += float64(p.Count)
		}
	default:
		t.Errorf("%s is a %T", m.Name, d)
	}
	return sum
}

func TestMergesAHistogramIntoFewerBuckets(t *testing.T) {
	h := &metrics.Float64Histogram{
		Buckets: []float64{math.Inf(-1), 0, 1, 2, 4, math.Inf(1)},
		Counts:  []uint64{1, 2, 3, 4, 5},
	}
	got := merge(h, []float64{1, 3})
	for i, want := range []uint64{1 + 2, 3, 4 + 5} {
		if got.BucketCounts[i] != want {
			t.Errorf("bucket %d holds %d, want %d", i, got.BucketCounts[i], want)
		}
	}
	if want := 2*.5 + 3*1.5 + 4*3 + 5*4.; got.Count != 15 || got.Sum != want {
		t.Errorf("count %d, sum %v, want 15 and %v", got.Count, got.Sum, want)
	}
}
