package spans

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

const (
	slowTrace    = time.Second // slower than any request should be
	maxTailSpans = 16384       // spans held until their local root ends, about 20 MB
)

// shouldKeep is the tail decision on a trace that the head sampler did not sample.
func shouldKeep(failed bool, took time.Duration) bool { return failed || took >= slowTrace }

// Decide reports whether the trace of span is kept. span is the trace's local
// root and about to end; failed and took describe it. If the head sampler did not
// sample the trace, the decision is made here and stored on the span, so that the
// tail sampler does what the access log line says.
func Decide(span trace.Span, failed bool, took time.Duration) (kept bool) {
	if span.SpanContext().IsSampled() || !span.IsRecording() {
		return span.SpanContext().IsSampled()
	}
	kept = shouldKeep(failed, took)
	span.SetAttributes(attribute.Bool(names.TraceKept, kept))
	return kept
}

// Held is an attribute with which a local root is started whose spans the tail
// sampler holds until the root ends, even though the head sampler sampled the
// trace. What is caused in other processes meanwhile is sampled.
var Held = attribute.Bool(names.TraceKept, false)

// DecideHeld decides on the trace of a root that was started with [Held], and is
// about to end after took: it is kept if somebody will read it, or if it was slow.
func DecideHeld(root trace.Span, read bool, took time.Duration) {
	root.SetAttributes(attribute.Bool(names.TraceKept, read || shouldKeep(false, took)))
}

// tailSampler passes on the spans of sampled traces. It holds the spans of the
// others, and of those that begin with a root that is [Held], until their local
// root ends, the span whose parent is in another process: if that failed or was
// slow, it is passed on with all spans below it; else they are discarded.
//
// For a sampled trace it costs one look at a flag and at a counter.
type tailSampler struct {
	*queue   // the next processor
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

func newTailSampler(next *queue) *tailSampler {
	return &tailSampler{queue: next, maxSpans: maxTailSpans, traces: map[trace.TraceID]*pendingTrace{}}
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
		if !isKept(s) {
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

// isKept returns the decision that Decide stored on root, or makes it.
func isKept(root sdktrace.ReadOnlySpan) bool {
	for _, a := range root.Attributes() {
		if a.Key == names.TraceKept {
			return a.Value.AsBool()
		}
	}
	return shouldKeep(root.Status().Code == codes.Error, root.EndTime().Sub(root.StartTime()))
}
