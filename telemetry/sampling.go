package telemetry

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// DefaultTraceCeiling is how many traces a process keeps per second where
// Config does not say.
const DefaultTraceCeiling = 200

// ceiling chooses the traces that are kept whatever becomes of them: all of
// them, up to a number per second. Above it those are chosen whose ids are the
// lowest, so that a process which can keep a twentieth and one which can keep a
// tenth agree on the twentieth. The ids are random, so they are their own hash.
//
// The sampled flag says what was chosen. It goes out with every call: what one
// process has not chosen, the next does not choose either. All spans are recorded
// nevertheless, see [undecided].
//
// What begins a trace of its own on behalf of others in this process, to which
// it links, is chosen with them and takes up none of the number.
type ceiling struct {
	limit int // traces per second; negative: no ceiling

	mu     sync.Mutex
	second int64 // the one that is counted
	seen   int   // candidates in it
	chosen int
	below  uint64 // ids that may be chosen in it
}

// ShouldSample implements sdktrace.Sampler.
func (c *ceiling) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	result := sdktrace.SamplingResult{Decision: sdktrace.RecordOnly, Tracestate: parent.TraceState()}
	switch {
	case parent.IsValid() && !parent.IsSampled(): // decided elsewhere, or by this one's local root
	case !parent.IsValid() && servesLocal(p.Links):
		if slices.ContainsFunc(p.Links, func(l trace.Link) bool { return l.SpanContext.IsSampled() }) {
			result.Decision = sdktrace.RecordAndSample
		}
	case parent.IsValid() && !parent.IsRemote(), c.choose(p.TraceID, time.Now()):
		result.Decision = sdktrace.RecordAndSample
	}
	return result
}

// servesLocal reports whether all links lead to spans of this process. A link
// that came from elsewhere decides nothing: strangers do not choose for us.
func servesLocal(links []trace.Link) bool {
	return len(links) > 0 && !slices.ContainsFunc(links, func(l trace.Link) bool {
		return !l.SpanContext.IsValid() || l.SpanContext.IsRemote()
	})
}

// Description implements sdktrace.Sampler.
func (*ceiling) Description() string { return "ceiling" }

// choose counts a trace that begins here now, and decides on it. Which ids may
// be chosen follows from how many came in the second before; in the first second
// of a rush it is whoever comes first, which is nearly the same everywhere.
func (c *ceiling) choose(id trace.TraceID, now time.Time) bool {
	if c.limit < 0 {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if second := now.Unix(); second != c.second {
		before := c.seen
		if second != c.second+1 {
			before = 0
		}
		c.second, c.seen, c.chosen, c.below = second, 0, 0, math.MaxUint64
		if before > c.limit {
			c.below = uint64(float64(c.limit) / float64(before) * math.MaxUint64)
		}
	}
	c.seen++
	// The last eight bytes are random also where the first tell the time.
	if c.chosen >= c.limit || binary.BigEndian.Uint64(id[8:]) > c.below {
		return false
	}
	c.chosen++
	return true
}
