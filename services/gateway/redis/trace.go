package redis

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/attribute"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// traceHook gives each command inside a trace a client span named after it, and a
// pipeline one span for all its commands. Spans have no keys and values, which
// are hashes and ids. (redisotel would record an error's text, in which Redis
// repeats the input, and it does not set error.type.)
type traceHook struct{}

var _ redis.Hook = traceHook{}

// DialHook implements redis.Hook. A dial is part of the command that waits for it.
func (traceHook) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (traceHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, call := start(ctx, cmd.FullName())
		err := next(ctx, cmd)
		call.End(errorType(err))
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (traceHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, call := start(ctx, "pipeline", attribute.Int(names.Count, len(cmds)))
		err := next(ctx, cmds)
		call.End(errorType(err))
		return err
	}
}

func start(ctx context.Context, operation string, attrs ...attribute.KeyValue) (context.Context, telemetry.Call) {
	return telemetry.StartCall(ctx, "redis."+operation, "redis", append(attrs,
		attribute.String(names.DBSystem, "redis"), attribute.String(names.DBOperation, operation))...)
}

// errorType is the error.type of a failure: the first word of Redis's error (ERR,
// NOSCRIPT, LOADING …), or canceled, timeout or connection.
func errorType(err error) string {
	if err == nil || errors.Is(err, redis.Nil) { // a missing key is not a failure
		return ""
	}
	if redisErr, ok := errors.AsType[redis.Error](err); ok {
		word, _, _ := strings.Cut(redisErr.Error(), " ")
		return word
	}
	netErr, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), ok && netErr.Timeout(), errors.Is(err, redis.ErrPoolTimeout):
		return "timeout"
	}
	return "connection"
}
