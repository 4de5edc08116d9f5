package count

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"jari.example/alerting/slo"
)

// A time slice is a bucket of an indicator with Within. It counts as one good event
// when an event occurred in it or in the buckets before it that Within reaches, else
// as one bad event. Slices are counted per region that is known: one that had a good
// slice on the same day (UTC, divided by the time scale) or the day before. While no
// region is known, nothing counts: a system that was just installed has not sent
// events yet. That nothing ever comes is what an alert on absent events is for. A
// slice counts when it has ended.
//
// A slice without an event is unknown, and not stored, when nobody could have seen
// one: it is bad only if its source has a document in it and in the first bucket that
// Within reaches. Metrics come every ten seconds: where a time scale makes buckets shorter,
// a document counts for the buckets of the ten seconds after it, too. So a time when everything was off spends no budget, and neither do
// the first minutes after it. This is one number of documents per source and not per
// region: that one region alone is silent is a fault, which slices count and of which
// an alert on absent heartbeats notifies.
//
// Known regions and documents before a period follow from what is stored, so a search
// reads no more than Within. Therefore a good slice or a document that is added in the
// past, by a late line or for a new indicator, changes later slices: see repairSlices.

// reach is the number of slices that one event makes good.
func (c *Counter) reach(i slo.Indicator) int {
	return int((i.Within + c.Timing.Bucket - 1) / c.Timing.Bucket)
}

// dayStart is the start of the day that contains at.
func (c *Counter) dayStart(at time.Time) time.Time {
	length := c.buckets(day).Milliseconds()
	return time.UnixMilli(at.UnixMilli() / length * length).UTC()
}

// reportInterval is how often a process sends its metrics (telemetry).
const reportInterval = 10 * time.Second

// reported is the number of buckets in which a source that works has a document: 1 unless a
// time scale makes buckets shorter than reportInterval.
func (c *Counter) reported() int {
	return int((reportInterval + c.Timing.Bucket - 1) / c.Timing.Bucket)
}

// ended is the part of a period whose slices have ended.
func (c *Counter) ended(t tick, period Span) Span {
	return Span{period.From, earlier(period.To, c.Timing.BucketStart(t.now))}
}

// withSlices replaces the counts of indicators with Within, which were searched for a
// period, by the slices of their parts.
func (c *Counter) withSlices(ctx context.Context, t tick, searched Span, counts map[slo.Key][]Bucket, parts map[slo.Key]Span) (
	map[slo.Key][]Bucket, error) {
	periods, before := map[slo.Key]Span{}, map[slo.Key]Span{}
	for key, part := range parts {
		if t.indicators[key].Within > 0 {
			periods[key], before[key] = c.ended(t, part), Span{searched.From, searched.From}
		}
	}
	known, err := c.knownRegions(ctx, periods)
	if err != nil {
		return nil, err
	}
	documents, err := c.storedDocuments(ctx, t, before)
	if err != nil {
		return nil, err
	}
	for key := range documents {
		documents[key].add(counts[key])
	}
	counts = maps.Clone(counts)
	for key, period := range periods {
		reach := c.reach(t.indicators[key])
		counts[key] = c.slices(counts[key], reach, period, known[key], c.visible(documents[t.documents[key]], reach))
	}
	return counts, nil
}

// times are the starts of buckets.
type times map[time.Time]bool

func (t times) add(buckets []Bucket) {
	for _, b := range buckets {
		t[b.At] = true
	}
}

// storedDocuments are the buckets of the periods of indicators, and of the time before
// them that Within reaches, in which a document is stored; by the key of the documents
// of a source.
func (c *Counter) storedDocuments(ctx context.Context, t tick, periods map[slo.Key]Span) (map[slo.Key]times, error) {
	read := map[slo.Key]Span{}
	for key, period := range periods {
		period.From = period.From.Add(-c.buckets(c.reach(t.indicators[key]) + c.reported() - 2))
		if other, ok := read[t.documents[key]]; ok {
			period = period.Union(other)
		}
		read[t.documents[key]] = period
	}
	found := map[slo.Key]times{}
	for key, period := range read {
		found[key] = times{}
		if !period.From.Before(period.To) {
			continue
		}
		stored, err := c.Store.Between(ctx, key, period)
		if err != nil {
			return nil, fmt.Errorf("read the numbers of documents: %w", err)
		}
		found[key].add(stored)
	}
	return found, nil
}

// visible reports of a slice whether an event of it could have been seen.
func (c *Counter) visible(documents times, reach int) func(at time.Time) bool {
	first := c.buckets(reach - 1)
	seen := func(at time.Time) bool {
		for n := range c.reported() {
			if documents[at.Add(-c.buckets(n))] {
				return true
			}
		}
		return false
	}
	return func(at time.Time) bool { return seen(at) && seen(at.Add(-first)) }
}

// regionsByDay are the regions that are known from before a period, by the day for
// which they are.
type regionsByDay map[time.Time]map[string]slo.Count

func (c *Counter) knownRegions(ctx context.Context, periods map[slo.Key]Span) (map[slo.Key]regionsByDay, error) {
	var windows []Window
	var days []time.Time
	for key, period := range periods {
		for at := c.dayStart(period.From); at.Before(period.To); at = at.Add(c.buckets(day)) {
			windows = append(windows, Window{Key: key, Span: Span{at.Add(-c.buckets(day)), period.From}})
			days = append(days, at)
		}
	}
	known := map[slo.Key]regionsByDay{}
	if len(windows) == 0 {
		return known, nil
	}
	sums, err := c.Store.Sums(ctx, windows)
	if err != nil {
		return nil, fmt.Errorf("read the known regions: %w", err)
	}
	for i, sum := range sums {
		if known[windows[i].Key] == nil {
			known[windows[i].Key] = regionsByDay{}
		}
		maps.DeleteFunc(sum.Regions, func(_ string, n slo.Count) bool { return n.Good == 0 })
		known[windows[i].Key][days[i]] = sum.Regions
	}
	return known, nil
}

// slices derives the slices of a period from buckets with events, sorted by time,
// each of which makes so many slices good as reach says. Others are bad where visible.
func (c *Counter) slices(events []Bucket, reach int, period Span, known regionsByDay, visible func(time.Time) bool) []Bucket {
	var all []Bucket
	regions := regionsOf(events, known)
	lastEvent, lastGood := map[string]time.Time{}, map[string]time.Time{}
	for at := period.From; at.Before(period.To); at = at.Add(c.Timing.Bucket) {
		for len(events) > 0 && !events[0].At.After(at) {
			lastEvent[events[0].Region] = events[0].At
			events = events[1:]
		}
		today, visible := c.dayStart(at), visible(at)
		for _, region := range regions {
			event, occurred := lastEvent[region]
			if occurred && at.Before(event.Add(c.buckets(reach))) {
				lastGood[region] = at
				all = append(all, Bucket{at, region, slo.Count{Good: 1}})
				continue
			}
			_, isKnown := known[today][region]
			if last, ok := lastGood[region]; visible && (isKnown || ok && !last.Before(today.Add(-c.buckets(day)))) {
				all = append(all, Bucket{at, region, slo.Count{Bad: 1}})
			}
		}
	}
	return all
}

// regionsOf are the regions with events and those that are known, sorted.
func regionsOf(events []Bucket, known regionsByDay) []string {
	all := map[string]bool{}
	for _, b := range events {
		all[b.Region] = true
	}
	for _, regions := range known {
		for region := range regions {
			all[region] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// repairSlices counts the slices after what was saved again where a region has become
// known, or where what was saved has their first bucket.
func (c *Counter) repairSlices(ctx context.Context, t tick, saved map[slo.Key]Span) error {
	periods, err := c.incompleteSlices(ctx, t, saved)
	if err != nil || len(periods) == 0 {
		return err
	}
	known, err := c.knownRegions(ctx, periods)
	if err != nil {
		return err
	}
	documents, err := c.storedDocuments(ctx, t, periods)
	if err != nil {
		return err
	}
	repaired := map[slo.Key][]Bucket{}
	for key, period := range periods {
		stored, err := c.Store.Between(ctx, key, period)
		if err != nil {
			return fmt.Errorf("read slices: %w", err)
		}
		good := slices.DeleteFunc(stored, func(b Bucket) bool { return b.Good == 0 })
		visible := c.visible(documents[t.documents[key]], c.reach(t.indicators[key]))
		repaired[key] = c.slices(good, 1, period, known[key], visible)
	}
	return c.store(ctx, t, repaired, periods)
}

// incompleteSlices are the periods after what was saved in which slices may be missing:
// those whose first bucket was saved, and those of a region with fewer than one each.
func (c *Counter) incompleteSlices(ctx context.Context, t tick, saved map[slo.Key]Span) (map[slo.Key]Span, error) {
	periods := map[slo.Key]Span{}
	var windows []Window // two each: where a region is good, and until when that makes it known
	for key, part := range saved {
		counted := c.ended(t, t.counted[key])
		if t.indicators[key].Within == 0 || !part.To.Before(counted.To) {
			continue
		}
		if others := c.reach(t.indicators[key]) + c.reported() - 2; others > 0 {
			periods[key] = Span{part.To, earlier(part.To.Add(c.buckets(others)), counted.To)}
		}
		for at := c.dayStart(part.From); at.Before(part.To); at = at.Add(c.buckets(day)) {
			tomorrow := at.Add(c.buckets(day))
			today := Span{later(at, part.From), earlier(tomorrow, part.To)}
			after := Span{part.To, earlier(tomorrow.Add(c.buckets(day)), counted.To)}
			windows = append(windows, Window{Key: key, Span: today}, Window{Key: key, Span: after})
		}
	}
	if len(windows) == 0 {
		return periods, nil
	}
	sums, err := c.Store.Sums(ctx, windows)
	if err != nil {
		return nil, fmt.Errorf("read the sums of slices: %w", err)
	}
	for i := 0; i < len(sums); i += 2 {
		after := windows[i+1]
		for region, today := range sums[i].Regions {
			if n := int64(after.To.Sub(after.From) / c.Timing.Bucket); today.Good > 0 && sums[i+1].Regions[region].Total() < n {
				periods[after.Key] = Span{after.From, later(after.To, periods[after.Key].To)}
			}
		}
	}
	return periods, nil
}
