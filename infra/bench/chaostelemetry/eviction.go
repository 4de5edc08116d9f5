package main

import (
	"context"
	"syscall"
	"time"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/infra/bench/opensearch"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// eviction fills every buffer on the way while OpenSearch is unavailable, until
// records are lost. The counters must report exactly what is lost.
//
// The Collector gets a small queue. When it is full the Collector refuses, lines
// stay in their file, and the emitter's bounded span queue overflows. The emitter
// counts.
//
// Fluent Bit gets a smaller storage limit than in its own configuration and drops
// the oldest chunks, although their clients got an acknowledgement. The agent
// counts. It counts a request with spans as one record, so only lines are emitted.
func eviction(ctx context.Context, s *scenario) error {
	s.observed.MayEvict = true
	s.countEvicted = func(ctx context.Context) (int, error) { return s.sys.store.droppedSpans(ctx, s.service) }
	// Four thousand spans of 20 kB that compress badly exceed the emitter's limit
	// of 32 MiB.
	n, spans := delivery.Numbers{Count: 200}, int64(20)
	if s.sys.host == fluentBit {
		began := time.Now()
		s.countEvicted = func(ctx context.Context) (int, error) { return s.sys.store.evictedLines(ctx, began) }
		n, spans = delivery.Numbers{Count: 30_000}, 0 // some 12 MB
		// It also counts chunks that it drops while the plugin sends them, and
		// these may still arrive: one chunk of at most 2 MB per worker.
		s.observed.InFlight = workers * (2 << 20) / lineBytes
	}
	const smallQueue, smallStorage = "exporters: {jari: {sending_queue: {queue_size: 4194304}}}\n", "      storage.total_limit_size: 5M\n"
	if err := s.restartAgentWith(ctx, smallQueue, smallStorage); err != nil {
		return err
	}
	var injected counter
	since := s.sys.logSizes()
	s.sys.proxy.inject(unavailable(&injected))
	defer s.sys.proxy.inject(nil)
	s.rate = 0
	e, err := s.emit(ctx, n, spans, false, "-padding", "20000")
	if err != nil {
		return err
	}
	err = waitFor(ctx, "everything is emitted", func() (bool, error) {
		lines, err := s.writtenLines()
		return int64(lines) == n.Count && injected.times() > 0, err
	})
	if err != nil {
		return err
	}
	if s.sys.host == fluentBit { // until it has read everything and dropped what exceeds the limit
		if err := wait.For(ctx, 5*time.Second); err != nil {
			return err
		}
	}
	s.sys.proxy.inject(nil)
	s.faultEnded()
	if err := e.wait(ctx); err != nil {
		return err
	}
	s.prove("responses with 503", injected.times())
	fullQueue := map[string]string{collector: "sending queue is full", fluentBit: "to make room under storage.total_limit_size"}[s.sys.host]
	times, err := s.sys.countInLog(since, fullQueue)
	if err != nil {
		return err
	}
	s.prove("times the agent's buffer was full", times)
	if err := s.drain(ctx); err != nil { // before the agent gets its normal limit again
		return err
	}
	if s.sys.host == fluentBit { // its heartbeat reports the counter every ten seconds
		if err := wait.For(ctx, 11*time.Second); err != nil {
			return err
		}
	}
	return s.restartAgentWith(ctx, "", "")
}

// What bounds the records that Fluent Bit has in flight: the workers of its
// output, and the fewest bytes of an emitted line.
const (
	workers   = 2
	lineBytes = 300
)

// restartAgentWith restarts the agent with changed settings (writeSettings).
func (s *scenario) restartAgentWith(ctx context.Context, ofCollector, ofFluentBit string) error {
	if err := s.sys.writeSettings(ofCollector, ofFluentBit); err != nil {
		return err
	}
	if err := s.sys.killPart(agent, syscall.SIGTERM); err != nil {
		return err
	}
	return s.sys.awaitRecovery(ctx, agent)
}

// droppedSpans is how many spans the process has lost, according to its metrics.
func (s *store) droppedSpans(ctx context.Context, service string) (int, error) {
	total := 0
	for _, metric := range []string{names.MetricSpansProcessed, names.MetricSpansExported} {
		n, err := s.highest(ctx, opensearch.Term(names.DocServiceName, service), opensearch.Term(names.DocMetricName, metric),
			object{"exists": object{"field": names.ErrorType}})
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// evictedLines is how many records the agent has evicted since then, according to
// its heartbeat.
func (s *store) evictedLines(ctx context.Context, since time.Time) (int, error) {
	return s.highest(ctx, opensearch.Term(names.DocServiceName, names.ServiceAgent), opensearch.Term(names.DocMetricName, names.ShipEvicted),
		object{"range": object{names.DocTime: object{"gte": since.UTC().Format(timeFormat)}}})
}

// highest is the largest value of a counter, summed over its values of
// error.type.
func (s *store) highest(ctx context.Context, clauses ...object) (int, error) {
	var a struct {
		Aggregations struct {
			Types struct {
				Buckets []struct{ Most struct{ Value float64 } }
			}
		}
	}
	q := object{"size": 0, "query": opensearch.Filter(clauses...), "aggs": object{"types": object{
		"terms": object{"field": names.ErrorType, "missing": "none", "size": 100},
		"aggs":  object{"most": object{"max": object{"field": names.DocMetricValue}}},
	}}}
	err := s.Search(ctx, names.MetricIndex+"*", q, &a)
	total := 0
	for _, b := range a.Aggregations.Types.Buckets {
		total += int(max(0, b.Most.Value))
	}
	return total, err
}
