package telemetry

import (
	"context"
	"errors"
	"net"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/telemetry/runtimestats"
)

const (
	metricInterval   = 10 * time.Second       // between two collections
	metricRetryDelay = 250 * time.Millisecond // after an export that failed
)

// httpBuckets are those that OpenTelemetry's conventions advise for HTTP, in seconds.
var httpBuckets = metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10)

// newMetricReader collects every metricInterval and exports to the agent at url.
// A collection that cannot be exported is discarded: counters are cumulative, so
// the next collection includes it.
func newMetricReader(ctx context.Context, url string) (sdkmetric.Reader, error) {
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(url),
		otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{
			Enabled: true, InitialInterval: metricRetryDelay, MaxInterval: metricInterval, MaxElapsedTime: metricInterval,
		}))
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(retryingExporter{exporter}, sdkmetric.WithInterval(metricInterval),
		sdkmetric.WithTimeout(metricInterval), sdkmetric.WithProducer(runtimestats.NewProducer())), nil
}

// retryingExporter retries while the agent cannot be reached. The SDK's exporter
// does not, but the last collection of a process has no successor.
type retryingExporter struct{ sdkmetric.Exporter }

// Export implements sdkmetric.Exporter.
func (e retryingExporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	for {
		err := e.Exporter.Export(ctx, m)
		if _, unreachable := errors.AsType[net.Error](err); !unreachable || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(metricRetryDelay):
		}
	}
}
