package spans

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

// testQueue is a queue with a simulated agent.
type testQueue struct {
	*queue
	t      *testing.T
	out    bytes.Buffer
	reader *sdkmetric.ManualReader

	mu       sync.Mutex
	attempts []time.Time          // when each export began
	got      map[trace.SpanID]int // how often the agent accepted each span
}

// start starts a testQueue. respond returns the agent's result of the nth attempt,
// from 1, which carries spans.
func start(t *testing.T, respond func(n int, spans []trace.SpanID) result) *testQueue {
	q := &testQueue{t: t, reader: sdkmetric.NewManualReader(), got: map[trace.SpanID]int{}}
	logger := slog.New(slog.NewJSONHandler(&q.out, nil))
	metrics := newMetrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(q.reader)))
	q.queue = newQueue(func(ctx context.Context, body []byte) result {
		ids := idsOf(t, body)
		q.mu.Lock()
		q.attempts = append(q.attempts, time.Now())
		n := len(q.attempts)
		q.mu.Unlock()
		r := respond(n, ids)
		if errors.Is(r.err, errHangs) {
			<-ctx.Done()
			return result{err: ctx.Err()}
		}
		q.mu.Lock()
		defer q.mu.Unlock()
		for _, id := range ids {
			if r.err == nil {
				q.got[id]++
			}
		}
		return r
	}, logger, metrics)
	return q
}

var errHangs = errors.New("the agent does not respond")

func idsOf(t *testing.T, body []byte) (ids []trace.SpanID) {
	var request struct {
		ResourceSpans []struct {
			ScopeSpans []struct{ Spans []struct{ SpanID string } }
		}
	}
	unzip(t, body, &request)
	for _, r := range request.ResourceSpans {
		for _, scope := range r.ScopeSpans {
			for _, s := range scope.Spans {
				id, err := trace.SpanIDFromHex(s.SpanID)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// end ends n spans, numbered from first.
func (q *testQueue) end(first, n int) {
	for i := range n {
		q.OnEnd(numbered(first + i))
	}
}

func numbered(n int) sdktrace.ReadOnlySpan {
	return tracetest.SpanStub{
		Name: "span", StartTime: time.Now(), EndTime: time.Now(),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{1}, SpanID: spanID(n), TraceFlags: trace.FlagsSampled}),
	}.Snapshot()
}

func spanID(n int) trace.SpanID { return trace.SpanID{byte(n >> 16), byte(n >> 8), byte(n), 7: 1} }

// received is the number of distinct spans that the agent has accepted.
func (q *testQueue) received() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.got)
}

// counts returns the counters, by name and error.type; "name " counts successes.
func (q *testQueue) counts() map[string]int64 {
	q.t.Helper()
	var all metricdata.ResourceMetrics
	if err := q.reader.Collect(context.Background(), &all); err != nil {
		q.t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
			errorType, _ := point.Attributes.Value(names.ErrorType)
			counts[m.Name+" "+errorType.AsString()] += point.Value
		}
	}
	return counts
}

// loggedDrops returns jari.count of each log line about dropped spans.
func (q *testQueue) loggedDrops() (counts []int) {
	q.t.Helper()
	for line := range bytes.Lines(q.out.Bytes()) {
		var l struct {
			Event string `json:"event.name"`
			Count int    `json:"jari.count"`
			Cause string `json:"exception.message"`
		}
		if err := json.Unmarshal(line, &l); err != nil || l.Event != names.EventSpansDropped || l.Cause == "" {
			q.t.Fatalf("%v: %s", err, line)
		}
		counts = append(counts, l.Count)
	}
	return counts
}

func always(r result) func(int, []trace.SpanID) result {
	return func(int, []trace.SpanID) result { return r }
}

func TestSendsWholeBatchesAtOnceAndTheRestAfterADelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		var mu sync.Mutex
		q := start(t, func(_ int, spans []trace.SpanID) result {
			mu.Lock()
			defer mu.Unlock()
			sizes = append(sizes, len(spans))
			return result{}
		})
		q.end(0, 2*batchSize+5)
		synctest.Wait()
		mu.Lock()
		if fmt.Sprint(sizes) != fmt.Sprint([]int{batchSize, batchSize}) {
			t.Errorf("sent %v at once, want two whole batches", sizes)
		}
		mu.Unlock()
		time.Sleep(batchDelay)
		synctest.Wait()
		if q.received() != 2*batchSize+5 {
			t.Errorf("%d spans after %v", q.received(), batchDelay)
		}
		if err := q.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		got := q.counts()
		if got[names.MetricSpansProcessed+" "] != 261 || got[names.MetricSpansExported+" "] != 261 ||
			got[names.MetricSpansQueued+" "] != 0 {
			t.Errorf("counted %v", got)
		}
	})
}

// The SDK's batch processor would lose most of these spans.
func TestLosesNothingInAnAgentOutageOfFiveMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const outage, perSecond = 300, 100
		began := time.Now()
		q := start(t, func(int, []trace.SpanID) result {
			if time.Since(began) < outage*time.Second {
				return result{err: errTemporary}
			}
			return result{}
		})
		for second := range outage {
			q.end(second*perSecond, perSecond)
			time.Sleep(time.Second)
		}
		if got := q.counts()[names.MetricSpansQueued+" "]; got != outage*perSecond {
			t.Errorf("%d spans wait", got)
		}
		time.Sleep(maxBackoff)
		synctest.Wait()
		if q.received() != outage*perSecond {
			t.Errorf("the agent has %d of %d", q.received(), outage*perSecond)
		}
		for id, n := range q.got {
			if n != 1 {
				t.Fatalf("%v was accepted %d times", id, n)
			}
		}
		if logged := q.loggedDrops(); len(logged) != 0 {
			t.Errorf("logged drops %v", logged)
		}
		for i, at := range q.attempts[1:40] {
			gap, limit := at.Sub(q.attempts[i]), min(minBackoff<<min(i, 10), maxBackoff)
			if gap < limit/2 || gap > limit {
				t.Errorf("the backoff before attempt %d was %v, want %v to %v", i+2, gap, limit/2, limit)
			}
		}
		distinct := map[time.Duration]bool{}
		for i := range 20 {
			distinct[q.attempts[i+11].Sub(q.attempts[i+10])] = true
		}
		if len(distinct) < 15 {
			t.Errorf("only %d of 20 backoffs differ", len(distinct))
		}
		_ = q.Shutdown(t.Context())
	})
}

func TestWaitsForRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, func(n int, _ []trace.SpanID) result {
			if n == 1 {
				return result{err: errTemporary, retryAfter: 7 * time.Second}
			}
			return result{}
		})
		q.end(0, batchSize)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if gap := q.attempts[1].Sub(q.attempts[0]); gap < 7*time.Second || gap > 7*time.Second+minBackoff {
			t.Errorf("the next attempt came after %v", gap)
		}
		_ = q.Shutdown(t.Context())
	})
}

func TestABatchThatIsNeverAcceptedDoesNotBlockOthers(t *testing.T) {
	poison := spanID(3)
	for name, c := range map[string]struct {
		err      error
		rejected int64
		counter  string
		dropped  int64
	}{
		"the agent rejects it":             {errPermanent, 0, names.MetricSpansExported + " rejected", batchSize},
		"the agent rejects some of it":     {nil, 3, names.MetricSpansExported + " rejected", 3},
		"the agent fails on every attempt": {errTemporary, 0, names.MetricSpansExported + " shutdown", batchSize},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := start(t, func(_ int, spans []trace.SpanID) result {
					for _, id := range spans {
						if id == poison {
							return result{err: c.err, rejected: c.rejected}
						}
					}
					return result{}
				})
				q.end(0, 10*batchSize)
				time.Sleep(time.Minute)
				if q.received() < 9*batchSize {
					t.Errorf("the agent has %d of %d other spans", q.received(), 9*batchSize)
				}
				_ = q.Shutdown(t.Context())
				if got := q.counts(); got[c.counter] != c.dropped || got[names.MetricSpansExported+" "] != 10*batchSize-c.dropped {
					t.Errorf("counted %v", got)
				}
				if logged := q.loggedDrops(); fmt.Sprint(logged) != fmt.Sprint([]int{int(c.dropped)}) {
					t.Errorf("logged drops %v", logged)
				}
			})
		})
	}
}

func TestCountsDroppedSpansAndLogsThemOncePerMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var unreachable atomic.Bool
		unreachable.Store(true)
		q := start(t, func(int, []trace.SpanID) result {
			if unreachable.Load() {
				return result{err: errTemporary}
			}
			return result{}
		})
		q.maxBytes = 8 << 10
		const n, rounds = 300, 150
		for i := range rounds { // one per second
			q.end(i*n, n)
			time.Sleep(time.Second)
		}
		q.queue.mu.Lock()
		bytes := q.bytes
		q.queue.mu.Unlock()
		if bytes < q.maxBytes || bytes > q.maxBytes+8<<10 {
			t.Errorf("the queue holds %d bytes, want %d and at most one batch more", bytes, q.maxBytes)
		}
		unreachable.Store(false)
		time.Sleep(time.Minute)
		before := q.received()
		q.end(rounds*n, n)
		if err := q.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if q.received() != before+n {
			t.Error("there is no room although the agent has accepted all batches")
		}
		dropped := n*(rounds+1) - q.received()
		if got := q.counts()[names.MetricSpansProcessed+" queue_full"]; got != int64(dropped) || dropped == 0 || q.received() == 0 {
			t.Errorf("%d were dropped, %d counted, %d received", dropped, got, q.received())
		}
		logged, sum := q.loggedDrops(), 0
		for _, n := range logged {
			sum += n
		}
		if len(logged) != 4 || sum != dropped { // at the start, and after one, two and three minutes
			t.Errorf("%d were dropped, logged %v", dropped, logged)
		}
	})
}

func TestDoesNotBlockWhenTheAgentHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := start(t, always(result{err: errHangs}))
		q.end(0, 3*maxUnencoded) // would be a deadlock
		synctest.Wait()
		got := q.counts()
		if n := got[names.MetricSpansQueued+" "]; n < maxUnencoded || n > 3*maxUnencoded {
			t.Errorf("%v wait", got)
		}
		began := time.Now()
		if err := q.Shutdown(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if took := time.Since(began); took != shutdownTimeout {
			t.Errorf("the shutdown took %v", took)
		}
		q.end(0, 1) // after the shutdown: ignored
		got = q.counts()
		if dropped := got[names.MetricSpansExported+" shutdown"] + got[names.MetricSpansProcessed+" queue_full"]; dropped != 3*maxUnencoded {
			t.Errorf("%d of %d are counted as dropped: %v", dropped, 3*maxUnencoded, got)
		}
		if logged := q.loggedDrops(); len(logged) != 1 || logged[0] != 3*maxUnencoded {
			t.Errorf("logged drops %v", logged)
		}
		if err := q.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestLimitsUnencodedSpans(t *testing.T) {
	q := &queue{batchReady: make(chan struct{}, 1)} // without an encoder
	for range maxUnencoded + 5 {
		q.OnEnd(numbered(0))
	}
	if len(q.unencoded) != maxUnencoded || q.dropped.queueFull != 5 {
		t.Errorf("%d wait, %d are dropped", len(q.unencoded), q.dropped.queueFull)
	}
}
