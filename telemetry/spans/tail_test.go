package spans

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// unlimited keeps every trace that failed or was slow.
var unlimited *Decider

// newTracer returns a tracer whose spans go through both samplers into q.
func newTracer(q *testQueue, limit int) (trace.Tracer, *tailSampler) {
	tail := newTailSampler(q.queue, unlimited)
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(tail), sdktrace.WithSampler(NewRateLimitingSampler(limit))).Tracer("t"), tail
}

func remote(flags trace.TraceFlags) context.Context {
	return trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: randomID(), SpanID: trace.SpanID{1}, TraceFlags: flags, Remote: true}))
}

func TestKeepsOnlyFailedAndSlowTracesAboveTheLimitAndKeepsThemWhole(t *testing.T) {
	fail := func(s trace.Span) { s.SetStatus(codes.Error, "") }
	decide := func(failed bool) func(trace.Span) {
		return func(s trace.Span) { unlimited.Decide(s, "root", failed, 0) }
	}
	for name, c := range map[string]struct {
		ctx   context.Context
		limit int
		end   func(root trace.Span)
		kept  bool
	}{
		"a success":                                     {context.Background(), 0, nil, false},
		"a success below the limit":                     {context.Background(), 1, nil, true},
		"a failure":                                     {context.Background(), 0, fail, true},
		"a slow root":                                   {context.Background(), 0, func(trace.Span) { time.Sleep(slowTrace) }, true},
		"an almost slow root":                           {context.Background(), 0, func(trace.Span) { time.Sleep(slowTrace - 1) }, false},
		"Decide kept it":                                {context.Background(), 0, decide(true), true},
		"Decide discarded the failure":                  {context.Background(), 0, func(s trace.Span) { decide(false)(s); fail(s) }, false},
		"the caller sampled it":                         {remote(trace.FlagsSampled), 1, nil, true},
		"the caller sampled it, above the limit":        {remote(trace.FlagsSampled), 0, nil, false},
		"the caller did not sample it":                  {remote(0), 1, nil, false},
		"the caller did not sample the failure":         {remote(0), 1, fail, true},
		"the caller did not sample it, without a limit": {remote(0), -1, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := start(t, always(result{}))
				tracer, tail := newTracer(q, c.limit)
				ctx, root := tracer.Start(c.ctx, "root")
				inner, child := tracer.Start(ctx, "child")
				_, grandchild := tracer.Start(inner, "grandchild")
				grandchild.End()
				child.End()
				if c.end != nil {
					c.end(root)
				}
				if child.SpanContext().IsSampled() != root.SpanContext().IsSampled() {
					t.Error("a child is sampled differently from its root")
				}
				root.End()
				if err := tail.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				want := 0
				if c.kept {
					want = 3
				}
				if q.received() != want {
					t.Errorf("%d spans were received, want %d", q.received(), want)
				}
				if len(tail.traces) != 0 || tail.held != 0 {
					t.Errorf("the tail sampler still holds %d spans of %d traces", tail.held, len(tail.traces))
				}
			})
		})
	}
}

func TestHoldsASampledTraceUntilItsHeldRootSaysThatSomebodyReadsIt(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(root trace.Span)
		kept bool
	}{
		"nobody reads it": {func(s trace.Span) { unlimited.DecideHeld(s, "root", false, false, 0) }, false},
		"somebody does":   {func(s trace.Span) { unlimited.DecideHeld(s, "root", true, false, 0) }, true},
		"it was slow":     {func(s trace.Span) { unlimited.DecideHeld(s, "root", false, false, slowTrace) }, true},
		"no decision":     {func(trace.Span) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := start(t, always(result{}))
				tracer, tail := newTracer(q, -1)
				ctx, root := tracer.Start(context.Background(), "root", trace.WithAttributes(Held))
				_, child := tracer.Start(ctx, "child")
				_, other := tracer.Start(context.Background(), "a trace that is not held")
				other.End()
				child.End()
				c.end(root)
				root.End()
				_ = tail.Shutdown(t.Context())
				want := 1
				if c.kept {
					want = 3
				}
				if !root.SpanContext().IsSampled() || q.received() != want || q.got[other.SpanContext().SpanID()] != 1 {
					t.Errorf("%d spans were received, want %d; sampled: %v", q.received(), want, root.SpanContext().IsSampled())
				}
				if len(tail.traces) != 0 || tail.held != 0 || tail.heldRoots.Load() != 0 {
					t.Errorf("it still holds %d spans of %d traces", tail.held, len(tail.traces))
				}
			})
		})
	}
}

// A transaction for several requests is linked from their traces, so it must be
// kept if one of them is.
func TestSamplesASpanWithTheLocalSpansItLinksTo(t *testing.T) {
	local := func(flags trace.TraceFlags) trace.SpanContext {
		return trace.SpanContextFromContext(remote(flags)).WithRemote(false)
	}
	remoteSpan := trace.SpanContextFromContext(remote(trace.FlagsSampled))
	for name, c := range map[string]struct {
		links   []trace.SpanContext
		limit   int
		sampled bool
	}{
		"a linked span is sampled, below the limit":            {[]trace.SpanContext{local(0), local(trace.FlagsSampled)}, 1, true},
		"a linked span is sampled, above the limit":            {[]trace.SpanContext{local(0), local(trace.FlagsSampled)}, 0, false},
		"no linked span is sampled, below the limit":           {[]trace.SpanContext{local(0)}, 1, false},
		"a remote linked span is sampled, above the limit":     {[]trace.SpanContext{remoteSpan}, 0, false},
		"a remote linked span is not sampled, below the limit": {[]trace.SpanContext{remoteSpan.WithTraceFlags(0)}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := start(t, always(result{}))
				tracer, tail := newTracer(q, c.limit)
				var links []trace.Link
				for _, sc := range c.links {
					links = append(links, trace.Link{SpanContext: sc})
				}
				ctx := trace.ContextWithSpanContext(t.Context(), c.links[0])
				_, s := tracer.Start(ctx, "batch", trace.WithNewRoot(), trace.WithLinks(links...))
				if s.SpanContext().IsSampled() != c.sampled {
					t.Errorf("sampled: %v", !c.sampled)
				}
				if _, next := tracer.Start(context.Background(), "next"); c.limit == 1 && !c.sampled && !next.SpanContext().IsSampled() {
					t.Error("it counted towards the limit")
				}
				s.End()
				_ = tail.Shutdown(t.Context())
			})
		})
	}
}

// A request and the delivery of the event it caused are local roots of one trace
// in one process.
func TestDecidesOnEachLocalRootOfATraceSeparately(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{}))
		tracer, tail := newTracer(q, 0)
		caller := remote(0)
		var families [][]trace.Span // a local root, its child, its grandchild
		for range 5 {
			ctx, root := tracer.Start(caller, "root")
			inner, child := tracer.Start(ctx, "child")
			_, grandchild := tracer.Start(inner, "grandchild")
			families = append(families, []trace.Span{root, child, grandchild})
		}
		for generation := 2; generation > 0; generation-- { // interleaved with the other families
			for _, f := range families {
				f[generation].End()
			}
		}
		kept := []bool{false, true, false, true, false}
		for i, f := range families {
			unlimited.Decide(f[0], "root", kept[i], 0)
			f[0].End()
		}
		_ = tail.Shutdown(t.Context())
		for i, f := range families {
			for generation, s := range f {
				if got := q.got[s.SpanContext().SpanID()]; got > 1 || got == 1 != kept[i] {
					t.Errorf("generation %d of family %d was received %d times", generation, i, got)
				}
			}
		}
		if len(tail.traces) != 0 || tail.held != 0 {
			t.Errorf("the tail sampler still holds %d spans of %d traces", tail.held, len(tail.traces))
		}
	})
}

func TestLimitsTheSpansThatTheTailSamplerHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{}))
		tracer, tail := newTracer(q, 0)
		tail.maxSpans = 10
		ctx, root := tracer.Start(context.Background(), "root")
		for range 25 {
			_, s := tracer.Start(ctx, "child")
			s.End()
		}
		root.SetStatus(codes.Error, "")
		root.End()
		for range 100 { // started and never ended
			_, _ = tracer.Start(context.Background(), "root")
		}
		if len(tail.traces) > 10 {
			t.Errorf("%d traces are held", len(tail.traces))
		}
		_ = tail.Shutdown(t.Context())
		if q.received() != 11 {
			t.Errorf("%d of its spans were received, want 11", q.received())
		}
		if logged := q.loggedDrops(); len(logged) != 1 || logged[0] != 15 {
			t.Errorf("logged drops %v", logged)
		}
	})
}

func TestCountsTheSpansThatTheTailSamplerDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{}))
		tracer, tail := newTracer(q, 0)
		tail.maxSpans = 3
		for range 4 { // the fourth makes it drop the others
			ctx, _ := tracer.Start(context.Background(), "root")
			_, s := tracer.Start(ctx, "child")
			s.End()
		}
		_ = tail.Shutdown(t.Context())
		if logged := q.loggedDrops(); len(logged) != 1 || logged[0] != 3 {
			t.Errorf("logged drops %v", logged)
		}
	})
}
