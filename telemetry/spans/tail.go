package spans

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

const maxTailSpans = 16384 // spans held until their local root ends, about 20 MB

// tailSampler passes on the spans of sampled traces. It holds the spans of the
// others, and of those that begin with a root that is [Held], until their local
// root ends, the span whose parent is in another process: if that failed or was
// slow, it is passed on with all spans below it; else they are discarded.
//
// For a sampled trace it costs one look at a flag and at a counter.
type tailSampler struct {
	*queue   // the next processor
	decider  *Decider
	maxSpans int

	heldRoots atomic.Int64 // sampled traces in traces

	mu     sync.Mutex
	traces map[trace.TraceID]*pendingTrace
	held   int // spans in traces
}

// pendingTrace is the part of a trace in this process. It may have several local
// roots at once, such as a request and the delivery of the event it caused.
type pendingTrace struct {
	roots   int // that have not ended
	spans   []sdktrace.ReadOnlySpan
	dropped int64 // spans for which there was no room
	sampled bool
}

func newTailSampler(next *queue, decider *Decider) *tailSampler {
	return &tailSampler{queue: next, decider: decider, maxSpans: maxTailSpans, traces: map[trace.TraceID]*pendingTrace{}}
}

// OnStart implements sdktrace.SpanProcessor.
func (t *tailSampler) OnStart(_ context.Context, s sdktrace.ReadWriteSpan) {
	sampled := s.SpanContext().IsSampled()
	if !isLocalRoot(s) || sampled && !slices.Contains(s.Attributes(), Held) {
		return
	}
	id := s.SpanContext().TraceID()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.traces[id] == nil {
		if len(t.traces) >= t.maxSpans { // so many never run at once: their roots were never ended
			t.dropAll()
		}
		t.traces[id] = &pendingTrace{sampled: sampled}
		if sampled {
			t.heldRoots.Add(1)
		}
	}
	t.traces[id].roots++
}

// dropAll discards all spans held and counts them as dropped, since some of them
// might have been kept. The caller holds t.mu.
func (t *tailSampler) dropAll() {
	n := int64(t.held)
	for _, p := range t.traces {
		n += p.dropped
	}
	t.queue.drop(n)
	clear(t.traces)
	t.held = 0
	t.heldRoots.Store(0)
}

// OnEnd implements sdktrace.SpanProcessor.
func (t *tailSampler) OnEnd(s sdktrace.ReadOnlySpan) {
	switch {
	case s.SpanContext().IsSampled() && !t.holds(s.SpanContext().TraceID()):
		t.queue.OnEnd(s)
	case !isLocalRoot(s):
		t.hold(s)
	default:
		below, dropped := t.release(s)
		if !t.isKept(s) {
			return
		}
		for _, b := range below {
			t.queue.OnEnd(b)
		}
		t.queue.OnEnd(s)
		t.queue.drop(dropped)
	}
}

// holds reports whether the spans of a sampled trace are held.
func (t *tailSampler) holds(id trace.TraceID) bool {
	if t.heldRoots.Load() == 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.traces[id] != nil
}

// hold stores s until its local root ends. A span that ends after its local root
// is discarded: the decision was made without it.
func (t *tailSampler) hold(s sdktrace.ReadOnlySpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.traces[s.SpanContext().TraceID()]
	switch {
	case p == nil:
	case t.held >= t.maxSpans:
		p.dropped++
	default:
		p.spans = append(p.spans, s)
		t.held++
	}
}

// release removes and returns the spans held below root, which has ended, and
// the number of those that were dropped.
func (t *tailSampler) release(root sdktrace.ReadOnlySpan) (below []sdktrace.ReadOnlySpan, dropped int64) {
	id := root.SpanContext().TraceID()
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.traces[id]
	if p == nil {
		return nil, 0
	}
	if p.roots--; p.roots == 0 {
		below = p.spans
		delete(t.traces, id)
		if p.sampled {
			t.heldRoots.Add(-1)
		}
	} else {
		below, p.spans = p.split(root)
	}
	t.held -= len(below)
	dropped, p.dropped = p.dropped, 0
	return below, dropped
}

// split separates the spans below root from the others. A span ends after its
// children, so the last spans are looked at first.
func (p *pendingTrace) split(root sdktrace.ReadOnlySpan) (below, others []sdktrace.ReadOnlySpan) {
	descendants := map[trace.SpanID]bool{root.SpanContext().SpanID(): true}
	for i := len(p.spans) - 1; i >= 0; i-- {
		s := p.spans[i]
		if descendants[s.Parent().SpanID()] {
			descendants[s.SpanContext().SpanID()] = true
			below = append(below, s)
		} else {
			others = append(others, s)
		}
	}
	slices.Reverse(others)
	return below, others
}

func isLocalRoot(s sdktrace.ReadOnlySpan) bool {
	parent := s.Parent()
	return !parent.IsValid() || parent.IsRemote()
}

// isKept returns the decision that the Decider stored on root, or makes it. A job's
// name is an attribute of its root.
func (t *tailSampler) isKept(root sdktrace.ReadOnlySpan) bool {
	name := root.Name()
	for _, a := range root.Attributes() {
		switch a.Key {
		case names.TraceKept:
			return a.Value.AsBool()
		case names.Job:
			name = a.Value.AsString()
		}
	}
	failed, took := root.Status().Code == codes.Error, root.EndTime().Sub(root.StartTime())
	return t.decider.keep(root.SpanContext().TraceID(), name, failed, took)
}
