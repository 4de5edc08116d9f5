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

// traced gives each command inside a trace a client span named after it, and a
// pipeline one for all its commands. Keys and values never reach the span: they
// are hashes and ids. (redisotel would write an error's text, in which Redis
// repeats what it was sent, and knows no error.type.)
type traced struct{}

var _ redis.Hook = traced{}

// DialHook implements redis.Hook. A dial shows in the command that waits for it.
func (traced) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook implements redis.Hook.
func (traced) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, call := start(ctx, cmd.FullName())
		err := next(ctx, cmd)
		call.End(class(err))
		return err
	}
}

// ProcessPipelineHook implements redis.Hook.
func (traced) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, call := start(ctx, "pipeline", attribute.Int(names.Count, len(cmds)))
		err := next(ctx, cmds)
		call.End(class(err))
		return err
	}
}

func start(ctx context.Context, operation string, attrs ...attribute.KeyValue) (context.Context, telemetry.Call) {
	return telemetry.StartCall(ctx, "redis."+operation, "redis", append(attrs,
		attribute.String(names.DBSystem, "redis"), attribute.String(names.DBOperation, operation))...)
}

// class names a failure without its text: the word Redis begins with (ERR,
// NOSCRIPT, LOADING …), or what became of the connection.
func class(err error) string {
	if err == nil || errors.Is(err, redis.Nil) { // nothing found is an answer
		return ""
	}
	if answer, ok := errors.AsType[redis.Error](err); ok {
		word, _, _ := strings.Cut(answer.Error(), " ")
		return word
	}
	away, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), ok && away.Timeout(), errors.Is(err, redis.ErrPoolTimeout):
		return "timeout"
	}
	return "connection"
}
