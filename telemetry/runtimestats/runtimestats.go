// Package runtimestats measures the process and Go's runtime: CPU, memory, open
// files, goroutines, garbage collection.
package runtimestats

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime/metrics"
	"syscall"
	"time"

	otelruntime "go.opentelemetry.io/contrib/instrumentation/runtime"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/internal/scope"
	"jari.example/telemetry/names"
)

// Start registers the metrics of the process with meters. Memory statistics are
// read at most once per interval. A metric that the operating system does not
// provide is left out.
func Start(meters metric.MeterProvider, interval time.Duration) error {
	if err := otelruntime.Start(otelruntime.WithMeterProvider(meters),
		otelruntime.WithMinimumReadMemStatsInterval(interval)); err != nil {
		return err
	}
	meter := meters.Meter(scope.Name)
	// Creating an instrument fails only for an invalid name, and these are constants.
	cpu, _ := meter.Float64ObservableCounter(names.MetricProcessCPU, metric.WithUnit("s"))
	memory, _ := meter.Int64ObservableUpDownCounter(names.MetricProcessMemory, metric.WithUnit("By"))
	files, _ := meter.Int64ObservableUpDownCounter(names.MetricProcessFiles, metric.WithUnit("{file_descriptor}"))
	fileLimit, _ := meter.Int64ObservableUpDownCounter(names.MetricFileLimit, metric.WithUnit("{file_descriptor}"))
	cycles, _ := meter.Int64ObservableCounter(names.MetricGCCycles, metric.WithUnit("{gc_cycle}"))
	user := metric.WithAttributes(attribute.String(names.CPUMode, "user"))
	system := metric.WithAttributes(attribute.String(names.CPUMode, "system"))
	_, err := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		var usage syscall.Rusage
		if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) == nil {
			o.ObserveFloat64(cpu, time.Duration(usage.Utime.Nano()).Seconds(), user)
			o.ObserveFloat64(cpu, time.Duration(usage.Stime.Nano()).Seconds(), system)
		}
		if n, ok := residentMemory(); ok {
			o.ObserveInt64(memory, n)
		}
		if n, ok := openFiles(); ok {
			o.ObserveInt64(files, n)
		}
		var limit syscall.Rlimit
		if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
			o.ObserveInt64(fileLimit, int64(min(uint64(limit.Cur), math.MaxInt64)))
		}
		gc := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
		metrics.Read(gc)
		o.ObserveInt64(cycles, int64(gc[0].Value.Uint64()))
		return nil
	}, cpu, memory, files, fileLimit, cycles)
	return err
}

// residentMemory returns the bytes that the process has in RAM.
func residentMemory() (bytes int64, ok bool) {
	b, err := os.ReadFile("/proc/self/statm") // total, resident, … in pages
	if err != nil {
		return 0, false
	}
	var total, pages int64
	_, err = fmt.Sscan(string(b), &total, &pages)
	return pages * int64(os.Getpagesize()), err == nil
}

// openFiles counts the open file descriptors, without the one of the directory
// that it reads for this.
func openFiles() (n int64, ok bool) {
	for _, dir := range []string{"/proc/self/fd", "/dev/fd"} {
		d, err := os.Open(dir)
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
