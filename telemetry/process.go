package telemetry

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime/metrics"
	"sync"
	"syscall"
	"time"

	otelruntime "go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/telemetry/names"
)

// startProcess reports how the process uses the machine: CPU, memory, open
// files, goroutines and the collector. What a system does not tell is left out.
func startProcess(meters metric.MeterProvider) error {
	if err := otelruntime.Start(otelruntime.WithMeterProvider(meters),
		otelruntime.WithMinimumReadMemStatsInterval(metricPeriod/2)); err != nil {
		return err
	}
	meter := meters.Meter(scopeName)
	// Instruments cannot fail to be made: their names are constants.
	cpu, _ := meter.Float64ObservableCounter(names.MetricProcessCPU, metric.WithUnit("s"))
	memory, _ := meter.Int64ObservableUpDownCounter(names.MetricProcessMemory, metric.WithUnit("By"))
	files, _ := meter.Int64ObservableUpDownCounter(names.MetricProcessFiles, metric.WithUnit("{file_descriptor}"))
	limit, _ := meter.Int64ObservableUpDownCounter(names.MetricFileLimit, metric.WithUnit("{file_descriptor}"))
	cycles, _ := meter.Int64ObservableCounter(names.MetricGCCycles, metric.WithUnit("{gc_cycle}"))
	user, system := in(names.CPUMode, "user"), in(names.CPUMode, "system")
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		var used syscall.Rusage
		if syscall.Getrusage(syscall.RUSAGE_SELF, &used) == nil {
			o.ObserveFloat64(cpu, time.Duration(used.Utime.Nano()).Seconds(), user)
			o.ObserveFloat64(cpu, time.Duration(used.Stime.Nano()).Seconds(), system)
		}
		if n, ok := resident(); ok {
			o.ObserveInt64(memory, n)
		}
		if n, ok := openFiles(); ok {
			o.ObserveInt64(files, n)
		}
		var most syscall.Rlimit
		if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &most) == nil {
			o.ObserveInt64(limit, int64(min(uint64(most.Cur), math.MaxInt64)))
		}
		gc := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
		metrics.Read(gc)
		o.ObserveInt64(cycles, int64(gc[0].Value.Uint64()))
		return nil
	}, cpu, memory, files, limit, cycles)
	return err
}

// in is a set of one attribute, made once for all.
func in(name, value string) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(attribute.String(name, value)))
}

// pauses reports what Go's runtime counts in histograms of its own, which no
// instrument can take over. Its 160 buckets become the few of bounds.
type pauses struct {
	mu     sync.Mutex
	begun  time.Time
	scope  instrumentation.Scope
	sample []metrics.Sample
}

var pauseNames = []string{names.MetricGCPause, names.MetricGoSchedule}

func newPauses() *pauses {
	return &pauses{begun: time.Now(), scope: instrumentation.Scope{Name: scopeName},
		sample: []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}, {Name: "/sched/latencies:seconds"}}}
}

// Produce implements sdkmetric.Producer.
func (p *pauses) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	metrics.Read(p.sample)
	found := make([]metricdata.Metrics, len(p.sample))
	for i, s := range p.sample {
		point := coarse(s.Value.Float64Histogram(), pauseBounds)
		point.StartTime, point.Time = p.begun, time.Now()
		found[i] = metricdata.Metrics{Name: pauseNames[i], Unit: "s", Data: metricdata.Histogram[float64]{
			Temporality: metricdata.CumulativeTemporality, DataPoints: []metricdata.HistogramDataPoint[float64]{point},
		}}
	}
	return []metricdata.ScopeMetrics{{Scope: p.scope, Metrics: found}}, nil
}

var pauseBounds = []float64{10e-6, 50e-6, 100e-6, 250e-6, 500e-6, .001, .0025, .005, .01, .025, .1, 1}

// coarse counts the values of h in fewer buckets. A bucket of h that lies across
// a bound counts above it: nothing looks faster than it was. The sum is as exact
// as h's buckets are, taken in their middle.
func coarse(h *metrics.Float64Histogram, bounds []float64) metricdata.HistogramDataPoint[float64] {
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

// resident is the memory the process has in RAM.
func resident() (bytes int64, ok bool) {
	b, err := os.ReadFile("/proc/self/statm") // total, resident, … in pages
	if err != nil {
		return 0, false
	}
	var total, pages int64
	_, err = fmt.Sscan(string(b), &total, &pages)
	return pages * int64(os.Getpagesize()), err == nil
}

// openFiles counts what the process has open, without the folder it reads for it.
func openFiles() (n int64, ok bool) {
	for _, folder := range []string{"/proc/self/fd", "/dev/fd"} {
		d, err := os.Open(folder)
		if err != nil {
			continue
		}
		open, err := d.Readdirnames(-1)
		_ = d.Close()
		if err == nil {
			return int64(len(open)) - 1, true
		}
	}
	return 0, false
}
