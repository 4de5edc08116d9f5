package count

import (
	"context"
	"time"

	"jari.example/alerting/slo"
)

// A rotation of sweeps counts everything older again that may have changed. It begins
// with what a line can be about that arrived after the previous rotation began and
// was a day late, so an outage of the daemon or of the source makes it longer.
type rotation struct {
	previous time.Time // when the previous rotation began
	began    time.Time
	at       time.Time // up to where it has come
}

// sweep counts a part of the older buckets again, once a minute, so that within 15
// minutes of its arrival every line that is up to a day late is counted. edge is
// the end of what sweeps have to cover: the forward search counts the rest.
func (c *Counter) sweep(ctx context.Context, t tick, edge time.Time) error {
	current := c.Timing.BucketStart(t.now)
	if current.Equal(c.sweptAt) {
		return nil
	}
	c.sweptAt = current
	if c.rotation.began.IsZero() {
		c.rotation = rotation{previous: t.lastCounted.Add(-c.buckets(sweepMinutes)), began: current}
	}
	oldest := edge
	for _, span := range t.counted {
		oldest = earlier(oldest, span.From)
	}
	oldest = later(oldest, c.Timing.BucketStart(c.rotation.previous.Add(-c.buckets(day))))
	from := later(c.rotation.at, oldest)
	end := earlier(from.Add(c.buckets(sweepPart)), edge)
	for from.Before(end) {
		chunk := Span{from, earlier(from.Add(c.chunk(t.indicators)), end)}
		parts := map[slo.Key]Span{}
		for key, span := range t.counted {
			if span.From.Before(chunk.To) {
				parts[key] = Span{later(chunk.From, span.From), chunk.To}
			}
		}
		counts, documents, err := c.search(ctx, t, chunk, parts)
		if err != nil {
			return err
		}
		if documents > 0 { // else the index was deleted: what was counted stays
			if err := c.save(ctx, t, counts, parts); err != nil {
				return err
			}
		}
		from = chunk.To
		c.rotation.at = from
	}
	if !from.Before(edge) {
		c.rotation = rotation{previous: c.rotation.began, began: current.Add(c.Timing.Bucket)}
	}
	return nil
}

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
	current := c.Timing.BucketStart(t.now)
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
