package spans

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

func TestCountsSpansThatEndDuringShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{err: errHangs}))
		q.end(0, 5)
		go func() {
			time.Sleep(shutdownTimeout / 2)
			q.end(5, 2)
		}()
		_ = q.Shutdown(t.Context())
		if got := q.counts()[names.MetricSpansExported+" shutdown"]; got != 7 {
			t.Errorf("%d of 7 are counted", got)
		}
	})
}

func TestShutdownWaitsForAnAgentThatRecoversInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		q := start(t, func(int, []trace.SpanID) result {
			if time.Since(began) < 10*time.Minute+time.Second {
				return result{err: errTemporary}
			}
			return result{}
		})
		q.end(0, 1000)
		time.Sleep(10*time.Minute - time.Second) // the backoff has reached its maximum
		if err := q.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if q.received() != 1000 {
			t.Errorf("the agent has %d", q.received())
		}
	})
}

func TestShutdownEndsTheCurrentBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, func(n int, _ []trace.SpanID) result {
			if n == 1 {
				return result{err: errTemporary, retryAfter: time.Minute}
			}
			return result{}
		})
		q.end(0, batchSize)
		time.Sleep(time.Second)
		if err := q.Shutdown(t.Context()); err != nil || q.received() != batchSize {
			t.Errorf("%v, and the agent has %d", err, q.received())
		}
	})
}

func TestShutdownLogsDropsThatWereNotLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{err: errPermanent}))
		q.end(0, 5)
		time.Sleep(time.Second)
		q.end(5, 7)
		if err := q.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if logged := q.loggedDrops(); fmt.Sprint(logged) != "[5 7]" {
			t.Errorf("logged drops %v", logged)
		}
	})
}

func TestForceFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var unreachable, slow atomic.Bool
		q := start(t, func(int, []trace.SpanID) result {
			if slow.Load() {
				time.Sleep(70 * time.Millisecond) // longer than it takes to fill a batch
			}
			if unreachable.Load() {
				return result{err: errTemporary}
			}
			return result{}
		})
		if err := q.ForceFlush(t.Context()); err != nil {
			t.Errorf("with an empty queue: %v", err)
		}
		began := time.Now()
		q.end(0, 300)
		if err := q.ForceFlush(t.Context()); err != nil || q.received() != 300 || time.Since(began) != 0 {
			t.Errorf("%v, and the agent has %d after %v", err, q.received(), time.Since(began))
		}
		unreachable.Store(true)
		q.end(300, 300)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.ForceFlush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with an unreachable agent: %v", err)
		}
		go func() { // keeps ending spans, for which the flush must not wait
			for i := range 100 {
				q.end(600+100*i, 100)
				time.Sleep(50 * time.Millisecond)
			}
		}()
		time.Sleep(time.Second)
		slow.Store(true)
		unreachable.Store(false)
		if err := q.ForceFlush(t.Context()); err != nil || q.received() < 2600 || q.received() > 3000+batchSize {
			t.Errorf("while other spans end: %v, and the agent has %d", err, q.received())
		}
		time.Sleep(time.Minute)
		_ = q.Shutdown(t.Context())
	})
}
