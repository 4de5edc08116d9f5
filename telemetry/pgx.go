package telemetry

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// PgxTracer gives each statement a client span named after it: the statement's
// first line says `-- name: reservation.book`. Values never reach the span. A
// statement outside any trace gets no span, so that a polling loop starts no
// trace each time it finds nothing to do.
//
//	config.ConnConfig.Tracer = telemetry.PgxTracer{}
//
// A pool is better made by [NewPool], which does so and more.
type PgxTracer struct{}

var (
	_ pgx.QueryTracer    = PgxTracer{}
	_ pgx.BatchTracer    = PgxTracer{}
	_ pgx.CopyFromTracer = PgxTracer{}
	_ pgx.ConnectTracer  = PgxTracer{}
)

// TraceQueryStart implements pgx.QueryTracer.
func (PgxTracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return startStatement(ctx, conn, d.SQL)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (PgxTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	endStatement(ctx, d.CommandTag.RowsAffected(), d.Err)
}

// TraceBatchStart implements pgx.BatchTracer. A batch is one round trip and so
// one span, named after its first named statement.
func (PgxTracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	sql := "batch"
	for _, q := range d.Batch.QueuedQueries {
		if strings.HasPrefix(q.SQL, nameMark) {
			sql = q.SQL
			break
		}
	}
	return startStatement(ctx, conn, sql)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (PgxTracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	if call, ok := ctx.Value(statementKey{}).(*statementCall); ok {
		call.rows += d.CommandTag.RowsAffected()
	}
}

// TraceBatchEnd implements pgx.BatchTracer.
func (PgxTracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchEndData) {
	if call, ok := ctx.Value(statementKey{}).(*statementCall); ok {
		endStatement(ctx, call.rows, d.Err)
	}
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (PgxTracer) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceCopyFromStartData) context.Context {
	return startStatement(ctx, conn, nameMark+"copy "+strings.Join(d.TableName, ".")+"\nCOPY")
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (PgxTracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceCopyFromEndData) {
	endStatement(ctx, d.CommandTag.RowsAffected(), d.Err)
}

// TraceConnectStart implements pgx.ConnectTracer. A pool connects on behalf of
// the request that waits, so a database that refuses shows in its trace.
func (PgxTracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return startStatement(ctx, nil, nameMark+names.SpanConnect+"\nCONNECT")
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
	sql = strings.TrimSpace(sql)
	if end := strings.IndexAny(sql, " \n\t"); end > 0 {
		sql = sql[:end]
	}
	operation = strings.ToUpper(sql)
	if name == "" {
		name = strings.ToLower(operation)
	}
	return name, operation
}

type statementKey struct{}

type statementCall struct {
	Call
	rows int64 // of a batch, so far
}

func startStatement(ctx context.Context, conn *pgx.Conn, sql string, opts ...trace.SpanStartOption) context.Context {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	name, operation := statement(sql)
	attrs := make([]attribute.KeyValue, 0, 6)
	attrs = append(attrs,
		attribute.String(names.DBSystem, "postgresql"),
		attribute.String(names.DBOperation, operation),
		attribute.String(names.DBQuerySummary, name))
	if wait, ok := waited(conn); ok {
		attrs = append(attrs, attribute.Float64(names.DBPoolWait, wait.Seconds()))
	}
	ctx, call := startCall(ctx, name, "postgresql", attrs, opts...)
	return context.WithValue(ctx, statementKey{}, &statementCall{Call: call})
}

func endStatement(ctx context.Context, rows int64, err error) {
	call, ok := ctx.Value(statementKey{}).(*statementCall)
	if !ok {
		return
	}
	if rows >= 0 {
		call.Set(attribute.Int64(names.DBRows, rows))
	}
	failure := ""
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // nothing found is an answer
		failure = sqlClass(err)
	}
	call.End(failure)
}
