package telemetry

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

// pipeline is a pipe whose agent answers as the test says.
type pipeline struct {
	*spanPipe
	t      *testing.T
	out    bytes.Buffer
	reader *sdkmetric.ManualReader

	mu    sync.Mutex
	tried []time.Time          // each attempt
	got   map[trace.SpanID]int // how often the agent took each span
}

// start starts one. say is asked what the agent answers to the nth attempt, from
// 1; it is given the spans of it.
func start(t *testing.T, say func(n int, spans []trace.SpanID) answer) *pipeline {
	p := &pipeline{t: t, reader: sdkmetric.NewManualReader(), got: map[trace.SpanID]int{}}
	logger := slog.New(slog.NewJSONHandler(&p.out, nil))
	metrics := newSpanMetrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(p.reader)))
	p.spanPipe = newSpanPipe(func(ctx context.Context, body []byte) answer {
		ids := idsOf(t, body)
		p.mu.Lock()
		p.tried = append(p.tried, time.Now())
		n := len(p.tried)
		p.mu.Unlock()
		a := say(n, ids)
		if errors.Is(a.err, errHangs) {
			<-ctx.Done()
			return answer{err: ctx.Err()}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, id := range ids {
			if a.err == nil {
				p.got[id]++
			}
		}
		return a
	}, logger, metrics)
	return p
}

var errHangs = errors.New("the agent does not answer")

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

// end ends so many spans, numbered from first.
func (p *pipeline) end(first, n int) {
	for i := range n {
		p.OnEnd(numbered(first + i))
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

// taken is how many different spans the agent has.
func (p *pipeline) taken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

// counts are what the metrics say: of each counter, the spans that are well and
// those that are not, by error.type.
func (p *pipeline) counts() map[string]int64 {
	p.t.Helper()
	var all metricdata.ResourceMetrics
	if err := p.reader.Collect(context.Background(), &all); err != nil {
		p.t.Fatal(err)
	}
	counts := map[string]int64{}
	for _, m := range all.ScopeMetrics[0].Metrics {
		for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
			why, _ := point.Attributes.Value(names.ErrorType)
			counts[m.Name+" "+why.AsString()] += point.Value
		}
	}
	return counts
}

// said is jari.count of each line about lost spans.
func (p *pipeline) said() (counts []int) {
	p.t.Helper()
	for line := range bytes.Lines(p.out.Bytes()) {
		var l struct {
			Event string `json:"event.name"`
			Count int    `json:"jari.count"`
			Cause string `json:"exception.message"`
		}
		if err := json.Unmarshal(line, &l); err != nil || l.Event != names.EventSpansDropped || l.Cause == "" {
			p.t.Fatalf("%v: %s", err, line)
		}
		counts = append(counts, l.Count)
	}
	return counts
}

func always(a answer) func(int, []trace.SpanID) answer {
	return func(int, []trace.SpanID) answer { return a }
}

func TestSpansLeaveTogetherAndSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		var mu sync.Mutex
		p := start(t, func(_ int, spans []trace.SpanID) answer {
			mu.Lock()
			defer mu.Unlock()
			sizes = append(sizes, len(spans))
			return answer{}
		})
		p.end(0, 2*spanBatch+5)
		synctest.Wait()
		mu.Lock()
		if fmt.Sprint(sizes) != fmt.Sprint([]int{spanBatch, spanBatch}) {
			t.Errorf("at once left %v, want two whole batches", sizes)
		}
		mu.Unlock()
		time.Sleep(spanDelay)
		synctest.Wait()
		if p.taken() != 2*spanBatch+5 {
			t.Errorf("%d spans after %v", p.taken(), spanDelay)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if got := p.counts(); got[names.MetricSpansProcessed+" "] != 261 || got[names.MetricSpansExported+" "] != 261 || got[names.MetricSpansQueued+" "] != 0 {
			t.Errorf("counted %v", got)
		}
	})
}

// The agent is away for five minutes, which the SDK's batcher would not survive.
func TestAnOutageOfMinutesLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const outage, perSecond = 300, 100
		began := time.Now()
		p := start(t, func(int, []trace.SpanID) answer {
			if time.Since(began) < outage*time.Second {
				return answer{err: errLater}
			}
			return answer{}
		})
		for second := range outage {
			p.end(second*perSecond, perSecond)
			time.Sleep(time.Second)
		}
		if got := p.counts()[names.MetricSpansQueued+" "]; got != outage*perSecond {
			t.Errorf("%d spans wait", got)
		}
		time.Sleep(longPause)
		synctest.Wait()
		if p.taken() != outage*perSecond {
			t.Errorf("the agent has %d of %d", p.taken(), outage*perSecond)
		}
		for id, n := range p.got {
			if n != 1 {
				t.Fatalf("%v was taken %d times", id, n)
			}
		}
		if said := p.said(); len(said) != 0 {
			t.Errorf("lost %v", said)
		}
		for i, at := range p.tried[1:40] {
			gap, most := at.Sub(p.tried[i]), min(firstPause<<min(i, 10), longPause)
			if gap < most/2 || gap > most {
				t.Errorf("the pause before attempt %d was %v, want %v to %v", i+2, gap, most/2, most)
			}
		}
		spread := map[time.Duration]bool{}
		for i := range 20 {
			spread[p.tried[i+11].Sub(p.tried[i+10])] = true
		}
		if len(spread) < 15 {
			t.Errorf("only %d different pauses of 20", len(spread))
		}
		_ = p.Shutdown(t.Context())
	})
}

func TestAnAgentThatAsksForTimeGetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, func(n int, _ []trace.SpanID) answer {
			if n == 1 {
				return answer{err: errLater, after: 7 * time.Second}
			}
			return answer{}
		})
		p.end(0, spanBatch)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if gap := p.tried[1].Sub(p.tried[0]); gap < 7*time.Second || gap > 7*time.Second+firstPause {
			t.Errorf("it was left alone for %v", gap)
		}
		_ = p.Shutdown(t.Context())
	})
}

func TestABatchThatIsNeverTakenHoldsUpNoOther(t *testing.T) {
	poison := spanID(3)
	for sentence, c := range map[string]struct {
		says     error
		rejected int64
		count    string
		lost     int64
	}{
		"it is called bad":                    {errBad, 0, names.MetricSpansExported + " rejected", spanBatch},
		"some of it is refused":               {nil, 3, names.MetricSpansExported + " rejected", 3},
		"it makes the agent fail, every time": {errLater, 0, names.MetricSpansExported + " shutdown", spanBatch},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := start(t, func(_ int, spans []trace.SpanID) answer {
					for _, id := range spans {
						if id == poison {
							return answer{err: c.says, rejected: c.rejected}
						}
					}
					return answer{}
				})
				p.end(0, 10*spanBatch)
				time.Sleep(time.Minute)
				if p.taken() < 9*spanBatch {
					t.Errorf("the agent has %d of %d others", p.taken(), 9*spanBatch)
				}
				_ = p.Shutdown(t.Context())
				if got := p.counts(); got[c.count] != c.lost || got[names.MetricSpansExported+" "] != 10*spanBatch-c.lost {
					t.Errorf("counted %v", got)
				}
				if said := p.said(); fmt.Sprint(said) != fmt.Sprint([]int{int(c.lost)}) {
					t.Errorf("said %v", said)
				}
			})
		})
	}
}

func TestWhatDoesNotFitIsCountedAndSaidOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away atomic.Bool
		away.Store(true)
		p := start(t, func(int, []trace.SpanID) answer {
			if away.Load() {
				return answer{err: errLater}
			}
			return answer{}
		})
		p.budget = 8 << 10
		const n, rounds = 300, 150
		for i := range rounds { // one a second
			p.end(i*n, n)
			time.Sleep(time.Second)
		}
		p.mu.Lock()
		bytes := p.bytes
		p.mu.Unlock()
		if bytes < p.budget || bytes > p.budget+8<<10 {
			t.Errorf("the queue holds %d bytes, want its %d and no more than a batch above", bytes, p.budget)
		}
		away.Store(false)
		time.Sleep(time.Minute)
		before := p.taken()
		p.end(rounds*n, n)
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if p.taken() != before+n {
			t.Error("there is no room although the agent took what waited")
		}
		lost := n*(rounds+1) - p.taken()
		if got := p.counts()[names.MetricSpansProcessed+" queue_full"]; got != int64(lost) || lost == 0 || p.taken() == 0 {
			t.Errorf("%d were lost, %d counted, %d taken", lost, got, p.taken())
		}
		said, sum := p.said(), 0
		for _, n := range said {
			sum += n
		}
		if len(said) != 4 || sum != lost { // at the start, and after one, two and three minutes
			t.Errorf("of %d that were lost said %v", lost, said)
		}
	})
}

func TestNobodyWaitsForAnAgentThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, always(answer{err: errHangs}))
		p.end(0, 3*freshMost) // would be a deadlock
		synctest.Wait()
		got := p.counts()
		if n := got[names.MetricSpansQueued+" "]; n < freshMost || n > 3*freshMost {
			t.Errorf("%v wait", got)
		}
		began := time.Now()
		if err := p.Shutdown(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if took := time.Since(began); took != flushLimit {
			t.Errorf("the shutdown took %v", took)
		}
		p.end(0, 1) // comes too late, and nobody minds
		got = p.counts()
		if lost := got[names.MetricSpansExported+" shutdown"] + got[names.MetricSpansProcessed+" queue_full"]; lost != 3*freshMost {
			t.Errorf("%d were lost of %d: %v", lost, 3*freshMost, got)
		}
		if said := p.said(); len(said) != 1 || said[0] != 3*freshMost {
			t.Errorf("said %v", said)
		}
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestASpanThatEndsDuringTheEndIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, always(answer{err: errHangs}))
		p.end(0, 5)
		go func() {
			time.Sleep(flushLimit / 2)
			p.end(5, 2)
		}()
		_ = p.Shutdown(t.Context())
		if got := p.counts()[names.MetricSpansExported+" shutdown"]; got != 7 {
			t.Errorf("%d of 7 are counted", got)
		}
	})
}

func TestTheEndWaitsForAnAgentThatComesBackInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		p := start(t, func(int, []trace.SpanID) answer {
			if time.Since(began) < 10*time.Minute+time.Second {
				return answer{err: errLater}
			}
			return answer{}
		})
		p.end(0, 1000)
		time.Sleep(10*time.Minute - time.Second) // its pauses are long by now
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if p.taken() != 1000 {
			t.Errorf("the agent has %d", p.taken())
		}
	})
}

func TestTheEndDoesNotWaitUntilAPauseIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, func(n int, _ []trace.SpanID) answer {
			if n == 1 {
				return answer{err: errLater, after: time.Minute}
			}
			return answer{}
		})
		p.end(0, spanBatch)
		time.Sleep(time.Second)
		if err := p.Shutdown(t.Context()); err != nil || p.taken() != spanBatch {
			t.Errorf("%v, and the agent has %d", err, p.taken())
		}
	})
}

func TestTheEndSaysWhatNobodyHeardOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, always(answer{err: errBad}))
		p.end(0, 5)
		time.Sleep(time.Second)
		p.end(5, 7)
		if err := p.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if said := p.said(); fmt.Sprint(said) != "[5 7]" {
			t.Errorf("said %v", said)
		}
	})
}

func TestSpansThatAreNotEncodedAreBounded(t *testing.T) {
	p := &spanPipe{full: make(chan struct{}, 1)} // in which nobody encodes
	for range freshMost + 5 {
		p.OnEnd(numbered(0))
	}
	if len(p.fresh) != freshMost || p.lost.full != 5 {
		t.Errorf("%d wait, %d are lost", len(p.fresh), p.lost.full)
	}
}

func TestForceFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var away, slow atomic.Bool
		p := start(t, func(int, []trace.SpanID) answer {
			if slow.Load() {
				time.Sleep(70 * time.Millisecond) // longer than a batch takes to gather
			}
			if away.Load() {
				return answer{err: errLater}
			}
			return answer{}
		})
		if err := p.ForceFlush(t.Context()); err != nil {
			t.Errorf("of nothing: %v", err)
		}
		began := time.Now()
		p.end(0, 300)
		if err := p.ForceFlush(t.Context()); err != nil || p.taken() != 300 || time.Since(began) != 0 {
			t.Errorf("%v, and the agent has %d after %v", err, p.taken(), time.Since(began))
		}
		away.Store(true)
		p.end(300, 300)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.ForceFlush(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with the agent away: %v", err)
		}
		go func() { // it never ends, and need not
			for i := range 100 {
				p.end(600+100*i, 100)
				time.Sleep(50 * time.Millisecond)
			}
		}()
		time.Sleep(time.Second)
		slow.Store(true)
		away.Store(false)
		if err := p.ForceFlush(t.Context()); err != nil || p.taken() < 2600 || p.taken() > 3000+spanBatch {
			t.Errorf("beside others that end: %v, and the agent has %d", err, p.taken())
		}
		time.Sleep(time.Minute)
		_ = p.Shutdown(t.Context())
	})
}
