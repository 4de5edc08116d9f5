package telemetry

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/names"
)

const (
	slowTrace     = time.Second // nobody should wait that long, so what does is worth a look
	undecidedMost = 16384       // spans held, some 20 MB
)

// worthKeeping is the verdict on what the ceiling did not choose.
func worthKeeping(failed bool, took time.Duration) bool { return failed || took >= slowTrace }

// decide reports whether the trace is kept whose local root is span, about to
// end. Where the ceiling has left that open it is decided here and stands on the
// span, so that the pipeline does what the access line says.
func decide(span trace.Span, failed bool, took time.Duration) bool {
	if span.SpanContext().IsSampled() || !span.IsRecording() {
		return span.SpanContext().IsSampled()
	}
	kept := worthKeeping(failed, took)
	span.SetAttributes(attribute.Bool(names.TraceKept, kept))
	return kept
}

// undecided passes on the spans of chosen traces, and holds those of the others
// until their local root ends, the span whose parent is elsewhere: if it failed
// or was slow it is passed on with all that is below it, else they are forgotten.
//
// A trace that was chosen costs a look at a flag.
type undecided struct {
	*spanPipe // what gets them
	most      int

	deciding sync.Mutex
	traces   map[trace.TraceID]*pending
	held     int
}

// pending is what happened of a trace here. It may have several local roots at
// once, such as a request and the delivery of what it caused.
type pending struct {
	roots  int // that have not ended
	spans  []sdktrace.ReadOnlySpan
	missed int64 // for which there was no room
}

func newUndecided(pipe *spanPipe) *undecided {
	return &undecided{spanPipe: pipe, most: undecidedMost, traces: map[trace.TraceID]*pending{}}
}

// OnStart implements sdktrace.SpanProcessor.
func (u *undecided) OnStart(_ context.Context, s sdktrace.ReadWriteSpan) {
	if s.SpanContext().IsSampled() || !isLocalRoot(s) {
		return
	}
	id := s.SpanContext().TraceID()
	u.deciding.Lock()
	defer u.deciding.Unlock()
	if u.traces[id] == nil {
		if len(u.traces) >= u.most { // so many are never under way: they were forgotten by who began them
			u.forget()
		}
		u.traces[id] = &pending{}
	}
	u.traces[id].roots++
}

// forget gives up all that is held, which counts as lost: some of it might have
// been kept. u.deciding is held.
func (u *undecided) forget() {
	lost := int64(u.held)
	for _, p := range u.traces {
		lost += p.missed
	}
	u.spanPipe.lose(lost)
	clear(u.traces)
	u.held = 0
}

// OnEnd implements sdktrace.SpanProcessor.
func (u *undecided) OnEnd(s sdktrace.ReadOnlySpan) {
	switch {
	case s.SpanContext().IsSampled():
		u.spanPipe.OnEnd(s)
	case !isLocalRoot(s):
		u.hold(s)
	default:
		below, missed := u.release(s)
		if !isKept(s) {
			return
		}
		for _, b := range below {
			u.spanPipe.OnEnd(b)
		}
		u.spanPipe.OnEnd(s)
		u.spanPipe.lose(missed)
	}
}

// hold keeps s until its local root ends. One that outlives it is lost: it was
// decided on without.
func (u *undecided) hold(s sdktrace.ReadOnlySpan) {
	u.deciding.Lock()
	defer u.deciding.Unlock()
	p := u.traces[s.SpanContext().TraceID()]
	switch {
	case p == nil:
	case u.held >= u.most:
		p.missed++
	default:
		p.spans = append(p.spans, s)
		u.held++
	}
}

// release returns what was held of the spans below root, which has ended.
func (u *undecided) release(root sdktrace.ReadOnlySpan) (below []sdktrace.ReadOnlySpan, missed int64) {
	id := root.SpanContext().TraceID()
	u.deciding.Lock()
	defer u.deciding.Unlock()
	p := u.traces[id]
	if p == nil {
		return nil, 0
	}
	if p.roots--; p.roots == 0 {
		below = p.spans
		delete(u.traces, id)
	} else {
		below, p.spans = p.under(root)
	}
	u.held -= len(below)
	missed, p.missed = p.missed, 0
	return below, missed
}

// under splits the spans into those below root and the others. A span ends after
// those below it, so the last are looked at first.
func (p *pending) under(root sdktrace.ReadOnlySpan) (below, others []sdktrace.ReadOnlySpan) {
	family := map[trace.SpanID]bool{root.SpanContext().SpanID(): true}
	for i := len(p.spans) - 1; i >= 0; i-- {
		s := p.spans[i]
		if family[s.Parent().SpanID()] {
			family[s.SpanContext().SpanID()] = true
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

func isKept(root sdktrace.ReadOnlySpan) bool {
	for _, a := range root.Attributes() {
		if a.Key == names.TraceKept {
			return a.Value.AsBool()
		}
	}
	return worthKeeping(root.Status().Code == codes.Error, root.EndTime().Sub(root.StartTime()))
}
