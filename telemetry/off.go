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

// startOff sets a process up that says nothing of itself.
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

// isOff tells whether nobody would hear of a request: instruments leave
// themselves out then, or what is measured without telemetry would still pay
// for part of it.
func isOff(logger *slog.Logger) bool {
	_, silent := otel.GetTracerProvider().(tracenoop.TracerProvider)
	return silent && !logger.Enabled(context.Background(), slog.Level(math.MaxInt))
}
