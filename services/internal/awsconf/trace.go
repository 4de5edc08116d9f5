package awsconf

import (
	"context"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// traced gives each call inside a trace a client span, such as
// "DynamoDB.GetItem". A call outside of one, which a polling loop makes, starts
// no trace.
func traced(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("jari.traced", call), middleware.After)
}

func call(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return next.HandleInitialize(ctx, in)
	}
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	peer := strings.ToLower(strings.ReplaceAll(service, " ", ""))
	attrs := []attribute.KeyValue{attribute.String(names.PeerService, peer)}
	if peer == "dynamodb" {
		attrs = append(attrs, attribute.String(names.DBSystem, "aws.dynamodb"), attribute.String(names.DBOperation, operation))
	}
	ctx, span := otel.Tracer("jari.example/services").Start(ctx, service+"."+operation,
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...))
	defer span.End()
	out, metadata, err := next.HandleInitialize(ctx, in)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return out, metadata, err
}
