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

// addTracing gives each call inside a trace a client span, such as
// "DynamoDB.GetItem". A call outside a trace, such as a poll, starts no trace.
func addTracing(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("traced", call), middleware.After)
}

func call(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	peer := strings.ToLower(strings.ReplaceAll(service, " ", ""))
	var attrs []attribute.KeyValue
	if peer == "dynamodb" {
		attrs = append(attrs, attribute.String(names.DBSystem, "aws.dynamodb"), attribute.String(names.DBOperation, operation))
	}
	ctx, call := telemetry.StartCall(ctx, service+"."+operation, peer, attrs...)
	out, metadata, err := next.HandleInitialize(ctx, in)
	call.End(ErrorType(err))
	return out, metadata, err
}

// ErrorType is the error.type of a failure: AWS's error code, or canceled, timeout or
// connection. It leaves the text out, because AWS may repeat the input in it.
func ErrorType(err error) string {
	if err == nil {
		return ""
	}
	if apiErr, ok := errors.AsType[smithy.APIError](err); ok {
		return apiErr.ErrorCode()
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "connection"
}
