// Package spans decides which spans a process keeps and delivers them to the
// agent, in place of the SDK's samplers, batch processor and OTLP exporter.
//
//	RateLimitingSampler ─► tailSampler ─► queue ─► exporter ─► agent
//	      (head)             (tail)      (OTLP/JSON, gzip)
//
// The head sampler keeps up to a number of traces per second. The tail sampler
// holds the spans of the other traces until their local root ends, and keeps
// some of those that failed or were slow, as the Decider says.
// docs/decisions/0012 and 0025 give the reasons.
package spans

import (
	"log/slog"

	"go.opentelemetry.io/otel/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// NewProcessor returns the processor that delivers kept spans to the agent's
// OTLP/HTTP endpoint at url. It is used with a [RateLimitingSampler]. It logs
// dropped spans with logger and counts spans with instruments of meters. decider
// decides on the traces that the sampler has not sampled.
func NewProcessor(url string, logger *slog.Logger, meters metric.MeterProvider, decider *Decider) sdktrace.SpanProcessor {
	return newTailSampler(newQueue(newExporter(url).export, logger, newMetrics(meters)), decider)
}
