package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// How spans leave the process.
const (
	spanBatch  = 128                    // spans sent together
	spanDelay  = 200 * time.Millisecond // how long a span may wait for company
	freshMost  = 16384                  // spans that wait to be encoded, which takes milliseconds
	queueBytes = 32 << 20               // of encoded batches that wait for the agent
	flushLimit = 3 * time.Second        // how long the end may take
	firstPause = 100 * time.Millisecond // after a failure; twice as long after each other one
	longPause  = 5 * time.Second
	lastPause  = 250 * time.Millisecond // while the process ends
	sayEvery   = time.Minute            // about lost spans
)

// spanPipe carries ended spans to the agent, in place of the SDK's batcher,
// which holds a few thousand spans and gives up on a connection that is refused.
//
//	OnEnd ─► fresh spans ─► encode ─► batches, as gzipped OTLP/JSON ─► send
//
// A request never waits: OnEnd appends to a list. Spans are encoded at once, not
// when the agent has time, because encoded they take a twelfth of the memory (91
// bytes for 1.1 kB, measured) and nothing of the collector's time. So queueBytes
// hold 360,000 spans: a minute of a thousand requests a second with six spans
// each, several at the usual ceiling. It is not more, because a heap that may grow
// to five times what lives pays fivefold for what waits.
//
// A batch stays in the queue until the agent has taken it or called it bad,
// however often it must be sent; what no longer fits is lost, counted and said.
type spanPipe struct {
	post    func(context.Context, []byte) answer
	logger  *slog.Logger
	metrics spanMetrics
	budget  int // bytes of the queue, which may be exceeded by one batch

	encoding spanEncoder
	full     chan struct{} // there are fresh spans for a whole batch
	flush    chan struct{} // encode what is there
	filled   chan struct{} // there is a batch to send
	hurry    chan struct{} // cuts a pause short
	closing  chan struct{} // closed by Shutdown
	running  sync.WaitGroup
	ctx      context.Context // of attempts
	abort    context.CancelFunc
	said     *throttle
	unsaid   losses // the encoder's, then Shutdown's

	mu      sync.Mutex
	closed  bool
	fresh   []sdktrace.ReadOnlySpan
	ended   int64         // spans that were ever fresh
	encoded int64         // of them, those that are not any more
	queue   []batch       // the first may be under way
	bytes   int           // that the queue holds
	spans   int64         // in it
	settled chan struct{} // closed when the queue or the fresh change, if anyone waits
	lost    losses
}

// batch is what one request carries.
type batch struct {
	body  []byte
	spans int64
	first int64 // the number of its first span
}

func newSpanPipe(post func(context.Context, []byte) answer, logger *slog.Logger, m spanMetrics) *spanPipe {
	p := &spanPipe{
		post: post, logger: logger, metrics: m, budget: queueBytes,
		full: make(chan struct{}, 1), flush: make(chan struct{}, 1), filled: make(chan struct{}, 1),
		hurry: make(chan struct{}, 1), closing: make(chan struct{}), said: newThrottle(sayEvery),
	}
	m.watch(func() int64 {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.spans + p.ended - p.encoded
	})
	p.ctx, p.abort = context.WithCancel(context.Background())
	p.running.Go(p.encode)
	p.running.Go(p.send)
	return p
}

// ring rings a bell of capacity one; who has not heard the last one hears both.
func ring(bell chan<- struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// OnStart implements sdktrace.SpanProcessor.
func (*spanPipe) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd takes a span that has ended. It never waits for anything slow.
func (p *spanPipe) OnEnd(s sdktrace.ReadOnlySpan) {
	p.mu.Lock()
	if p.closed || len(p.fresh) >= freshMost {
		if p.closed {
			p.lost.left++
		} else {
			p.lost.full++
		}
		p.mu.Unlock()
		return
	}
	p.fresh = append(p.fresh, s)
	p.ended++
	whole := len(p.fresh)%spanBatch == 0
	p.mu.Unlock()
	if whole {
		ring(p.full)
	}
}

// lose counts spans for which there was no room before they came here.
func (p *spanPipe) lose(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost.full += n
}

// encode makes batches of fresh spans until the pipe is closed.
func (p *spanPipe) encode() {
	tick := time.NewTicker(spanDelay)
	defer tick.Stop()
	var spare []sdktrace.ReadOnlySpan
	for {
		least := 1
		select {
		case <-p.full:
			least = spanBatch
		case <-p.flush:
		case <-tick.C:
			p.report(false)
		case <-p.closing:
			p.encodeFresh(spare, 1)
			return
		}
		spare = p.encodeFresh(spare, least)
	}
}

// encodeFresh queues what is fresh as batches of at least so many spans, and
// returns the list that held them, to be filled again.
func (p *spanPipe) encodeFresh(spare []sdktrace.ReadOnlySpan, least int) []sdktrace.ReadOnlySpan {
	p.mu.Lock()
	taken := p.fresh
	n := len(taken)
	if least > 1 {
		n -= n % least
	}
	p.fresh = append(spare[:0], taken[n:]...)
	p.mu.Unlock()
	for some := range slices.Chunk(taken[:n], spanBatch) {
		p.enqueue(some)
	}
	clear(taken)
	return taken
}

func (p *spanPipe) enqueue(spans []sdktrace.ReadOnlySpan) {
	n := int64(len(spans))
	p.mu.Lock()
	room := p.bytes < p.budget
	p.mu.Unlock()
	var body []byte
	if room { // else it is not worth encoding
		body = p.encoding.zip(spans)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if room {
		p.queue = append(p.queue, batch{body, n, p.encoded})
		p.bytes += len(body)
		p.spans += n
		p.metrics.processed.Add(context.Background(), n)
		ring(p.filled)
	} else {
		p.lost.full += n
	}
	p.encoded += n
	p.changed()
}

// send posts one batch after the other until the pipe is aborted. One sender is
// enough: it carries a hundred thousand spans a second to an agent that answers
// in a millisecond, twenty thousand to one that takes five (measured).
func (p *spanPipe) send() {
	pause := firstPause
	for {
		b, ok := p.next()
		if !ok {
			return
		}
		a := p.post(p.ctx, b.body)
		if p.ctx.Err() != nil && a.err != nil {
			return // it stays in the queue, whose loss Shutdown counts
		}
		p.settle(b, a)
		if a.err == nil || errors.Is(a.err, errBad) {
			pause = firstPause
			continue
		}
		select {
		case <-p.closing: // three seconds are left, in which the agent may come back
			pause = min(pause, lastPause)
		default:
		}
		// Half of it by chance, so that the processes which lost the agent together
		// do not return together.
		timer := time.NewTimer(a.after + pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
			pause = min(2*pause, longPause)
		case <-p.hurry:
			pause = firstPause
		case <-p.ctx.Done():
		}
		timer.Stop()
	}
}

// next waits for a batch, and leaves it in the queue.
func (p *spanPipe) next() (batch, bool) {
	for {
		p.mu.Lock()
		if len(p.queue) > 0 {
			defer p.mu.Unlock()
			return p.queue[0], true
		}
		p.mu.Unlock()
		select {
		case <-p.filled:
		case <-p.ctx.Done():
			return batch{}, false
		}
	}
}

// settle takes the first batch out of the queue. One that failed goes to its
// end: should it be the cause, the others get through all the same.
func (p *spanPipe) settle(b batch, a answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue[0] = batch{}
	p.queue = p.queue[1:]
	switch {
	case a.err == nil:
		rejected := min(a.rejected, b.spans)
		p.metrics.exported.Add(context.Background(), b.spans-rejected)
		p.lost.refuse(rejected, errRejected)
	case errors.Is(a.err, errBad):
		p.lost.refuse(b.spans, a.err)
	default:
		p.queue = append(p.queue, b)
		return
	}
	p.bytes -= len(b.body)
	p.spans -= b.spans
	p.changed()
}

// changed tells those who wait in ForceFlush. p.mu is held.
func (p *spanPipe) changed() {
	if p.settled != nil {
		close(p.settled)
		p.settled = nil
	}
}

// ForceFlush returns once every span that has ended is with the agent, or lost,
// or ctx has ended.
func (p *spanPipe) ForceFlush(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	target := p.ended
	ring(p.flush)
	ring(p.hurry)
	for p.encoded < target || slices.ContainsFunc(p.queue, func(b batch) bool { return b.first < target }) {
		if p.settled == nil {
			p.settled = make(chan struct{})
		}
		settled := p.settled
		p.mu.Unlock()
		select {
		case <-settled:
		case <-ctx.Done():
		}
		p.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// Shutdown takes no more spans and sends those there are, for as long as ctx and
// flushLimit allow. What is left then is lost, which is counted and said.
func (p *spanPipe) Shutdown(ctx context.Context) error {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.mu.Unlock()
	if again {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, flushLimit)
	defer cancel()
	close(p.closing)
	err := p.ForceFlush(ctx)
	p.abort()
	p.running.Wait()
	p.mu.Lock()
	p.lost.left += p.spans
	p.queue, p.bytes, p.spans = nil, 0, 0
	p.mu.Unlock()
	p.report(true)
	return err
}

// report counts what was lost since the last time, and says it, at most once a
// minute until the last time.
func (p *spanPipe) report(last bool) {
	p.mu.Lock()
	lost := p.lost
	p.lost = losses{}
	p.mu.Unlock()
	p.metrics.lose(lost)
	p.unsaid.add(lost)
	if n := p.unsaid.total(); n > 0 && (p.said.allow(time.Now()) || last) {
		p.unsaid.say(p.logger)
		p.unsaid = losses{}
	}
}
