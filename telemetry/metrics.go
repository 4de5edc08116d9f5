package telemetry

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/telemetry/names"
	"jari.example/telemetry/runtimestats"
)

const (
	metricInterval   = 10 * time.Second       // between two collections
	metricRetryDelay = 250 * time.Millisecond // after an export that failed
)

// metricViews leave out what nothing reads: body sizes, and exemplars, since the
// access log leads from a slow request to its trace.
func metricViews() []sdkmetric.Option {
	return []sdkmetric.Option{sdkmetric.WithView(clientDuration, dropBodySizes), sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter)}
}

// clientDuration limits the labels of calls to those that distinguish peers and
// results.
var clientDuration = sdkmetric.NewView(sdkmetric.Instrument{Name: names.MetricHTTPClient}, sdkmetric.Stream{
	AttributeFilter: attribute.NewAllowKeysFilter(names.PeerService, names.HTTPMethod, names.HTTPStatus, names.ErrorType),
})

func dropBodySizes(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
	return sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}, strings.HasSuffix(i.Name, ".body.size")
}

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
