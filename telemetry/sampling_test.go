package telemetry

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func randomID() (id trace.TraceID) {
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixNano())) // as some make them
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

func TestTheCeilingIsKeptEachSecond(t *testing.T) {
	for sentence, c := range map[string]struct {
		limit, rate int
		least, most int // chosen in each second
	}{
		"below it, all":           {200, 199, 199, 199},
		"at it, all":              {200, 200, 200, 200},
		"above it, about as many": {200, 5000, 140, 200},
		"without one, all":        {-1, 5000, 5000, 5000},
	} {
		t.Run(sentence, func(t *testing.T) {
			choice := &ceiling{limit: c.limit}
			for second := range 20 {
				n, at := 0, time.Unix(1_700_000_000+int64(second), 0)
				for i := range c.rate {
					if choice.choose(randomID(), at.Add(time.Second*time.Duration(i)/time.Duration(c.rate))) {
						n++
					}
				}
				if n < c.least || n > c.most {
					t.Errorf("second %d: %d of %d, want %d to %d", second, n, c.rate, c.least, c.most)
				}
			}
		})
	}
}

func TestACeilingThatWasReachedLetsGoAgain(t *testing.T) {
	choice := &ceiling{limit: 10}
	rush := time.Unix(1_700_000_000, 0)
	for range 1000 {
		choice.choose(randomID(), rush)
	}
	for pause, want := range map[time.Duration]bool{2 * time.Second: true, time.Hour: true} {
		for range 10 {
			if got := choice.choose(randomID(), rush.Add(pause)); got != want {
				t.Errorf("after %v: %v", pause, got)
			}
		}
	}
}

// The service sees the gateway's later requests, and nothing else.
func TestProcessesChooseTheSameTraces(t *testing.T) {
	gateway, service := &ceiling{limit: 200}, &ceiling{limit: 200}
	var both, either int
	for second := range 10 {
		at := time.Unix(1_700_000_000+int64(second), 0)
		for i := range 4000 {
			id, at := randomID(), at.Add(time.Duration(i)*time.Millisecond/4)
			chosen := gateway.choose(id, at)
			if i < 2000 {
				continue
			}
			again := service.choose(id, at)
			if chosen && second > 0 { // before that nobody knows how many come
				either++
				if again {
					both++
				}
			}
		}
	}
	// The service may choose twice as many, so it has room for all the gateway's.
	if both < either*9/10 || either < 500 {
		t.Errorf("the service chose %d of the %d that the gateway did", both, either)
	}
}

// provider is one whose traces go through the ceiling to a's agent.
func provider(p *pipeline, limit int) (trace.Tracer, *undecided) {
	u := newUndecided(p.spanPipe)
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(u), sdktrace.WithSampler(&ceiling{limit: limit})).Tracer("t"), u
}

func remote(flags trace.TraceFlags) context.Context {
	return trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: randomID(), SpanID: trace.SpanID{1}, TraceFlags: flags, Remote: true}))
}

func TestAboveTheCeilingOnlyWhatWentWrongIsKeptAndThatWhole(t *testing.T) {
	for sentence, c := range map[string]struct {
		ctx   context.Context
		limit int
		end   func(root trace.Span)
		kept  bool
	}{
		"all went well":                             {context.Background(), 0, nil, false},
		"it went well, and there was room":          {context.Background(), 1, nil, true},
		"it failed":                                 {context.Background(), 0, func(s trace.Span) { s.SetStatus(codes.Error, "") }, true},
		"it was slow":                               {context.Background(), 0, func(trace.Span) { time.Sleep(slowTrace) }, true},
		"it was almost slow":                        {context.Background(), 0, func(trace.Span) { time.Sleep(slowTrace - 1) }, false},
		"the access line said so":                   {context.Background(), 0, func(s trace.Span) { decide(s, true, 0) }, true},
		"the access line said no":                   {context.Background(), 0, func(s trace.Span) { decide(s, false, 0); s.SetStatus(codes.Error, "") }, false},
		"the caller had chosen it":                  {remote(trace.FlagsSampled), 1, nil, true},
		"the caller had, but there is no room":      {remote(trace.FlagsSampled), 0, nil, false},
		"the caller had not":                        {remote(0), 1, nil, false},
		"the caller had not, but it went wrong":     {remote(0), 1, func(s trace.Span) { s.SetStatus(codes.Error, "") }, true},
		"the caller had not, and there is no limit": {remote(0), -1, nil, false},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, always(answer{}))
				tracer, u := provider(p, c.limit)
				ctx, root := tracer.Start(c.ctx, "root")
				inner, child := tracer.Start(ctx, "child")
				_, grandchild := tracer.Start(inner, "grandchild")
				grandchild.End()
				child.End()
				if c.end != nil {
					c.end(root)
				}
				if child.SpanContext().IsSampled() != root.SpanContext().IsSampled() {
					t.Error("a child goes its own way")
				}
				root.End()
				if err := u.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				want := 0
				if c.kept {
					want = 3
				}
				if p.taken() != want {
					t.Errorf("%d spans were kept, want %d", p.taken(), want)
				}
				if len(u.traces) != 0 || u.held != 0 {
					t.Errorf("it still holds %d spans of %d traces", u.held, len(u.traces))
				}
			})
		})
	}
}

// A transaction for many is of no use to a kept trace that links to it unless it
// is kept too.
func TestWhatServesOthersIsChosenWithThem(t *testing.T) {
	local := func(flags trace.TraceFlags) trace.SpanContext {
		return trace.SpanContextFromContext(remote(flags)).WithRemote(false)
	}
	stranger := trace.SpanContextFromContext(remote(trace.FlagsSampled))
	for sentence, c := range map[string]struct {
		links  []trace.SpanContext
		limit  int
		chosen bool
	}{
		"one of them is chosen, and there is no room": {[]trace.SpanContext{local(0), local(trace.FlagsSampled)}, 0, true},
		"none of them is, and there is room":          {[]trace.SpanContext{local(0)}, 1, false},
		"a stranger is, and there is no room":         {[]trace.SpanContext{stranger}, 0, false},
		"a stranger is not, and there is room":        {[]trace.SpanContext{stranger.WithTraceFlags(0)}, 1, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, always(answer{}))
				tracer, u := provider(p, c.limit)
				var links []trace.Link
				for _, sc := range c.links {
					links = append(links, trace.Link{SpanContext: sc})
				}
				ctx := trace.ContextWithSpanContext(t.Context(), c.links[0])
				_, s := tracer.Start(ctx, "batch", trace.WithNewRoot(), trace.WithLinks(links...))
				if s.SpanContext().IsSampled() != c.chosen {
					t.Errorf("chosen: %v", !c.chosen)
				}
				if _, next := tracer.Start(context.Background(), "next"); c.limit == 1 && !c.chosen && !next.SpanContext().IsSampled() {
					t.Error("it took up the room of the next")
				}
				s.End()
				_ = u.Shutdown(t.Context())
			})
		})
	}
}

// A request and the delivery of what it caused are of one trace, in one process.
func TestLocalRootsOfOneTraceAreDecidedEachForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, always(answer{}))
		tracer, u := provider(p, 0)
		caller := remote(0)
		var families [][]trace.Span // a local root, its child, its grandchild
		for range 5 {
			ctx, root := tracer.Start(caller, "root")
			inner, child := tracer.Start(ctx, "child")
			_, grandchild := tracer.Start(inner, "grandchild")
			families = append(families, []trace.Span{root, child, grandchild})
		}
		for generation := 2; generation > 0; generation-- { // none is next to its family
			for _, f := range families {
				f[generation].End()
			}
		}
		kept := []bool{false, true, false, true, false}
		for i, f := range families {
			decide(f[0], kept[i], 0)
			f[0].End()
		}
		_ = u.Shutdown(t.Context())
		for i, f := range families {
			for generation, s := range f {
				if got := p.got[s.SpanContext().SpanID()]; got > 1 || got == 1 != kept[i] {
					t.Errorf("generation %d of family %d: kept %d times", generation, i, got)
				}
			}
		}
		if len(u.traces) != 0 || u.held != 0 {
			t.Errorf("it still holds %d spans of %d traces", u.held, len(u.traces))
		}
	})
}

func TestWhatIsUndecidedIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, always(answer{}))
		tracer, u := provider(p, 0)
		u.most = 10
		ctx, root := tracer.Start(context.Background(), "root")
		for range 25 {
			_, s := tracer.Start(ctx, "child")
			s.End()
		}
		root.SetStatus(codes.Error, "")
		root.End()
		for range 100 { // begun, and forgotten
			_, _ = tracer.Start(context.Background(), "root")
		}
		if len(u.traces) > 10 {
			t.Errorf("%d traces are remembered", len(u.traces))
		}
		_ = u.Shutdown(t.Context())
		if p.taken() != 11 {
			t.Errorf("%d of its spans were kept", p.taken())
		}
		if said := p.said(); len(said) != 1 || said[0] != 15 {
			t.Errorf("said %v", said)
		}
	})
}

func TestWhatIsForgottenUndecidedIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, always(answer{}))
		tracer, u := provider(p, 0)
		u.most = 3
		for range 4 { // the fourth has the others forgotten
			ctx, _ := tracer.Start(context.Background(), "root")
			_, s := tracer.Start(ctx, "child")
			s.End()
		}
		_ = u.Shutdown(t.Context())
		if said := p.said(); len(said) != 1 || said[0] != 3 {
			t.Errorf("said %v", said)
		}
	})
}
