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
)

// metricOptions leave out what nobody reads: how large bodies were, and
// exemplars, since the access line leads from a slow request to its trace.
func metricOptions() []sdkmetric.Option {
	return []sdkmetric.Option{sdkmetric.WithView(clientDuration, noSizes), sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter)}
}

// clientDuration keeps the labels of calls to those that tell peers and outcomes
// apart.
var clientDuration = sdkmetric.NewView(sdkmetric.Instrument{Name: names.MetricHTTPClient}, sdkmetric.Stream{
	AttributeFilter: attribute.NewAllowKeysFilter(names.PeerService, names.HTTPMethod, names.HTTPStatus, names.ErrorType),
})

func noSizes(i sdkmetric.Instrument) (sdkmetric.Stream, bool) {
	return sdkmetric.Stream{Aggregation: sdkmetric.AggregationDrop{}}, strings.HasSuffix(i.Name, ".body.size")
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
