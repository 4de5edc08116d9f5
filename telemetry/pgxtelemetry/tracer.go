package pgxtelemetry

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

const peer = "postgresql"

// tracer records a client span for each statement, named after it: the first
// line of a statement is `-- name: reservation.book`. Values never reach a span.
// Outside of a trace a statement has no span, so that a polling loop does not
// start a trace each time it finds nothing to do.
type tracer struct{}

var (
	_ pgx.QueryTracer    = tracer{}
	_ pgx.BatchTracer    = tracer{}
	_ pgx.CopyFromTracer = tracer{}
	_ pgx.ConnectTracer  = tracer{}
)

// TraceQueryStart implements pgx.QueryTracer.
func (tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return startStatement(ctx, conn, d.SQL)
}

// TraceQueryEnd implements pgx.QueryTracer.
func (tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	endStatement(ctx, d.CommandTag.RowsAffected(), d.Err)
}

// TraceBatchStart implements pgx.BatchTracer. A batch is one round trip and so
// one span, named after its first named statement.
func (tracer) TraceBatchStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	sql := "batch"
	for _, q := range d.Batch.QueuedQueries {
		if strings.HasPrefix(q.SQL, namePrefix) {
			sql = q.SQL
			break
		}
	}
	return startStatement(ctx, conn, sql)
}

// TraceBatchQuery implements pgx.BatchTracer.
func (tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	if s, ok := ctx.Value(statementKey{}).(*statement); ok {
		s.rows += d.CommandTag.RowsAffected()
	}
}

// TraceBatchEnd implements pgx.BatchTracer.
func (tracer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchEndData) {
	if s, ok := ctx.Value(statementKey{}).(*statement); ok {
		endStatement(ctx, s.rows, d.Err)
	}
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (tracer) TraceCopyFromStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceCopyFromStartData) context.Context {
	return startStatement(ctx, conn, namePrefix+"copy "+strings.Join(d.TableName, ".")+"\nCOPY")
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (tracer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceCopyFromEndData) {
	endStatement(ctx, d.CommandTag.RowsAffected(), d.Err)
}

// TraceConnectStart implements pgx.ConnectTracer. A pool connects on behalf of
// the request that waits, so a database that refuses connections shows in its
// trace.
func (tracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return startStatement(ctx, nil, namePrefix+names.SpanConnect+"\nCONNECT")
}

// TraceConnectEnd implements pgx.ConnectTracer.
func (tracer) TraceConnectEnd(ctx context.Context, d pgx.TraceConnectEndData) {
	endStatement(ctx, noRows, d.Err)
}

const namePrefix = "-- name: "

// parse returns the name on the first line of sql and its operation in upper
// case. A statement without a name is named after its operation.
func parse(sql string) (name, operation string) {
	if rest, ok := strings.CutPrefix(sql, namePrefix); ok {
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

// statement is a statement or batch in progress.
type statement struct {
	telemetry.Call
	rows int64 // of a batch, so far
}

func startStatement(ctx context.Context, conn *pgx.Conn, sql string) context.Context {
	return startStatementAt(ctx, time.Time{}, conn, sql)
}

// startStatementAt starts the span of a statement that began at began, now if
// that is zero.
func startStatementAt(ctx context.Context, began time.Time, conn *pgx.Conn, sql string) context.Context {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx
	}
	name, operation := parse(sql)
	attrs := make([]attribute.KeyValue, 0, 6)
	attrs = append(attrs,
		attribute.String(names.DBSystem, "postgresql"),
		attribute.String(names.DBOperation, operation),
		attribute.String(names.DBQuerySummary, name))
	if wait, ok := takePoolWait(conn); ok {
		attrs = append(attrs, attribute.Float64(names.DBPoolWait, wait.Seconds()))
	}
	ctx, call := telemetry.StartCallAt(ctx, began, name, peer, attrs...)
	return context.WithValue(ctx, statementKey{}, &statement{Call: call})
}

// noRows is the number of rows of what returns none, such as a connect.
const noRows = -1

func endStatement(ctx context.Context, rows int64, err error) {
	s, ok := ctx.Value(statementKey{}).(*statement)
	if !ok {
		return
	}
	if rows != noRows {
		s.Set(attribute.Int64(names.DBRows, rows))
	}
	failure := ""
	if err != nil && !errors.Is(err, pgx.ErrNoRows) { // an empty result is no failure
		failure = errorType(err)
	}
	s.End(failure)
}
