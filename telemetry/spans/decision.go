package spans

import (
	"encoding/binary"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/ceiling"
	"jari.example/telemetry/names"
)

const (
	slowTrace = time.Second // slower than any request should be
	// tailCeiling is how many traces the tail sampler keeps per second, route and
	// reason. When everything fails or is slow, ten a second show why; the access log
	// lines of the gateway count how many.
	tailCeiling = 10
)

// Decider decides which of the traces that the head sampler did not sample are kept
// nevertheless, because they failed or were slow: of each route, and for each of the
// two reasons, up to tailCeiling per second. So a route with few requests loses nothing
// to one with many. Beyond the ceiling the ids decide, as in the head sampler, so that
// gateway and service keep the same traces where both fail or are slow.
//
// The nil Decider has no ceiling.
type Decider struct {
	mu       sync.Mutex
	ceilings map[cause]*ceiling.Ceiling
}

// cause is why a trace may be kept. root is the name of its local root, of which a
// process has few: routes, jobs, kinds of delivery.
type cause struct {
	root   string
	failed bool // else it was slow
}

// NewDecider returns the Decider of a process.
func NewDecider() *Decider { return &Decider{ceilings: map[cause]*ceiling.Ceiling{}} }

// keep decides on a trace whose local root, named root, ends now after took.
func (d *Decider) keep(id trace.TraceID, root string, failed bool, took time.Duration) bool {
	if !failed && took < slowTrace {
		return false
	}
	if d == nil {
		return true
	}
	c := cause{root, failed}
	d.mu.Lock()
	limit := d.ceilings[c]
	if limit == nil {
		limit = ceiling.New(tailCeiling, tailCeiling)
		d.ceilings[c] = limit
	}
	d.mu.Unlock()
	return limit.Admit(tailID(id), time.Now())
}

// tailID is what the tail sampler compares: the bytes of headID in reverse. Of headID
// itself it would see only high values, since traces with a low one are sampled.
func tailID(id trace.TraceID) uint64 { return binary.LittleEndian.Uint64(id[8:]) }

// Decide reports whether the trace of span is kept. span is the trace's local root,
// named root, and about to end; failed and took describe it. If the head sampler did
// not sample the trace, the decision is made here and stored on the span, so that the
// tail sampler does what the access log line says.
func (d *Decider) Decide(span trace.Span, root string, failed bool, took time.Duration) (kept bool) {
	if span.SpanContext().IsSampled() || !span.IsRecording() {
		return span.SpanContext().IsSampled()
	}
	kept = d.keep(span.SpanContext().TraceID(), root, failed, took)
	span.SetAttributes(attribute.Bool(names.TraceKept, kept))
	return kept
}

// Held is an attribute with which a local root is started whose spans the tail
// sampler holds until the root ends, even though the head sampler sampled the
// trace. What is caused in other processes meanwhile is sampled.
var Held = attribute.Bool(names.TraceKept, false)

// DecideHeld decides on the trace of a root that was started with [Held], and is
// about to end after took: it is kept if it changed something that somebody will read
// about, failed or was slow; above a ceiling, as others are.
func (d *Decider) DecideHeld(span trace.Span, root string, changed, failed bool, took time.Duration) {
	kept := changed || failed || took >= slowTrace
	if !span.SpanContext().IsSampled() {
		kept = d.keep(span.SpanContext().TraceID(), root, failed, took)
	}
	span.SetAttributes(attribute.Bool(names.TraceKept, kept))
}
