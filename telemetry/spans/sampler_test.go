package spans

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

func randomID() (id trace.TraceID) {
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixNano())) // as some generators do
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return id
}

// sampled asks s about a span of parent's trace, or of a new one, as the SDK does.
func sampled(s sdktrace.Sampler, kind trace.SpanKind, parent trace.SpanContext) bool {
	id := parent.TraceID()
	if !id.IsValid() {
		id = randomID()
	}
	return s.ShouldSample(sdktrace.SamplingParameters{
		ParentContext: trace.ContextWithSpanContext(context.Background(), parent), TraceID: id, Kind: kind,
	}).Decision == sdktrace.RecordAndSample
}

// inSecond calls start n times, spread evenly over a second, and returns how often it
// returned true.
func inSecond(n int, start func() bool) (count int) {
	for range n {
		if start() {
			count++
		}
		time.Sleep(time.Second / time.Duration(n+1))
	}
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	return count
}

func TestEachKindOfTraceHasACeilingOfItsOwn(t *testing.T) {
	for name, c := range map[string]struct {
		kind        trace.SpanKind
		remote      bool
		rate        int
		least, most int // sampled in each second after the first one
	}{
		"requests, at the ceiling":             {trace.SpanKindServer, false, 200, 200, 200},
		"requests, at three times the ceiling": {trace.SpanKindServer, false, 600, 30, 69},
		"requests, in a rush":                  {trace.SpanKindServer, false, 4000, 3, 23},
		"mails, at their ceiling":              {trace.SpanKindConsumer, false, 5, 5, 5},
		"mails, at three times their ceiling":  {trace.SpanKindConsumer, false, 15, 0, 8},
		"mails, in a rush":                     {trace.SpanKindConsumer, false, 100, 0, 7},
		"jobs, in a rush":                      {trace.SpanKindInternal, false, 100, 0, 7},
		"sampled elsewhere, at the ceiling":    {trace.SpanKindServer, true, 200, 200, 200},
		"sampled elsewhere, in a rush":         {trace.SpanKindServer, true, 600, 140, 200},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := NewRateLimitingSampler(200)
				for second := range 10 {
					n := inSecond(c.rate, func() bool {
						var parent trace.SpanContext
						if c.remote {
							parent = trace.SpanContextFromContext(remote(trace.FlagsSampled))
						}
						return sampled(s, c.kind, parent)
					})
					if second > 0 && (n < c.least || n > c.most) {
						t.Errorf("second %d: %d of %d, want %d to %d", second, n, c.rate, c.least, c.most)
					}
				}
			})
		})
	}
}

func TestMailsAndJobsLeaveTheCeilingOfRequestsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewRateLimitingSampler(200)
		for range 3 {
			requests, i := 0, 0
			inSecond(2200, func() bool { // eleven at once
				if i++; i%11 > 0 {
					return sampled(s, trace.SpanKindConsumer, trace.SpanContext{})
				}
				if sampled(s, trace.SpanKindServer, trace.SpanContext{}) {
					requests++
				}
				return true
			})
			if requests != 200 {
				t.Errorf("%d of 200 requests beside a burst of mails are sampled", requests)
			}
		}
	})
}

// The service receives only the second half of the gateway's requests.
func TestAServiceSamplesAllThatTheGatewaySampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gateway, service := NewRateLimitingSampler(200), NewRateLimitingSampler(200)
		var both, either int
		for range 10 {
			inSecond(4000, func() bool {
				ctx := remote(0)
				here := trace.SpanContextFromContext(ctx)
				if !sampledNew(gateway, here.TraceID()) || here.TraceID()[15]%2 == 0 {
					return false
				}
				either++
				if sampled(service, trace.SpanKindServer, here.WithTraceFlags(trace.FlagsSampled)) {
					both++
				}
				return true
			})
		}
		if both != either || either < 100 {
			t.Errorf("the service sampled %d of the %d traces that the gateway sampled", both, either)
		}
	})
}

// sampledNew asks s about the root of a new trace, a request.
func sampledNew(s sdktrace.Sampler, id trace.TraceID) bool {
	return s.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: id, Kind: trace.SpanKindServer}).
		Decision == sdktrace.RecordAndSample
}

func TestSamplesAllAgainAfterAPeak(t *testing.T) {
	for name, pause := range map[string]time.Duration{"a second later": time.Second, "an hour later": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := NewRateLimitingSampler(10)
				root := func() bool { return sampled(s, trace.SpanKindServer, trace.SpanContext{}) }
				inSecond(1000, root)
				time.Sleep(pause)
				if n := inSecond(10, root); n != 10 {
					t.Errorf("%d of 10", n)
				}
			})
		})
	}
}

// A group commit has a new id of its own, which may be high, but it is as much a part of
// the requests it serves as their other spans.
func TestABatchIsSampledWithItsRequestAndTakesPartOfTheCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewRateLimitingSampler(200)
		requests, batches := 0, 0
		for second := range 20 {
			n := inSecond(1000, func() bool {
				request := trace.SpanContextFromContext(remote(0)).WithRemote(false)
				if !sampledNew(s, request.TraceID()) {
					return false
				}
				requests++
				batch := s.ShouldSample(sdktrace.SamplingParameters{ParentContext: context.Background(), TraceID: randomID(),
					Links: []trace.Link{{SpanContext: request.WithTraceFlags(trace.FlagsSampled)}}}).Decision
				if batch == sdktrace.RecordAndSample {
					batches++
				}
				return true
			})
			if second > 0 && n > 40 {
				t.Errorf("second %d: %d requests are sampled beside as many batches, want at most 40", second, n)
			}
		}
		if batches < requests*9/10 {
			t.Errorf("%d of %d batches are sampled", batches, requests)
		}
	})
}
