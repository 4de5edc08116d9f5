package main

import (
	"context"
	"syscall"
	"time"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/telemetry/names"
)

// eviction fills every buffer on the way while OpenSearch is away, until
// something has to give. What the counters say was given up must be what is
// lost.
//
// The Collector's queue is made small. It refuses, lines wait in their file, and
// the emitter's bounded queue of spans overflows: the emitter counts.
//
// Fluent Bit is given a smaller limit of storage than its own configuration's,
// and drops the oldest chunks, whatever their client believes: the
// agent counts. It counts a request of spans as one record, so there are only
// lines.
func eviction(ctx context.Context, p *scenario) error {
	p.observed.MayEvict = true
	p.countEvicted = func(ctx context.Context) (int, error) { return p.sys.store.droppedSpans(ctx, p.service) }
	// Four thousand spans of 20 kB, that compress badly, are more than the
	// emitter's 32 MiB.
	n, spans := delivery.Numbers{Count: 200}, int64(20)
	if p.sys.host == fluentBit {
		began := time.Now()
		p.countEvicted = func(ctx context.Context) (int, error) { return p.sys.store.evictedLines(ctx, began) }
		n, spans = delivery.Numbers{Count: 30_000}, 0 // some 12 MB
		// It counts what it drops while the plugin is at it, which may yet arrive.
		// That is one chunk, of 2 MB at most, per worker.
		p.observed.InFlight = workers * (2 << 20) / lineBytes
	}
	if err := p.restartAgentWith(ctx, "exporters: {jari: {sending_queue: {queue_size: 4194304}}}\n", "      storage.total_limit_size: 5M\n"); err != nil {
		return err
	}
	var fired counter
	since := p.sys.logSizes()
	p.sys.proxy.inject(unavailable(&fired))
	defer p.sys.proxy.inject(nil)
	p.rate = 0
	e, err := p.emit(ctx, n, spans, false, "-padding", "20000")
	if err != nil {
		return err
	}
	err = waitFor(ctx, "everything is emitted", func() (bool, error) {
		lines, err := p.writtenLines()
		return int64(lines) == n.Count && fired.times() > 0, err
	})
	if err != nil {
		return err
	}
	if p.sys.host == fluentBit { // until it has read all, and given up what is too much
		if err := pause(ctx, 5*time.Second); err != nil {
			return err
		}
	}
	p.sys.proxy.inject(nil)
	p.faultEnded()
	if err := e.wait(ctx); err != nil {
		return err
	}
	p.prove("answers of 503", fired.times())
	full := map[string]string{collector: "sending queue is full", fluentBit: "to make room under storage.total_limit_size"}[p.sys.host]
	times, err := p.sys.countInLog(since, full)
	if err != nil {
		return err
	}
	p.prove("times the agent's buffer was full", times)
	if err := p.drain(ctx); err != nil { // before the agent gets its own limit back
		return err
	}
	if p.sys.host == fluentBit { // its heartbeat tells, every ten seconds
		if err := pause(ctx, 11*time.Second); err != nil {
			return err
		}
	}
	return p.restartAgentWith(ctx, "", "")
}

// What bounds how many records Fluent Bit has underway: its output's workers,
// and that a line of the emitter's has at least so many bytes.
const (
	workers   = 2
	lineBytes = 300
)

// restartAgentWith restarts the agent with other settings.
func (p *scenario) restartAgentWith(ctx context.Context, ofCollector, ofFluentBit string) error {
	if err := p.sys.writeSettings(ofCollector, ofFluentBit); err != nil {
		return err
	}
	if err := p.sys.killPart(agent, syscall.SIGTERM); err != nil {
		return err
	}
	return p.sys.awaitRecovery(ctx, agent)
}

// droppedSpans is how many spans the process says, in its metrics, that it
// could not hand over.
func (s *store) droppedSpans(ctx context.Context, service string) (int, error) {
	total := 0
	for _, metric := range []string{names.MetricSpansProcessed, names.MetricSpansExported} {
		n, err := s.highest(ctx, term(names.DocServiceName, service), term(names.DocMetricName, metric), object{"exists": object{"field": names.ErrorType}})
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// evictedLines is how many records the agent says that it gave up, since then.
func (s *store) evictedLines(ctx context.Context, since time.Time) (int, error) {
	return s.highest(ctx, term(names.DocServiceName, names.ServiceAgent), term(names.DocMetricName, names.ShipEvicted),
		object{"range": object{names.DocTime: object{"gte": since.UTC().Format(timeFormat)}}})
}

// highest is the largest value of a counter, summed over its error.types.
func (s *store) highest(ctx context.Context, of ...object) (int, error) {
	var a struct {
		Aggregations struct {
			Types struct {
				Buckets []struct{ Most struct{ Value float64 } }
			}
		}
	}
	q := object{"size": 0, "query": filter(of...), "aggs": object{"types": object{
		"terms": object{"field": names.ErrorType, "missing": "none", "size": 100},
		"aggs":  object{"most": object{"max": object{"field": names.DocMetricValue}}},
	}}}
	err := s.search(ctx, names.MetricIndex+"*/_search?ignore_unavailable=true", q, &a)
	total := 0
	for _, b := range a.Aggregations.Types.Buckets {
		total += int(max(0, b.Most.Value))
	}
	return total, err
}
