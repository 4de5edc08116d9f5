package telemetry

import (
	"context"
	"log/slog"
	"math"

	"go.opentelemetry.io/otel"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

// startOff sets up a process that emits nothing.
func startOff() (*Telemetry, func(context.Context) error, error) {
	otel.SetTracerProvider(tracenoop.NewTracerProvider())
	otel.SetMeterProvider(metricnoop.NewMeterProvider())
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())
	t := &Telemetry{
		Logger: slog.New(slog.DiscardHandler),
		Level:  new(slog.LevelVar),
		Traces: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())),
		Meters: sdkmetric.NewMeterProvider(),
	}
	return t, func(context.Context) error { return nil }, nil
}

// isOff reports whether neither spans nor lines of a request would be emitted.
// Then instruments are left out entirely, so that a measurement without telemetry
// pays for no part of it.
func isOff(logger *slog.Logger) bool {
	_, noop := otel.GetTracerProvider().(tracenoop.TracerProvider)
	return noop && !logger.Enabled(context.Background(), slog.Level(math.MaxInt))
}
