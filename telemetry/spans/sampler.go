package spans

import (
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// RateLimitingSampler is the head sampler: it samples up to a number of traces
// per second. Above that it samples those with the lowest ids, so that a process
// that may keep a twentieth of its traces and one that may keep a tenth agree on
// the twentieth. Trace ids are random, so no hash is needed.
//
// The sampled flag carries the decision to the called services: a trace that one
// process does not sample, the next does not sample either. The spans of an
// unsampled trace are recorded nevertheless, for the tail sampler.
//
// A span that begins a new trace and links to spans of this process does work on
// their behalf. It is sampled if one of them is, and does not count towards the
// limit.
type RateLimitingSampler struct {
	limit int // traces per second; negative: no limit

	mu      sync.Mutex
	second  int64  // the second that the fields below count
	seen    int    // candidates in it
	sampled int    // of them
	maxID   uint64 // the highest id that may be sampled in it
}

// NewRateLimitingSampler returns a sampler of limit traces per second; a
// negative limit samples all traces.
func NewRateLimitingSampler(limit int) *RateLimitingSampler {
	return &RateLimitingSampler{limit: limit}
}

// Description implements sdktrace.Sampler.
func (*RateLimitingSampler) Description() string { return "RateLimitingSampler" }

// ShouldSample implements sdktrace.Sampler.
func (s *RateLimitingSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	result := sdktrace.SamplingResult{Decision: sdktrace.RecordOnly, Tracestate: parent.TraceState()}
	switch {
	case parent.IsValid() && !parent.IsSampled(): // the caller, or this process's local root, was not sampled
	case !parent.IsValid() && linksLocalSpans(p.Links):
		if slices.ContainsFunc(p.Links, func(l trace.Link) bool { return l.SpanContext.IsSampled() }) {
			result.Decision = sdktrace.RecordAndSample
		}
	case parent.IsValid() && !parent.IsRemote(), s.sample(p.TraceID, time.Now()):
		result.Decision = sdktrace.RecordAndSample
	}
	return result
}

// linksLocalSpans reports whether all links lead to spans of this process. A
// link to a remote span decides nothing: external callers do not control our
// sampling.
func linksLocalSpans(links []trace.Link) bool {
	return len(links) > 0 && !slices.ContainsFunc(links, func(l trace.Link) bool {
		return !l.SpanContext.IsValid() || l.SpanContext.IsRemote()
	})
}

// sample counts a trace that begins in this process at now, and decides on it.
// The highest id to sample follows from the number of traces in the second
// before. In the first second of a load peak the first traces to come are
// sampled, and those are nearly the same in every process.
func (s *RateLimitingSampler) sample(id trace.TraceID, now time.Time) bool {
	if s.limit < 0 {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if second := now.Unix(); second != s.second {
		before := s.seen
		if second != s.second+1 {
			before = 0
		}
		s.second, s.seen, s.sampled, s.maxID = second, 0, 0, math.MaxUint64
		if before > s.limit {
			s.maxID = uint64(float64(s.limit) / float64(before) * math.MaxUint64)
		}
	}
	s.seen++
	// The last eight bytes are random even where the first eight hold the time.
	if s.sampled >= s.limit || binary.BigEndian.Uint64(id[8:]) > s.maxID {
		return false
	}
	s.sampled++
	return true
}
