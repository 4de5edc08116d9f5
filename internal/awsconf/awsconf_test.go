package awsconf_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.opentelemetry.io/otel"

	"jari.example/internal/awsconf"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestValid(t *testing.T) {
	for endpoint, want := range map[string]bool{
		"aws": true, "http://127.0.0.1:14566": true, "https://dynamodb.us-east-1.amazonaws.com": true,
		"": false, "moto": false, "127.0.0.1:14566": false, "file:///x": false,
	} {
		if got := awsconf.Valid(endpoint); got != want {
			t.Errorf("Valid(%q) = %v", endpoint, got)
		}
	}
}

func TestOnlyCallsInsideATraceHaveASpan(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	rec := telemetrytest.Start(t)
	var status atomic.Int32
	status.Store(http.StatusOK)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = w.Write([]byte(`{"__type": "ValidationException", "message": "kim is not a table"}`))
	}))
	defer s.Close()
	cfg, err := awsconf.Load(t.Context(), "us-east-1", s.URL)
	if err != nil {
		t.Fatal(err)
	}
	db := dynamodb.NewFromConfig(cfg)
	if _, err := db.ListTables(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if n := len(rec.Spans()); n != 0 {
		t.Errorf("%d spans outside a trace", n)
	}
	ctx, span := otel.Tracer("test").Start(t.Context(), "request")
	if _, err := db.ListTables(ctx, nil); err != nil {
		t.Fatal(err)
	}
	span.End()
	status.Store(http.StatusBadRequest)
	if _, err := db.GetItem(ctx, &dynamodb.GetItemInput{TableName: aws.String("kim"), Key: map[string]types.AttributeValue{}}); err == nil {
		t.Error("a 400 returned no error")
	}
	failed := rec.Span(t, "DynamoDB.GetItem")
	shown := fmt.Sprint(failed.Attributes(), failed.Status(), failed.Events())
	if telemetrytest.Attr(failed, names.ErrorType) != "ValidationException" || strings.Contains(shown, "kim") {
		t.Errorf("the failed call's span has %v %v", failed.Attributes(), failed.Status())
	}
	got := rec.Span(t, "DynamoDB.ListTables")
	if got.Parent().SpanID() != span.SpanContext().SpanID() ||
		telemetrytest.Attr(got, names.PeerService) != "dynamodb" || telemetrytest.Attr(got, names.DBSystem) != "aws.dynamodb" {
		t.Errorf("span %v with %v", got.Parent(), got.Attributes())
	}
}
