package count

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jari.example/alerting/slo"
)

// documents is the indicator of all documents of a source. A Counter counts it like
// the others. It tells sweeps where documents were added, a search whether there was
// telemetry of the source, and a time slice whether an event could have been seen.
func documents(s slo.Source) slo.Indicator {
	return slo.Indicator{Source: slo.Source{Index: s.Index, TimeField: s.TimeField}, Total: slo.Condition{All: []slo.Condition{}}}
}

// sweeps is how far sweeping has come.
type sweeps struct {
	at      time.Time  // the bucket in which the last one was made
	source  slo.Source // whose documents were compared last
	changed []Span     // what has to be counted again of its indicators; disjoint
}

// sweep looks for lines that arrived late, once a minute and with one search. Either
// it compares the number of documents in each bucket of one source with the number
// when the bucket was counted, which is cheap, or it counts a period again in which
// there are more. So within 15 minutes of its arrival every line that is up to a day
// late is counted. edge is the end of what sweeps have to cover: the forward search
// counts the rest.
//
// Fewer documents than before do not change a count: they were deleted, and what they
// told stays true.
func (c *Counter) sweep(ctx context.Context, t tick, edge time.Time) error {
	current := c.Timing.BucketStart(t.now)
	if current.Equal(c.sweeps.at) {
		return nil
	}
	c.sweeps.at = current
	if len(c.sweeps.changed) > 0 {
		return c.recount(ctx, t)
	}
	c.sweeps.source = nextSource(t.indicators, c.sweeps.source)
	return c.findChanged(ctx, t, edge)
}

// nextSource is the source whose documents are compared after those of last.
func nextSource(indicators map[slo.Key]slo.Indicator, last slo.Source) slo.Source {
	all := map[slo.Source]bool{}
	for _, i := range indicators {
		all[documents(i.Source).Source] = true
	}
	order := func(a, b slo.Source) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.TimeField, b.TimeField))
	}
	sorted := slices.SortedFunc(maps.Keys(all), order)
	for _, s := range sorted {
		if order(s, last) > 0 {
			return s
		}
	}
	return sorted[0]
}

// ofSource are the indicators whose documents are those of the source that is swept.
func (c *Counter) ofSource(t tick) map[slo.Key]slo.Indicator {
	found := map[slo.Key]slo.Indicator{}
	for key, i := range t.indicators {
		if documents(i.Source).Source == c.sweeps.source {
			found[key] = i
		}
	}
	return found
}

// findChanged finds the periods that have to be counted again, and documents older
// than the first one, back to which is counted.
func (c *Counter) findChanged(ctx context.Context, t tick, edge time.Time) error {
	key := documents(c.sweeps.source).Key(c.Timing.Bucket)
	oldest := c.Timing.BucketStart(t.now).Add(-c.buckets(sweptBuckets))
	period := Span{oldest, edge}
	counts, _, err := c.search(ctx, t, period, map[slo.Key]Span{key: period})
	if err != nil {
		return err
	}
	stored, err := c.Store.Between(ctx, key, period)
	if err != nil {
		return fmt.Errorf("read the numbers of documents: %w", err)
	}
	before := make(map[time.Time]int64, len(stored))
	for _, b := range stored {
		before[b.At] = b.Total()
	}
	reach := 1 // an event makes later slices good, too
	for _, i := range c.ofSource(t) {
		reach = max(reach, c.reach(i))
	}
	for _, b := range counts[key] {
		if b.At.Before(c.first[c.sweeps.source]) {
			c.first[c.sweeps.source] = b.At
		}
		if !b.At.Before(t.counted[key].From) && b.Total() > before[b.At] {
			c.addChanged(Span{b.At, earlier(b.At.Add(c.buckets(reach+c.reported()-1)), edge)})
		}
	}
	return nil
}

// addChanged adds a period, which begins after those that were added before.
func (c *Counter) addChanged(period Span) {
	if n := len(c.sweeps.changed) - 1; n >= 0 && period.Touches(c.sweeps.changed[n]) {
		c.sweeps.changed[n] = period.Union(c.sweeps.changed[n])
		return
	}
	c.sweeps.changed = append(c.sweeps.changed, period)
}

// recount counts again as much of what has changed as one search can.
func (c *Counter) recount(ctx context.Context, t tick) error {
	indicators := c.ofSource(t)
	chunk := c.sweeps.changed[0]
	limit := chunk.From.Add(c.chunk(indicators))
	for _, period := range c.sweeps.changed {
		if period.From.Before(limit) {
			chunk.To = earlier(period.To, limit)
		}
	}
	parts := map[slo.Key]Span{}
	for key := range indicators {
		if span := t.counted[key]; span.From.Before(chunk.To) {
			parts[key] = Span{later(chunk.From, span.From), chunk.To}
		}
	}
	counts, found, err := c.search(ctx, t, chunk, parts)
	if err != nil {
		return err
	}
	if found > 0 {
		if err := c.save(ctx, t, chunk, counts, parts); err != nil {
			return err
		}
	}
	var left []Span
	for _, period := range c.sweeps.changed {
		if period.To.After(chunk.To) {
			left = append(left, Span{later(period.From, chunk.To), period.To})
		}
	}
	c.sweeps.changed = left
	return nil
}
