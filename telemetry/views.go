package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"jari.example/telemetry/names"
)

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
		drop("http.server.request.body.size"), drop("http.server.response.body.size"), drop("http.client.request.body.size"),
	}
}
