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
	return c.save(ctx, t, counts, parts)
}

// recheck is after how many buckets firstDocument looks for older documents again,
// which may have arrived late.
const recheck = 10

// beginning is when the documents of a source begin, as far as is known.
type beginning struct{ at, checked time.Time }

// firstDocument returns the start of the first bucket since which the source has
// documents, at most maxRefill ago; the current bucket without any.
func (c *Counter) firstDocument(ctx context.Context, t tick, source slo.Source) (time.Time, error) {
	source, current := documents(source).Source, c.Timing.BucketStart(t.now)
	known, ok := c.first[source]
	if ok && current.Sub(known.checked) < c.buckets(recheck) {
		return known.at, nil
	}
	if !ok {
		known.at = current
	}
	first, err := c.searchFirst(ctx, source, Span{c.refillFrom(t), known.at})
	if err != nil {
		return time.Time{}, err
	}
	if c.first == nil {
		c.first = map[slo.Source]beginning{}
	}
	c.first[source] = beginning{first, current}
	return first, nil
}

// searchFirst bisects the period: it returns the start of the first bucket with a
// document, or its end. Usually there is none, which one search tells.
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
