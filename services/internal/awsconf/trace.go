package awsconf

import (
	"context"
	"errors"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// traced gives each call inside a trace a client span, such as
// "DynamoDB.GetItem". A call outside of one, which a polling loop makes, starts
// no trace.
func traced(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("traced", call), middleware.After)
}

func call(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	peer := strings.ToLower(strings.ReplaceAll(service, " ", ""))
	var attrs []attribute.KeyValue
	if peer == "dynamodb" {
		attrs = append(attrs, attribute.String(names.DBSystem, "aws.dynamodb"), attribute.String(names.DBOperation, operation))
	}
	ctx, call := telemetry.StartCall(ctx, service+"."+operation, peer, attrs...)
	out, metadata, err := next.HandleInitialize(ctx, in)
	call.End(class(err))
	return out, metadata, err
}

// class names a failure without its text, in which AWS may repeat what it was
// sent: its code, or what became of the call.
func class(err error) string {
	if err == nil {
		return ""
	}
	if refusal, ok := errors.AsType[smithy.APIError](err); ok {
		return refusal.ErrorCode()
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "connection"
}
