package telemetry

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// PgxTracer gives each statement a client span named after it: the statement's
// first line says `-- name: reservation.book`. Values never reach the span. A
// statement outside any trace gets no span, so that a polling loop starts no
// trace each time it finds nothing to do.
//
//	config.ConnConfig.Tracer = telemetry.PgxTracer{}
type PgxTracer struct{}

var (
	_ pgx.QueryTracer   = PgxTracer{}
	_ pgx.BatchTracer   = PgxTracer{}
	_ pgx.ConnectTracer = PgxTracer{}
)

// TraceQueryStart implements pgx.QueryTracer.
func (PgxTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return startStatement(ctx, d.SQL)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (PgxTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	endStatement(ctx, d.CommandTag.RowsAffected(), d.Err)
}

// TraceBatchStart implements pgx.BatchTracer. A batch is one round trip and so
// one span, named after its first named statement.
func (PgxTracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	sql := "batch"
	for _, q := range d.Batch.QueuedQueries {
		if strings.HasPrefix(q.SQL, nameMark) {
			sql = q.SQL
			break
		}
	}
	return startStatement(ctx, sql)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (PgxTracer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

// TraceBatchEnd implements pgx.BatchTracer.
func (PgxTracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchEndData) {
	endStatement(ctx, -1, d.Err)
}

// TraceConnectStart implements pgx.ConnectTracer. A pool connects on behalf of
// the request that waits, so a database that refuses shows in its trace.
func (PgxTracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return startStatement(ctx, nameMark+names.SpanConnect+"\nCONNECT")
}

// TraceConnectEnd implements pgx.ConnectTracer.
func (PgxTracer) TraceConnectEnd(ctx context.Context, d pgx.TraceConnectEndData) {
	endStatement(ctx, -1, d.Err)
}

const nameMark = "-- name: "

// statement splits SQL into the name on its first line and its operation.
func statement(sql string) (name, operation string) {
	if rest, ok := strings.CutPrefix(sql, nameMark); ok {
		name, sql, _ = strings.Cut(rest, "\n")
		name = strings.TrimSpace(name)
	}
	if words := strings.Fields(sql); len(words) > 0 {
		operation = strings.ToUpper(words[0])
	}
	if name == "" {
		name = strings.ToLower(operation)
	}
	return name, operation
}

type statementKey struct{}

func startStatement(ctx context.Context, sql string) context.Context {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	name, operation := statement(sql)
	ctx, span := otel.Tracer("jari.example/telemetry").Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String(names.DBSystem, "postgresql"),
		attribute.String(names.DBOperation, operation),
		attribute.String(names.DBQuerySummary, name),
		attribute.String(names.PeerService, "postgresql"),
	))
	return context.WithValue(ctx, statementKey{}, span)
}

func endStatement(ctx context.Context, rows int64, err error) {
	span, ok := ctx.Value(statementKey{}).(trace.Span)
	if !ok {
		return
	}
	defer span.End()
	if rows >= 0 {
		span.SetAttributes(attribute.Int64(names.DBRows, rows))
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // nothing found is an answer
		class := sqlClass(err)
		span.SetAttributes(attribute.String(names.ErrorType, class))
		span.SetStatus(codes.Error, class)
	}
}
