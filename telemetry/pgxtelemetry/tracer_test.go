package pgxtelemetry

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel"

	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestRecordsTheNameOfAStatementButNotItsValues(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, root := otel.Tracer("test").Start(t.Context(), "root")
	var tr tracer
	run := func(ctx context.Context, sql string, err error) {
		ctx = tr.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: sql, Args: []any{"kim@example.com"}})
		tr.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{CommandTag: pgconn.NewCommandTag("INSERT 0 1"), Err: err})
	}
	run(ctx, "-- name: user.insert\ninsert into users values ($1)", errors.New("encode kim@example.com"))
	run(ctx, "begin", nil)
	run(t.Context(), "-- name: outbox.poll\nselect 1", nil)
	root.End()
	span := rec.Span(t, "user.insert")
	for name, want := range map[string]any{
		names.DBSystem: "postgresql", names.DBOperation: "INSERT", names.DBQuerySummary: "user.insert",
		names.PeerService: "postgresql", names.DBRows: int64(1), names.ErrorType: "connection",
	} {
		if got := telemetrytest.Attr(span, name); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if span.Status().Description != "connection" || len(span.Events()) != 0 {
		t.Errorf("the error's text is on the span: %v %v", span.Status(), span.Events())
	}
	if n := len(rec.Spans()); n != 3 {
		t.Errorf("%d spans, want 3: a statement outside of a trace has none", n)
	}
}
