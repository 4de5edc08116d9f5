package telemetry

import (
	"context"
	"errors"
	"net"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"jari.example/telemetry/names"
)

// metricOptions bound what is measured: see httpViews. Exemplars are left out:
// they would carry the labels that the views take away, and an access line
// already leads from a slow request to its trace.
func metricOptions() []sdkmetric.Option {
	return []sdkmetric.Option{sdkmetric.WithView(httpViews()...), sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter)}
}

// httpViews keep the instrumentation's metrics of requests to what is read, and
// to what a stranger cannot multiply: the server's address is the Host header,
// which anybody makes up.
func httpViews() []sdkmetric.View {
	only := func(metric string, labels ...attribute.Key) sdkmetric.View {
		return sdkmetric.NewView(sdkmetric.Instrument{Name: metric}, sdkmetric.Stream{AttributeFilter: attribute.NewAllowKeysFilter(labels...)})
	}
	drop := func(metric string) sdkmetric.View {
		return sdkmetric.NewView(sdkmetric.Instrument{Name: metric}, sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}})
	}
	return []sdkmetric.View{
		only(names.MetricHTTPServer, names.HTTPMethod, names.HTTPRoute, names.HTTPStatus, names.ErrorType),
		only(names.MetricHTTPClient, names.PeerService, names.HTTPMethod, names.HTTPStatus, names.ErrorType),
		drop(names.MetricServerRequestSize), drop(names.MetricServerResponseSize), drop(names.MetricClientRequestSize),
	}
}

// newMetricReader collects every metricPeriod and sends to the agent at url. A
// collection that cannot be sent is given up for the next one, which holds the
// same counters and more: they are cumulative.
func newMetricReader(ctx context.Context, url string) (sdkmetric.Reader, error) {
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(url),
		otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{
			Enabled: true, InitialInterval: metricRetry, MaxInterval: metricPeriod, MaxElapsedTime: metricPeriod,
		}))
	if err != nil {
		return nil, err
	}
	return sdkmetric.NewPeriodicReader(patientExporter{exporter}, sdkmetric.WithInterval(metricPeriod),
		sdkmetric.WithTimeout(metricPeriod), sdkmetric.WithProducer(newPauses())), nil
}

const metricRetry = 250 * time.Millisecond

// patientExporter tries again while the agent cannot be reached, which the
// exporter takes for final: the last collection of a process has no next one.
type patientExporter struct{ sdkmetric.Exporter }

// Export implements sdkmetric.Exporter.
func (e patientExporter) Export(ctx context.Context, m *metricdata.ResourceMetrics) error {
	for {
		err := e.Exporter.Export(ctx, m)
		if _, away := errors.AsType[net.Error](err); !away || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(metricRetry):
		}
	}
}
