package telemetry_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestPropagatesTheTraceAndRecordsThePeer(t *testing.T) {
	rec := telemetrytest.Start(t)
	srv := httptest.NewServer(telemetry.Server(rec.Logger, "GET /b", false, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		telemetry.Note(r.Context(), slog.String(names.RestaurantID, "mosu"))
	})))
	defer srv.Close()
	res, err := telemetry.Client("search", time.Second).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	client, server := rec.Span(t, "GET search"), rec.Span(t, "GET /b")
	if client.SpanKind() != trace.SpanKindClient || telemetrytest.Attr(client, names.PeerService) != "search" {
		t.Errorf("client span: %v %v", client.SpanKind(), client.Attributes())
	}
	if server.Parent().SpanID() != client.SpanContext().SpanID() {
		t.Error("the server's span is not the client's child")
	}
	if telemetrytest.Attr(server, names.RestaurantID) != "mosu" || rec.Lines(t, names.EventAccess)[0][names.RestaurantID] != "mosu" {
		t.Error("a note is missing on the span or the line")
	}
}

func TestDoesNotRecordTheQueryOfACall(t *testing.T) {
	rec := telemetrytest.Start(t)
	var requestURI string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { requestURI = r.RequestURI }))
	defer srv.Close()
	url := strings.Replace(srv.URL, "://", "://kim:pw@", 1) + "/v1/users?email=kim@example.com#kim"
	res, err := telemetry.Client("user", time.Second).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	span := rec.Span(t, "GET user")
	if got := telemetrytest.Attr(span, names.URLFull); got != srv.URL+"/v1/users" {
		t.Errorf("url.full = %v", got)
	}
	if strings.Contains(fmt.Sprint(span.Attributes(), span.Events(), span.Status()), "kim") {
		t.Errorf("the span has personal data: %v", span.Attributes())
	}
	if requestURI != "/v1/users?email=kim@example.com" {
		t.Errorf("the peer received %q", requestURI)
	}
}
