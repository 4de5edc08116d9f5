package spans

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/time/rate"
)

const (
	batchSize       = 128                    // spans per request
	batchDelay      = 200 * time.Millisecond // how long a span may wait for a full batch
	maxUnencoded    = 16384                  // spans that wait to be encoded, which takes milliseconds
	maxQueueBytes   = 32 << 20               // encoded batches that wait for the agent
	shutdownTimeout = 3 * time.Second
	dropLogInterval = time.Minute
)

// queue holds ended spans until the agent has accepted them. The SDK's batch
// processor holds a few thousand spans, and its exporter gives up on a
// connection that is refused.
//
//	OnEnd ─► unencoded spans ─► encoder ─► batches of gzipped OTLP/JSON ─► sender
//
// A request never waits: OnEnd appends to a slice. Spans are encoded at once, not
// when the agent is ready, because an encoded span takes a twelfth of the memory
// (91 bytes instead of 1.1 kB, measured) and no time of the garbage collector. So
// maxQueueBytes hold 360,000 spans: a minute of 1,000 requests per second with
// six spans each, or several minutes at the default rate limit. The bound is not
// higher because with GOGC=400 the heap may grow to five times its live bytes.
//
// A batch stays in the queue until the agent accepts or rejects it, however
// often it must be sent. Spans that do not fit are dropped, counted and logged.
type queue struct {
	export   func(context.Context, []byte) result
	logger   *slog.Logger
	metrics  metrics
	maxBytes int // of the encoded batches; one batch may exceed it

	encoder encoder

	// Signals have a capacity of one: a second one merges with a pending first.
	batchReady  chan struct{} // there are unencoded spans for a whole batch
	encodeNow   chan struct{} // encode all spans, do not wait for a whole batch
	batchQueued chan struct{} // there is a batch to send
	retryNow    chan struct{} // end the current backoff
	closing     chan struct{} // closed by Shutdown

	workers   sync.WaitGroup
	ctx       context.Context // of exports
	abort     context.CancelFunc
	dropLog   rate.Sometimes
	notLogged drops // used by the encoder and, after it has ended, by Shutdown

	mu        sync.Mutex
	closed    bool
	unencoded []sdktrace.ReadOnlySpan
	accepted  int64         // spans ever appended to unencoded
	encoded   int64         // of those, the ones that have left it
	batches   []batch       // the first may be in flight
	bytes     int           // in batches
	spans     int64         // in batches
	progress  chan struct{} // closed when spans leave unencoded or batches; nil unless ForceFlush waits
	dropped   drops
}

// batch is what one request carries.
type batch struct {
	body  []byte
	spans int64
	first int64 // sequence number of its first span
}

func newQueue(export func(context.Context, []byte) result, logger *slog.Logger, m metrics) *queue {
	q := &queue{
		export: export, logger: logger, metrics: m, maxBytes: maxQueueBytes,
		batchReady: make(chan struct{}, 1), encodeNow: make(chan struct{}, 1), batchQueued: make(chan struct{}, 1),
		retryNow: make(chan struct{}, 1), closing: make(chan struct{}),
		dropLog: rate.Sometimes{Interval: dropLogInterval},
	}
	m.observeQueue(func() int64 {
		q.mu.Lock()
		defer q.mu.Unlock()
		return q.spans + q.accepted - q.encoded
	})
	q.ctx, q.abort = context.WithCancel(context.Background())
	q.workers.Go(q.encode)
	q.workers.Go(q.send)
	return q
}

// notify sends a signal without blocking.
func notify(signal chan<- struct{}) {
	select {
	case signal <- struct{}{}:
	default:
	}
}

// OnStart implements sdktrace.SpanProcessor.
func (*queue) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements sdktrace.SpanProcessor. It never blocks on anything slow.
func (q *queue) OnEnd(s sdktrace.ReadOnlySpan) {
	q.mu.Lock()
	if q.closed || len(q.unencoded) >= maxUnencoded {
		if q.closed {
			q.dropped.shutdown++
		} else {
			q.dropped.queueFull++
		}
		q.mu.Unlock()
		return
	}
	q.unencoded = append(q.unencoded, s)
	q.accepted++
	whole := len(q.unencoded)%batchSize == 0
	q.mu.Unlock()
	if whole {
		notify(q.batchReady)
	}
}

// drop counts n spans for which the tail sampler had no room.
func (q *queue) drop(n int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped.queueFull += n
}

// encode turns unencoded spans into batches until the queue is closed.
func (q *queue) encode() {
	tick := time.NewTicker(batchDelay)
	defer tick.Stop()
	var spare []sdktrace.ReadOnlySpan
	for {
		least := 1
		select {
		case <-q.batchReady:
			least = batchSize
		case <-q.encodeNow:
		case <-tick.C:
			q.reportDrops(false)
		case <-q.closing:
			q.encodePending(spare, 1)
			return
		}
		spare = q.encodePending(spare, least)
	}
}

// encodePending encodes the unencoded spans as batches of at least so many. It
// returns the slice that held them, to be reused as the next spare.
func (q *queue) encodePending(spare []sdktrace.ReadOnlySpan, least int) []sdktrace.ReadOnlySpan {
	q.mu.Lock()
	pending := q.unencoded
	n := len(pending)
	if least > 1 {
		n -= n % least
	}
	q.unencoded = append(spare[:0], pending[n:]...)
	q.mu.Unlock()
	for chunk := range slices.Chunk(pending[:n], batchSize) {
		q.enqueue(chunk)
	}
	clear(pending)
	return pending
}

func (q *queue) enqueue(spans []sdktrace.ReadOnlySpan) {
	n := int64(len(spans))
	q.mu.Lock()
	room := q.bytes < q.maxBytes
	q.mu.Unlock()
	var body []byte
	if room { // else encoding it would be in vain
		body = q.encoder.encode(spans)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if room {
		q.batches = append(q.batches, batch{body, n, q.encoded})
		q.bytes += len(body)
		q.spans += n
		q.metrics.processed.Add(context.Background(), n)
		notify(q.batchQueued)
	} else {
		q.dropped.queueFull += n
	}
	q.encoded += n
	q.broadcastProgress()
}

// broadcastProgress wakes those who wait in ForceFlush. The caller holds q.mu.
func (q *queue) broadcastProgress() {
	if q.progress != nil {
		close(q.progress)
		q.progress = nil
	}
}

// ForceFlush returns when every span that had ended before the call is accepted
// by the agent or dropped, or with ctx's error when ctx ends first.
func (q *queue) ForceFlush(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	target := q.accepted
	notify(q.encodeNow)
	notify(q.retryNow)
	for q.encoded < target || slices.ContainsFunc(q.batches, func(b batch) bool { return b.first < target }) {
		if q.progress == nil {
			q.progress = make(chan struct{})
		}
		progress := q.progress
		q.mu.Unlock()
		select {
		case <-progress:
		case <-ctx.Done():
		}
		q.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// Shutdown accepts no more spans and sends those that wait, for as long as ctx
// and shutdownTimeout allow. Spans that are left then are dropped, counted and
// logged.
func (q *queue) Shutdown(ctx context.Context) error {
	q.mu.Lock()
	again := q.closed
	q.closed = true
	q.mu.Unlock()
	if again {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, shutdownTimeout)
	defer cancel()
	close(q.closing)
	err := q.ForceFlush(ctx)
	q.abort()
	q.workers.Wait()
	q.mu.Lock()
	q.dropped.shutdown += q.spans
	q.batches, q.bytes, q.spans = nil, 0, 0
	q.mu.Unlock()
	q.reportDrops(true)
	return err
}

// reportDrops counts the spans that were dropped since the last call and logs
// them, at most once per dropLogInterval unless this is the final call.
func (q *queue) reportDrops(final bool) {
	q.mu.Lock()
	dropped := q.dropped
	q.dropped = drops{}
	q.mu.Unlock()
	q.metrics.count(dropped)
	q.notLogged.add(dropped)
	if q.notLogged.total() == 0 {
		return
	}
	log := func() {
		q.notLogged.log(q.logger)
		q.notLogged = drops{}
	}
	if final {
		log()
	} else {
		q.dropLog.Do(log)
	}
}
