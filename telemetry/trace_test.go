package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestContinuesATraceFromItsTraceparent(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, cause := otel.Tracer("t").Start(t.Context(), "cause")
	stored := telemetry.Traceparent(ctx)
	cause.End()
	_, effect := otel.Tracer("t").Start(telemetry.Continue(t.Context(), stored), "effect")
	effect.End()
	if got := rec.Span(t, "effect").Parent(); got.SpanID() != cause.SpanContext().SpanID() || !got.IsRemote() {
		t.Errorf("%q continues %v", stored, got)
	}
	if got := telemetry.Traceparent(t.Context()); got != "" {
		t.Errorf("outside of a trace: %q", got)
	}
	_, alone := otel.Tracer("t").Start(telemetry.Continue(t.Context(), ""), "alone")
	alone.End()
	if rec.Span(t, "alone").Parent().IsValid() {
		t.Error("an empty traceparent set a parent")
	}
}

func TestLinksEachTraceOnce(t *testing.T) {
	one, two := "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
	var many []string
	for i := range 200 {
		many = append(many, strings.Replace(one, "80319c", fmt.Sprintf("%06x", i), 1))
	}
	for name, c := range map[string]struct {
		to   []string
		want int
	}{
		"none": {nil, 0}, "empty and invalid": {[]string{"", "garbage"}, 0}, "two": {[]string{one, two}, 2},
		"one twice": {[]string{one, "", one}, 1}, "more than the limit": {many, 128},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			_, span := otel.Tracer("t").Start(t.Context(), "s", telemetry.LinkTo(c.to...))
			span.End()
			if s := rec.Span(t, "s"); len(s.Links()) != c.want || s.DroppedLinks() != 0 {
				t.Errorf("%d links, %d dropped", len(s.Links()), s.DroppedLinks())
			}
		})
	}
}

func TestAJobHasATraceOfItsOwn(t *testing.T) {
	rec := telemetrytest.Start(t)
	ctx, other := otel.Tracer("t").Start(t.Context(), "other")
	defer other.End()
	failure := errors.New("it failed for kim@example.com")
	if err := telemetry.Job(ctx, "books", func(ctx context.Context) error {
		if telemetry.Traceparent(ctx) == "" {
			t.Error("the job runs outside of its trace")
		}
		return failure
	}); err != failure {
		t.Errorf("returned %v", err)
	}
	s := rec.Span(t, names.SpanJob)
	if s.Parent().IsValid() || s.Status().Code != codes.Error || s.Status().Description != "" ||
		telemetrytest.Attr(s, names.Job) != "books" {
		t.Errorf("%v, %v, %v", s.Parent(), s.Status(), s.Attributes())
	}
}

func TestAPollLeavesATraceOnlyIfSomebodyWillReadIt(t *testing.T) {
	for name, c := range map[string]struct {
		changed bool
		err     error
		takes   time.Duration
		kept    bool
	}{
		"nothing to do": {false, nil, 0, false}, "changed something": {true, nil, 0, true},
		"failed": {false, errors.New("it failed"), 0, true}, "slow": {false, nil, time.Second, true},
		"almost slow": {false, nil, time.Second - 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			synctest.Test(t, func(t *testing.T) {
				err := telemetry.Poll(context.Background(), "looks", func(ctx context.Context) (bool, error) {
					if !trace.SpanContextFromContext(ctx).IsSampled() {
						t.Error("what it causes elsewhere is not sampled")
					}
					time.Sleep(c.takes)
					return c.changed, c.err
				})
				if err != c.err {
					t.Errorf("returned %v", err)
				}
			})
			s := rec.Span(t, names.SpanJob)
			if telemetrytest.Attr(s, names.TraceKept) != c.kept || telemetrytest.Attr(s, names.Job) != "looks" ||
				(s.Status().Code == codes.Error) != (c.err != nil) {
				t.Errorf("%v %v, want kept: %t", s.Attributes(), s.Status(), c.kept)
			}
			runs, ok := rec.Metric(t, names.MetricJobDuration).Data.(metricdata.Histogram[float64])
			if !ok || len(runs.DataPoints) != 1 || runs.DataPoints[0].Count != 1 || runs.DataPoints[0].Sum != c.takes.Seconds() {
				t.Errorf("its duration is not counted: %+v", runs)
			}
		})
	}
}
