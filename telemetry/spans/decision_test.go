package spans

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// load is what one route gets in each second of a storm.
type load struct{ failed, slow, good int }

// storm sends the load of all routes at once, from many goroutines, and returns how many
// traces of each cause were kept in each second.
func storm(d *Decider, routes []load, seconds int) []map[cause]int {
	var kept []map[cause]int
	for range seconds {
		second, mu := map[cause]int{}, sync.Mutex{}
		var all sync.WaitGroup
		for i, l := range routes {
			root := fmt.Sprint("GET /v1/", i)
			for n := range l.failed + l.slow + l.good {
				failed, took := n < l.failed, time.Millisecond
				if n < l.failed+l.slow && (!failed || n%2 == 0) {
					took = slowTrace
				}
				all.Go(func() {
					time.Sleep(rand.N(time.Second - 1))
					if d.keep(randomID(), root, failed, took) {
						mu.Lock()
						defer mu.Unlock()
						second[cause{root, failed}]++
					}
				})
			}
		}
		all.Wait()
		kept = append(kept, second)
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	}
	return kept
}

// Whatever the other routes do, a route keeps all that failed up to the ceiling, and all
// that was slow up to the ceiling; never more, and nothing that was neither.
func TestEachRouteKeepsItsOwnFailedAndSlowTraces(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 2))
				few := func() int { return random.IntN(tailCeiling + 1) }
				routes := []load{{random.IntN(500), random.IntN(500), random.IntN(100)}} // the first one floods
				for range 1 + random.IntN(5) {
					routes = append(routes, load{few(), few(), few()})
				}
				for second, kept := range storm(NewDecider(), routes, 3) {
					for i, l := range routes {
						for _, c := range []struct {
							cause
							n int
						}{{cause{fmt.Sprint("GET /v1/", i), true}, l.failed}, {cause{fmt.Sprint("GET /v1/", i), false}, l.slow}} {
							if got := kept[c.cause]; got > min(c.n, tailCeiling) || c.n <= tailCeiling && got != c.n {
								t.Errorf("second %d: %d of %d were kept: %+v", second, got, c.n, c.cause)
							}
						}
					}
				}
			})
		})
	}
}

// The flood goes on for long enough that its share, and not only its first ten, is seen.
func TestAFloodIsSampledThroughoutEachSecond(t *testing.T) {
	const seconds = 600 // with 60 of them, chance alone kept less than 30 % late in one run of 130
	synctest.Test(t, func(t *testing.T) {
		d, late, all := NewDecider(), 0, 0
		for second := range seconds {
			for i := range 200 {
				if d.keep(randomID(), "GET /v1/x", true, 0) && second > 0 {
					all++
					if i >= 100 {
						late++
					}
				}
				time.Sleep(time.Second / 200)
			}
		}
		if all < seconds*tailCeiling*7/10 || late < all*3/10 {
			t.Errorf("%d were kept, %d of them in the second half of a second", all, late)
		}
	})
}

// Gateway and service decide on their own, each on its part of the same trace. The
// head sampler has taken the traces with low ids from both.
func TestGatewayAndServiceKeepTheSameSlowTraces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gateway, service, head := NewDecider(), NewDecider(), NewRateLimitingSampler(200)
		both, either := 0, 0
		for second := range 60 {
			inSecond(700, func() bool {
				id := randomID()
				if sampledNew(head, id) {
					return false
				}
				inner := rand.N(10) > 0 && service.keep(id, "POST /v1/x", false, slowTrace) // a tenth was only slow in the gateway
				outer := gateway.keep(id, "POST /v1/x", false, slowTrace)
				if second > 0 && outer {
					either++
					if inner {
						both++
					}
				}
				return true
			})
		}
		if either < 59*tailCeiling*7/10 || both < either*8/10 {
			t.Errorf("the gateway kept %d traces, and the service %d of them", either, both)
		}
	})
}

func TestKeepsNoMoreFailedTracesThanTheLineOfARequestSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{}))
		tracer, tail := newTracer(q, 0)
		tail.decider = NewDecider()
		said := 0
		for range 5 {
			inSecond(100, func() bool {
				ctx, root := tracer.Start(context.Background(), "GET /v1/x", trace.WithSpanKind(trace.SpanKindServer))
				_, child := tracer.Start(ctx, "child")
				child.End()
				root.SetStatus(codes.Error, "")
				kept := tail.decider.Decide(root, "GET /v1/x", true, 0)
				if kept {
					said++
				}
				root.End()
				return kept
			})
		}
		_ = tail.Shutdown(t.Context())
		if q.received() != 2*said || said < tailCeiling || said > 5*tailCeiling {
			t.Errorf("the lines say that %d traces are kept, and %d spans were received", said, q.received())
		}
	})
}

// Roots that no request has: deliveries, mails, jobs. Each job counts for itself.
func TestFailedJobsAndDeliveriesHaveCeilingsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{}))
		tracer, tail := newTracer(q, 0)
		tail.decider = NewDecider()
		fail := func(name string, attrs ...attribute.KeyValue) {
			_, root := tracer.Start(context.Background(), name, trace.WithAttributes(attrs...))
			root.SetStatus(codes.Error, "")
			root.End()
		}
		for range 100 {
			fail(names.SpanMail)
			fail(names.SpanJob, attribute.String(names.Job, "slots.audit"))
		}
		fail(names.SpanJob, attribute.String(names.Job, "mail.sweep"))
		_ = tail.Shutdown(t.Context())
		if q.received() != 2*tailCeiling+1 {
			t.Errorf("%d spans were received, want %d", q.received(), 2*tailCeiling+1)
		}
	})
}

func TestAPollAboveTheCeilingIsKeptOnlyIfItFailedOrWasSlow(t *testing.T) {
	for name, c := range map[string]struct {
		limit           int
		changed, failed bool
		took            time.Duration
		kept            bool
	}{
		"changed, below the ceiling": {-1, true, false, 0, true},
		"changed, above it":          {0, true, false, 0, false},
		"failed, above it":           {0, false, true, 0, true},
		"slow, above it":             {0, false, false, slowTrace, true},
		"nothing, above it":          {0, false, false, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := start(t, always(result{}))
				tracer, tail := newTracer(q, c.limit)
				_, root := tracer.Start(context.Background(), names.SpanJob, trace.WithAttributes(Held))
				NewDecider().DecideHeld(root, "poll", c.changed, c.failed, c.took)
				root.End()
				_ = tail.Shutdown(t.Context())
				if got := q.received() == 1; got != c.kept {
					t.Errorf("kept: %t", got)
				}
			})
		})
	}
}
