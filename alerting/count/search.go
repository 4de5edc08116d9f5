package count

import (
	"context"
	"fmt"
	"time"

	"jari.example/alerting/slo"
)

// maxSearchBuckets is how many buckets one search may have. OpenSearch refuses a
// search with more than search.max_buckets, by default 65,535.
const maxSearchBuckets = 48_000

// chunk is the longest period that is counted with one search. Each bucket of a
// region is one of OpenSearch, and one more where bad events are counted. The
// documents of each source have no region.
func (c *Counter) chunk(indicators map[slo.Key]slo.Indicator) time.Duration {
	perBucket, sources := 0, map[slo.Source]bool{}
	for _, i := range indicators {
		sources[documents(i.Source).Source] = true
		perBucket++
		if !i.Bad.IsZero() {
			perBucket++
		}
	}
	perBucket = perBucket*max(c.regions, 2) + len(sources)
	return c.buckets(min(max(maxSearchBuckets/max(perBucket, 1), 1), day))
}

// search counts the indicators that have a part of the period, and all documents of
// their sources.
func (c *Counter) search(ctx context.Context, t tick, period Span, parts map[slo.Key]Span) (map[slo.Key][]Bucket, int64, error) {
	indicators := make(map[slo.Key]slo.Indicator, len(parts))
	for key := range parts {
		indicators[key] = t.indicators[key]
		indicators[t.documents[key]] = t.indicators[t.documents[key]]
	}
	counts, documents, err := c.Source.Count(ctx, indicators, period, c.Timing.Bucket)
	if err != nil {
		return nil, 0, err
	}
	for _, buckets := range counts {
		regions := map[string]bool{}
		for _, b := range buckets {
			regions[b.Region] = true
		}
		c.regions = max(c.regions, len(regions))
	}
	return counts, documents, nil
}

// save stores each indicator's part of what was counted in the period.
func (c *Counter) save(ctx context.Context, t tick, period Span, counts map[slo.Key][]Bucket, parts map[slo.Key]Span) error {
	counts, err := c.withSlices(ctx, t, period, counts, parts)
	if err != nil {
		return err
	}
	if err := c.store(ctx, t, counts, parts); err != nil {
		return err
	}
	return c.repairSlices(ctx, t, parts)
}

// store stores each indicator's part of counts.
func (c *Counter) store(ctx context.Context, t tick, counts map[slo.Key][]Bucket, parts map[slo.Key]Span) error {
	batches := map[[2]int64]Batch{}
	for key, part := range parts {
		id := [2]int64{part.From.UnixMilli(), part.To.UnixMilli()}
		if batches[id].Buckets == nil {
			batches[id] = Batch{part, map[slo.Key][]Bucket{}}
		}
		batches[id].Buckets[key] = within(counts[key], part)
	}
	for _, batch := range batches {
		if err := c.Store.Save(ctx, t.term, batch); err != nil {
			return fmt.Errorf("save counts: %w", err)
		}
		for key := range batch.Buckets {
			if span := t.counted[key]; span.From.Before(span.To) {
				t.counted[key] = span.Union(batch.Span)
			} else {
				t.counted[key] = batch.Span
			}
		}
	}
	return nil
}

// within are the buckets of a period.
func within(buckets []Bucket, period Span) []Bucket {
	var found []Bucket
	for _, b := range buckets {
		if !b.At.Before(period.From) && b.At.Before(period.To) {
			found = append(found, b)
		}
	}
	return found
}
