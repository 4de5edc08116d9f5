package count

import (
	"context"
	"time"

	"jari.example/alerting/slo"
)

// backward counts one chunk before what is counted of the indicators that are not
// complete, as far as there are documents.
func (c *Counter) backward(ctx context.Context, t tick) error {
	start, incomplete := map[slo.Key]time.Time{}, map[slo.Key]slo.Indicator{}
	var end time.Time
	for key, i := range t.indicators {
		limit := c.refillFrom(t)
		if !limit.Before(t.counted[key].From) {
			continue
		}
		first, err := c.firstDocument(ctx, t, i.Source)
		if err != nil {
			return err
		}
		if limit = later(limit, first); limit.Before(t.counted[key].From) {
			start[key], incomplete[key] = limit, i
			end = later(end, t.counted[key].From)
		}
	}
	if len(incomplete) == 0 {
		return nil
	}
	chunk := Span{end.Add(-c.chunk(incomplete)), end}
	parts := map[slo.Key]Span{}
	for key := range incomplete {
		if from := later(chunk.From, start[key]); from.Before(t.counted[key].From) {
			parts[key] = Span{from, t.counted[key].From}
		}
	}
	counts, _, err := c.search(ctx, t, chunk, parts)
	if err != nil {
		return err
	}
	return c.save(ctx, t, chunk, counts, parts)
}

// firstDocument returns the start of the first bucket since which the source has
// documents, at most maxRefill ago; the current bucket without any. It searches for
// it once. A document that arrives later and is older is found by a sweep.
func (c *Counter) firstDocument(ctx context.Context, t tick, source slo.Source) (time.Time, error) {
	source = documents(source).Source
	if first, ok := c.first[source]; ok {
		return first, nil
	}
	first, err := c.searchFirst(ctx, source, Span{c.refillFrom(t), c.Timing.BucketStart(t.now)})
	if err != nil {
		return time.Time{}, err
	}
	if c.first == nil {
		c.first = map[slo.Source]time.Time{}
	}
	c.first[source] = first
	return first, nil
}

// searchFirst bisects the period: it returns the start of the first bucket with a
// document, or its end.
func (c *Counter) searchFirst(ctx context.Context, source slo.Source, period Span) (time.Time, error) {
	// A zero condition holds for no event, so only documents are counted.
	probe := map[slo.Key]slo.Indicator{"": {Source: source}}
	for until := period.To; period.From.Before(period.To); {
		_, documents, err := c.Source.Count(ctx, probe, Span{period.From, until}, c.buckets(maxRefill))
		if err != nil {
			return time.Time{}, err
		}
		if documents == 0 {
			period.From = until
		} else {
			period.To = until.Add(-c.Timing.Bucket)
		}
		until = c.Timing.BucketStart(period.From.Add(period.To.Sub(period.From) / 2)).Add(c.Timing.Bucket)
	}
	return period.From, nil
}
