package spans

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Exponential backoff after an export that failed.
const (
	minBackoff      = 100 * time.Millisecond
	maxBackoff      = 5 * time.Second
	shutdownBackoff = 250 * time.Millisecond // the longest while the process shuts down
)

// send exports one batch after the other until the queue is aborted. One sender
// is enough: it carries 100,000 spans per second to an agent that responds in
// 1 ms, and 20,000 to one that needs 5 ms (measured).
func (q *queue) send() {
	backoff := minBackoff
	for {
		b, ok := q.peek()
		if !ok {
			return
		}
		r := q.export(q.ctx, b.body)
		if q.ctx.Err() != nil && r.err != nil {
			return // the batch stays in the queue, and Shutdown counts it as dropped
		}
		q.complete(b, r)
		if r.err == nil || errors.Is(r.err, errPermanent) {
			backoff = minBackoff
			continue
		}
		backoff = q.sleep(backoff, r.retryAfter)
	}
}

// sleep waits before the next attempt and returns the next backoff. Half of the
// backoff is jitter, so that processes which lost the agent together do not
// return together.
func (q *queue) sleep(backoff, retryAfter time.Duration) (next time.Duration) {
	select {
	case <-q.closing: // shutdownTimeout is left, in which the agent may recover
		backoff = min(backoff, shutdownBackoff)
	default:
	}
	timer := time.NewTimer(retryAfter + backoff/2 + rand.N(backoff/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return min(2*backoff, maxBackoff)
	case <-q.retryNow:
		return minBackoff
	case <-q.ctx.Done():
		return backoff
	}
}

// peek waits for a batch and returns it without removing it. ok is false when
// the queue is aborted.
func (q *queue) peek() (b batch, ok bool) {
	for {
		q.mu.Lock()
		if len(q.batches) > 0 {
			defer q.mu.Unlock()
			return q.batches[0], true
		}
		q.mu.Unlock()
		select {
		case <-q.batchQueued:
		case <-q.ctx.Done():
			return batch{}, false
		}
	}
}

// complete removes the first batch, b, whose export ended with r. A batch to be
// retried moves to the end of the queue: if it is the cause of the failure, the
// other batches are sent nevertheless.
func (q *queue) complete(b batch, r result) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.batches[0] = batch{}
	q.batches = q.batches[1:]
	switch {
	case r.err == nil:
		rejected := min(r.rejected, b.spans)
		q.metrics.exported.Add(context.Background(), b.spans-rejected)
		q.dropped.reject(rejected, errRejected)
	case errors.Is(r.err, errPermanent):
		q.dropped.reject(b.spans, r.err)
	default:
		q.batches = append(q.batches, b)
		return
	}
	q.bytes -= len(b.body)
	q.spans -= b.spans
	q.broadcastProgress()
}
