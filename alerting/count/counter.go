package count

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// How far counting goes back, in buckets, so all of it shrinks with the time scale.
const (
	day          = 24 * 60
	retention    = 35 * day
	maxRefill    = 14 * day // a new indicator is counted backwards so far, when there are documents
	sweptBuckets = 36 * 60  // where late lines are looked for: a day, and half a day without counting
)

// keptMonths is how long sums of an hour are kept. The time scale does not change it.
const keptMonths = 13

// Counter counts the events of all indicators. Each call of Count makes one search
// for the newest period. More are made to catch up after a downtime, once a minute
// to sweep an older period for lines that arrived late, and for a new indicator,
// which is counted backwards one part per call. A Counter is used by one goroutine.
type Counter struct {
	Source Source
	Store  Store
	Timing Timing

	regions  int                      // the most regions that one indicator has had
	first    map[slo.Source]time.Time // the first bucket with a document, as far as is known
	sweeps   sweeps
	prunedAt time.Time // the hour in which was pruned last
}

// tick is what one call of Count knows.
type tick struct {
	now, end   time.Time
	term       lease.Term
	indicators map[slo.Key]slo.Indicator
	documents  map[slo.Key]slo.Key // of each indicator: that of all documents of its source
	counted    map[slo.Key]Span    // of each indicator; empty periods for new ones
}

// Count counts what is new up to now and reads the last Lookback again. When it
// fails, with ErrNoTelemetry or another error of the source or the store, what it
// could not count is counted by a later call. Nothing of the newest period was
// counted then, except with ErrOlder.
func (c *Counter) Count(ctx context.Context, term lease.Term, set slo.Set, now time.Time) error {
	t := tick{
		now: now, end: c.Timing.BucketEnd(now), term: term,
		indicators: set.Indicators(c.Timing.Bucket), documents: map[slo.Key]slo.Key{}, counted: map[slo.Key]Span{},
	}
	if len(t.indicators) == 0 {
		return nil
	}
	for key, i := range maps.Clone(t.indicators) {
		all := documents(i.Source)
		allKey := all.Key(c.Timing.Bucket)
		t.indicators[allKey], t.documents[key], t.documents[allKey] = all, allKey, allKey
	}
	if err := c.load(ctx, t); err != nil {
		return err
	}
	edge, err := c.forward(ctx, t)
	if err != nil {
		return err
	}
	err = errors.Join(c.sweep(ctx, t, edge), c.backward(ctx, t), c.prune(ctx, t, set))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOlder, err)
	}
	return nil
}

// load fills t.counted. An indicator is new when it never was counted, or so long
// ago that the time since cannot be counted any more.
func (c *Counter) load(ctx context.Context, t tick) error {
	stored, err := c.Store.Counted(ctx)
	if err != nil {
		return fmt.Errorf("read the counted periods: %w", err)
	}
	for key, i := range t.indicators {
		span, ok := stored[key]
		if ok && span.From.Before(span.To) && !span.To.Before(c.refillFrom(t)) {
			t.counted[key] = span
			continue
		}
		first, err := c.firstDocument(ctx, t, i.Source)
		if err != nil {
			return err
		}
		start := later(c.lookback(t.end), first)
		t.counted[key] = Span{start, start}
	}
	return nil
}

func (c *Counter) buckets(n int) time.Duration { return time.Duration(n) * c.Timing.Bucket }
func (c *Counter) refillFrom(t tick) time.Time { return t.end.Add(-c.buckets(maxRefill)) }
func (c *Counter) lookback(to time.Time) time.Time {
	return c.Timing.BucketStart(to.Add(-c.Timing.Lookback))
}

// forward counts from Lookback before what is counted up to the end, after a
// downtime in several chunks. It returns the start of the last one.
func (c *Counter) forward(ctx context.Context, t tick) (edge time.Time, err error) {
	for {
		from := t.end
		for _, span := range t.counted {
			from = earlier(from, c.lookback(span.To))
		}
		chunk := Span{from, earlier(from.Add(c.chunk(t.indicators)), t.end)}
		newest := chunk.To.Equal(t.end)
		parts := map[slo.Key]Span{}
		for key, span := range t.counted {
			if newest || span.To.Before(chunk.To) {
				parts[key] = Span{later(chunk.From, span.From), chunk.To}
			}
		}
		counts, documents, err := c.search(ctx, t, chunk, parts)
		if err != nil {
			return edge, err
		}
		if documents == 0 && newest {
			return edge, ErrNoTelemetry
		}
		c.keepSilent(t, counts, parts)
		if err := c.save(ctx, t, chunk, counts, parts); err != nil {
			return edge, err
		}
		if newest {
			return chunk.From, nil
		}
	}
}

// keepSilent shortens the parts of indicators whose source has no document in what
// was searched: nothing was shipped then, or it was deleted. What had been counted
// before stays.
func (c *Counter) keepSilent(t tick, counts map[slo.Key][]Bucket, parts map[slo.Key]Span) {
	for key, part := range parts {
		if len(counts[t.documents[key]]) > 0 {
			continue
		}
		span := t.counted[key]
		part.From = span.To
		if t.indicators[key].Within > 0 { // its last slice may not have ended before
			part.From = later(span.From, span.To.Add(-c.Timing.Bucket))
		}
		if parts[key] = part; !part.From.Before(part.To) {
			delete(parts, key)
		}
	}
}

// prune deletes what is too old, once an hour.
func (c *Counter) prune(ctx context.Context, t tick, set slo.Set) error {
	hour := t.now.Truncate(c.buckets(60))
	if hour.Equal(c.prunedAt) {
		return nil
	}
	kept := c.buckets(retention)
	for _, o := range set.SLOs {
		kept = max(kept, o.Objective.Window)
		for _, p := range o.Policy.Pairs {
			kept = max(kept, p.Long)
		}
	}
	for _, a := range set.Alerts {
		kept = max(kept, a.When.Within)
	}
	// Whole hours, so that no sum of an hour belongs to half of its minutes.
	minutes := t.end.Add(-kept).Truncate(time.Hour)
	hours := t.now.AddDate(0, -keptMonths, 0).UTC().Truncate(time.Hour)
	if err := c.Store.Prune(ctx, t.term, minutes, hours); err != nil {
		return fmt.Errorf("delete old counts: %w", err)
	}
	c.prunedAt = hour
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
