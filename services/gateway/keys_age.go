package gateway

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"jari.example/telemetry/names"
)

const scope = "jari.example/services/gateway" // of the instruments

// WatchAge reports the age of the signing key in a metric until stop is called. It
// logs once and reports nothing when the age is not known.
func (k *Keys) WatchAge(logger *slog.Logger) (stop func()) {
	if k.created.IsZero() {
		logger.Warn(`the file of the signing key has no line "Created: ": the age of the key is not measured`)
		return func() {}
	}
	meter := otel.Meter(scope)
	// Both fail only for a bad name, and this is a constant.
	age, _ := meter.Float64ObservableGauge(names.MetricSigningKeyAge, metric.WithUnit("s"))
	watch, _ := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		o.ObserveFloat64(age, time.Since(k.created).Seconds())
		return nil
	}, age)
	return func() { _ = watch.Unregister() }
}
