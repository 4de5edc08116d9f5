package jsonlog

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// The common kinds of line. Each request writes one of the first.
var lines = []struct {
	name string
	log  func(context.Context, *slog.Logger)
}{
	{"access line", func(ctx context.Context, l *slog.Logger) {
		l.LogAttrs(ctx, slog.LevelInfo, "POST /v1/reservations 201",
			slog.String(names.EventName, names.EventAccess), slog.String(names.HTTPMethod, "POST"),
			slog.String(names.HTTPRoute, "/v1/reservations"), slog.Int(names.HTTPStatus, 201),
			slog.Float64(names.HTTPDuration, 0.01234567), slog.Int64(names.HTTPBodySize, 321),
			slog.String(names.URLPath, "/v1/reservations"), slog.String(names.UserID, "0198f2d1-1f6e-7c11-9a52-6f0d3a7b9c10"),
			slog.String(names.SlotID, "0198f2d1-1f6e-7c11-9a52-6f0d3a7b9c11"), slog.Int(names.Party, 2))
	}},
	{"plain line", func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "serving") }},
	{"Korean and quotes", func(ctx context.Context, l *slog.Logger) {
		l.LogAttrs(ctx, slog.LevelInfo, "검색",
			slog.String(names.SearchQuery, "강남 한우 오마카세"), slog.String(names.Exception, `no "table"`))
	}},
	{"line with attributes of its logger", func(ctx context.Context, l *slog.Logger) {
		l.LogAttrs(ctx, slog.LevelInfo, "delivered", slog.Int(names.Count, 3))
	}},
}

func loggerFor(h slog.Handler, name string) *slog.Logger {
	l := slog.New(h)
	if name == "line with attributes of its logger" {
		l = l.With(names.EventName, names.EventOutboxDelivered, names.Job, "relay", names.OutboxEventID, "0198f2d1-1f6e-7c11-9a52-6f0d3a7b9c10")
	}
	return l
}

func traced() context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2, 3}, SpanID: trace.SpanID{4, 5, 6},
	}))
}

func ours() slog.Handler {
	id := Identity{names.ServiceReservation, "0198f2d1-1f6e-7c11-9a52-6f0d3a7b9c10", "0123456789ab", "ap-northeast-2"}
	return New(io.Discard, id, slog.LevelInfo)
}

// library writes the same fields with slog.JSONHandler. What it lacks is added as
// a program would: the identity by WithAttrs, the ids by a wrapping handler.
func library() slog.Handler {
	return withIDs{slog.NewJSONHandler(io.Discard, nil).WithAttrs([]slog.Attr{
		slog.String(names.ServiceName, names.ServiceReservation), slog.String(names.ServiceInstanceID, "0198f2d1-1f6e-7c11-9a52-6f0d3a7b9c10"),
		slog.String(names.ServiceVersion, "0123456789ab"), slog.String(names.CloudRegion, "ap-northeast-2"),
	})}
}

type withIDs struct{ slog.Handler }

func (h withIDs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withIDs{h.Handler.WithAttrs(attrs)}
}

func (h withIDs) Handle(ctx context.Context, r slog.Record) error {
	sc := trace.SpanContextFromContext(ctx)
	r.AddAttrs(slog.String(names.RecordUID, newUID(r.Time).String()),
		slog.String(names.TraceID, sc.TraceID().String()), slog.String(names.SpanID, sc.SpanID().String()))
	return h.Handler.Handle(ctx, r)
}

func BenchmarkHandler(b *testing.B) {
	ctx := traced()
	for _, s := range lines {
		for by, h := range map[string]slog.Handler{"ours": ours(), "slog.JSONHandler": library()} {
			b.Run(s.name+"/"+by, func(b *testing.B) {
				l := loggerFor(h, s.name)
				b.ReportAllocs()
				for b.Loop() {
					s.log(ctx, l)
				}
			})
		}
	}
}

// Concurrent loggers share only the lock around the write.
func BenchmarkHandlerParallel(b *testing.B) {
	l, ctx := slog.New(ours()), traced()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			lines[0].log(ctx, l)
		}
	})
}

// The handler allocates nothing. slog.Record allocates once if it has more
// attributes than fit into its array.
func TestAllocatesNothingPerLine(t *testing.T) {
	h, ctx := ours(), traced()
	r := slog.NewRecord(time.Now(), slog.LevelInfo, "POST /v1/reservations 201", 0)
	r.AddAttrs(slog.String(names.HTTPMethod, "POST"), slog.Int(names.HTTPStatus, 201), slog.Float64(names.HTTPDuration, 0.0123),
		slog.String(names.SearchQuery, "강남"), slog.Bool(names.Replayed, true), slog.Duration("d", time.Second), slog.Time("t", time.Now()))
	if n := testing.AllocsPerRun(100, func() { _ = h.Handle(ctx, r) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
	with := h.WithAttrs([]slog.Attr{slog.String(names.Job, "relay"), slog.Int(names.Count, 1)})
	if n := testing.AllocsPerRun(100, func() { _ = with.Handle(ctx, r) }); n > 0 {
		t.Errorf("%v allocations with attributes of the logger", n)
	}
}
