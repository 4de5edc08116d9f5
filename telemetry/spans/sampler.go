package spans

import (
	"encoding/binary"
	"slices"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/ceiling"
)

// RateLimitingSampler is the head sampler: it samples all traces up to a number per
// second, and fewer above it, as package ceiling says. Trace ids are random, so no
// hash is needed.
//
// The sampled flag carries the decision to the called services: a trace that one
// process does not sample, the next does not sample either. The spans of an
// unsampled trace are recorded nevertheless, for the tail sampler.
//
// Three kinds of trace have a ceiling each:
//   - Those that begin here with a request, and the work that this process does for
//     several of them at once: a span that begins a new trace and links to spans of
//     this process is sampled with one of them.
//   - Those that begin here without a request: mails, jobs, batches of a stream. They
//     may take a fortieth, since a burst of requests causes a burst of them.
//   - Those that another process has sampled. Their number does not fall with the
//     load: it has fallen there already, and each one refused leaves half a trace.
type RateLimitingSampler struct{ requests, background, continued *ceiling.Ceiling }

const (
	floorDivisor      = 10 // what is kept falls to a tenth of the limit, however high the load is
	backgroundDivisor = 40 // the mails of a burst cost as much telemetry as sending them
)

// NewRateLimitingSampler returns a sampler that samples all of up to limit traces per
// second; a negative limit samples all traces.
func NewRateLimitingSampler(limit int) *RateLimitingSampler {
	background := ceiling.Share(limit, backgroundDivisor)
	return &RateLimitingSampler{
		requests:   ceiling.New(limit, ceiling.Share(limit, floorDivisor)),
		background: ceiling.New(background, ceiling.Share(background, floorDivisor)),
		continued:  ceiling.New(limit, limit),
	}
}

// Description implements sdktrace.Sampler.
func (*RateLimitingSampler) Description() string { return "RateLimitingSampler" }

// ShouldSample implements sdktrace.Sampler.
func (s *RateLimitingSampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	result := sdktrace.SamplingResult{Decision: sdktrace.RecordOnly, Tracestate: parent.TraceState()}
	if s.sample(parent, p) {
		result.Decision = sdktrace.RecordAndSample
	}
	return result
}

func (s *RateLimitingSampler) sample(parent trace.SpanContext, p sdktrace.SamplingParameters) bool {
	switch {
	case parent.IsValid() && !parent.IsSampled(): // the caller, or this process's local root, was not sampled
		return false
	case parent.IsValid() && !parent.IsRemote():
		return true
	case parent.IsValid():
		return s.continued.Admit(headID(p.TraceID), time.Now())
	case linksLocalSpans(p.Links):
		// The id of the sampled trace is low enough, where the new one may not be.
		i := slices.IndexFunc(p.Links, func(l trace.Link) bool { return l.SpanContext.IsSampled() })
		return i >= 0 && s.requests.Admit(headID(p.Links[i].SpanContext.TraceID()), time.Now())
	case p.Kind == trace.SpanKindServer:
		return s.requests.Admit(headID(p.TraceID), time.Now())
	}
	return s.background.Admit(headID(p.TraceID), time.Now())
}

// headID is what the head sampler compares: the last eight bytes of the id, which are
// random even where the first eight hold the time.
func headID(id trace.TraceID) uint64 { return binary.BigEndian.Uint64(id[8:]) }

// linksLocalSpans reports whether all links lead to spans of this process. A
// link to a remote span decides nothing: external callers do not control our
// sampling.
func linksLocalSpans(links []trace.Link) bool {
	return len(links) > 0 && !slices.ContainsFunc(links, func(l trace.Link) bool {
		return !l.SpanContext.IsValid() || l.SpanContext.IsRemote()
	})
}
