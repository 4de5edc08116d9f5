package count

import (
	"context"
	"fmt"
	"time"

	"jari.example/alerting/slo"
)

// documents is the indicator of all documents of a source. A Counter counts it like
// the others, so that sweeps can tell where documents were added.
func documents(s slo.Source) slo.Indicator {
	return slo.Indicator{Source: slo.Source{Index: s.Index, TimeField: s.TimeField}, Total: slo.Condition{All: []slo.Condition{}}}
}

// sweep looks for lines that arrived late, once a minute and with one search. Either
// it compares the number of documents in each bucket with the number when the bucket
// was counted, which is cheap, or it counts a period again in which there are more.
// So within 15 minutes of its arrival every line that is up to a day late is counted.
// edge is the end of what sweeps have to cover: the forward search counts the rest.
//
// Fewer documents than before do not change a count: they were deleted, and what they
// told stays true.
func (c *Counter) sweep(ctx context.Context, t tick, edge time.Time) error {
	current := c.Timing.BucketStart(t.now)
	if current.Equal(c.sweptAt) {
		return nil
	}
	c.sweptAt = current
	if len(c.changed) > 0 {
		return c.recount(ctx, t)
	}
	return c.findChanged(ctx, t, edge)
}

// findChanged finds the periods that have to be counted again.
func (c *Counter) findChanged(ctx context.Context, t tick, edge time.Time) error {
	oldest := c.Timing.BucketStart(t.now).Add(-c.buckets(sweptBuckets))
	period, parts, reach := Span{edge, edge}, map[slo.Key]Span{}, 1
	for key, i := range t.indicators {
		reach = max(reach, c.reach(i))
		if part := (Span{later(oldest, t.counted[key].From), edge}); i.Total.All != nil && len(i.Total.All) == 0 && part.From.Before(edge) {
			parts[key] = part
			period = period.Union(part)
		}
	}
	if len(parts) == 0 {
		return nil
	}
	counts, _, err := c.search(ctx, t, period, parts)
	if err != nil {
		return err
	}
	for key, part := range parts {
		stored, err := c.Store.Between(ctx, key, part)
		if err != nil {
			return fmt.Errorf("read the counts of documents: %w", err)
		}
		before := map[time.Time]int64{}
		for _, b := range stored {
			before[b.At] = b.Total()
		}
		for _, b := range within(counts[key], part) {
			if b.Total() > before[b.At] {
				// An event makes later slices good, too.
				c.addChanged(Span{b.At, earlier(b.At.Add(c.buckets(reach)), edge)})
			}
		}
	}
	return nil
}

// addChanged adds a period to those that have to be counted again, which are disjoint.
func (c *Counter) addChanged(period Span) {
	var all []Span
	for _, other := range c.changed {
		if period.Touches(other) {
			period = period.Union(other)
		} else {
			all = append(all, other)
		}
	}
	c.changed = append(all, period)
}

// recount counts again as much of what has changed as one search can.
func (c *Counter) recount(ctx context.Context, t tick) error {
	first := c.changed[0]
	for _, period := range c.changed {
		if period.From.Before(first.From) {
			first = period
		}
	}
	chunk, limit := first, first.From.Add(c.chunk(t.indicators))
	for _, period := range c.changed {
		if period.From.Before(limit) {
			chunk.To = later(chunk.To, period.To)
		}
	}
	chunk.To = earlier(chunk.To, limit)
	parts := map[slo.Key]Span{}
	for key, span := range t.counted {
		if span.From.Before(chunk.To) {
			parts[key] = Span{later(chunk.From, span.From), chunk.To}
		}
	}
	counts, found, err := c.search(ctx, t, chunk, parts)
	if err != nil {
		return err
	}
	if found > 0 {
		if err := c.save(ctx, t, counts, parts); err != nil {
			return err
		}
	}
	var left []Span
	for _, period := range c.changed {
		if period.To.After(chunk.To) {
			left = append(left, Span{later(period.From, chunk.To), period.To})
		}
	}
	c.changed = left
	return nil
}
