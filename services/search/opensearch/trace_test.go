package opensearch_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/services/search"
	"jari.example/services/search/opensearch"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestSpansDoNotContainTheQuery(t *testing.T) {
	for status, want := range map[int]any{http.StatusOK: nil, http.StatusBadRequest: "400", http.StatusServiceUnavailable: "503"} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			rec := telemetrytest.Start(t)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				_, _ = w.Write([]byte(`{"error": {"type": "x", "reason": "kim is not a query"}, "status": ` + fmt.Sprint(status) + `}`))
			}))
			defer server.Close()
			client, err := opensearch.Dial(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			finder := opensearch.NewFinder(client, "catalogue")
			_, _ = finder.Find(t.Context(), search.Query{Words: "kim", Limit: 1})
			if n := len(rec.Spans()); n != 0 {
				t.Errorf("%d spans outside a trace", n)
			}
			ctx, root := otel.Tracer("test").Start(t.Context(), "request")
			_, _ = finder.Find(ctx, search.Query{Words: "kim", Limit: 1})
			root.End()
			span := rec.Spans()[0]
			if span.SpanKind() != trace.SpanKindClient || span.Parent().SpanID() != root.SpanContext().SpanID() ||
				telemetrytest.Attr(span, names.PeerService) != "opensearch" || telemetrytest.Attr(span, names.DBSystem) != "opensearch" ||
				telemetrytest.Attr(span, names.ErrorType) != want || (span.Status().Code == codes.Error) != (want != nil) {
				t.Errorf("%s: %v %v", span.Name(), span.Status(), span.Attributes())
			}
			if text := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status()); strings.Contains(text, "kim") {
				t.Errorf("the span contains the query: %s", text)
			}
		})
	}
}
