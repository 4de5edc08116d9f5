package pgxtelemetry

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const benchStatement = `-- name: bench.book
with slot as (
	update slots set booked = booked + $2 where id = $1 and booked + $2 <= capacity returning id, booked, capacity
)
insert into reservations (id, slot, diner, party, status, version, made_at)
select $3, slot.id, $4, $2, 'confirmed', 1, $5 from slot
returning id, status, version`

// tracers lists the tracers to compare. docs/decisions/0014 says how to add otelpgx.
func tracers() map[string]pgx.QueryTracer {
	return map[string]pgx.QueryTracer{"ours": tracer{}}
}

// BenchmarkTracer measures what tracing adds to a statement, without a database.
func BenchmarkTracer(b *testing.B) {
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(sdktrace.NewSimpleSpanProcessor(nil))))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())))
	inTrace, root := otel.Tracer("bench").Start(context.Background(), "root")
	defer root.End()
	args := []any{1, 2, "0198f2d1-1f6e-7c11-9a52-6f0d3a7b9c10", "0198f2d1-1f6e-7c11-9a52-6f0d3a7b9c11", nil}
	done := pgx.TraceQueryEndData{CommandTag: pgconn.NewCommandTag("INSERT 0 1")}
	for name, t := range tracers() {
		for where, ctx := range map[string]context.Context{"in a trace": inTrace, "outside of a trace": context.Background()} {
			b.Run(where+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					t.TraceQueryEnd(t.TraceQueryStart(ctx, nil, pgx.TraceQueryStartData{SQL: benchStatement, Args: args}), nil, done)
				}
			})
		}
	}
}
