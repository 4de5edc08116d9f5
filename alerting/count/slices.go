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
// Known regions follow from stored slices, so a search reads no more than Within.
// Therefore a good slice that is added in the past, by a late line or for a new
// indicator, makes its region known in later slices, too: see repairSlices.

// reach is the number of slices that one event makes good.
func (c *Counter) reach(i slo.Indicator) int {
	return int((i.Within + c.Timing.Bucket - 1) / c.Timing.Bucket)
}

// dayStart is the start of the day that contains at.
func (c *Counter) dayStart(at time.Time) time.Time {
	length := c.buckets(day).Milliseconds()
	return time.UnixMilli(at.UnixMilli() / length * length).UTC()
}

// ended is the part of a period whose slices have ended.
func (c *Counter) ended(t tick, period Span) Span {
	return Span{period.From, earlier(period.To, c.Timing.BucketStart(t.now))}
}

// withSlices replaces the counts of indicators with Within by the slices of their
// parts.
func (c *Counter) withSlices(ctx context.Context, t tick, counts map[slo.Key][]Bucket, parts map[slo.Key]Span) (
	map[slo.Key][]Bucket, error) {
	periods := map[slo.Key]Span{}
	for key, part := range parts {
		if t.indicators[key].Within > 0 {
			periods[key] = c.ended(t, part)
		}
	}
	known, err := c.knownRegions(ctx, periods)
	if err != nil {
		return nil, err
	}
	counts = maps.Clone(counts)
	for key, period := range periods {
		counts[key] = c.slices(counts[key], c.reach(t.indicators[key]), period, known[key])
	}
	return counts, nil
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
// each of which makes so many slices good as reach says.
func (c *Counter) slices(events []Bucket, reach int, period Span, known regionsByDay) []Bucket {
	var all []Bucket
	regions := regionsOf(events, known)
	lastEvent, lastGood := map[string]time.Time{}, map[string]time.Time{}
	for at := period.From; at.Before(period.To); at = at.Add(c.Timing.Bucket) {
		for len(events) > 0 && !events[0].At.After(at) {
			lastEvent[events[0].Region] = events[0].At
			events = events[1:]
		}
		today := c.dayStart(at)
		for _, region := range regions {
			event, occurred := lastEvent[region]
			if occurred && at.Before(event.Add(c.buckets(reach))) {
				lastGood[region] = at
				all = append(all, Bucket{at, region, slo.Count{Good: 1}})
				continue
			}
			_, isKnown := known[today][region]
			if last, ok := lastGood[region]; isKnown || ok && !last.Before(today.Add(-c.buckets(day))) {
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

// repairSlices counts the slices after what was saved again where a region has
// become known.
func (c *Counter) repairSlices(ctx context.Context, t tick, saved map[slo.Key]Span) error {
	periods, err := c.incompleteSlices(ctx, t, saved)
	if err != nil || len(periods) == 0 {
		return err
	}
	known, err := c.knownRegions(ctx, periods)
	if err != nil {
		return err
	}
	for key, period := range periods {
		stored, err := c.Store.Between(ctx, key, period)
		if err != nil {
			return fmt.Errorf("read slices: %w", err)
		}
		good := slices.DeleteFunc(stored, func(b Bucket) bool { return b.Good == 0 })
		repaired := map[slo.Key][]Bucket{key: c.slices(good, 1, period, known[key])}
		if err := c.Store.Save(ctx, t.term, Batch{period, repaired}); err != nil {
			return fmt.Errorf("save slices: %w", err)
		}
	}
	return nil
}

// incompleteSlices are the periods after what was saved in which a region has fewer
// slices than it should have.
func (c *Counter) incompleteSlices(ctx context.Context, t tick, saved map[slo.Key]Span) (map[slo.Key]Span, error) {
	var windows []Window // two each: where a region is good, and until when that makes it known
	for key, part := range saved {
		counted := c.ended(t, t.counted[key])
		if t.indicators[key].Within == 0 || !part.To.Before(counted.To) {
			continue
		}
		for at := c.dayStart(part.From); at.Before(part.To); at = at.Add(c.buckets(day)) {
			tomorrow := at.Add(c.buckets(day))
			today := Span{later(at, part.From), earlier(tomorrow, part.To)}
			after := Span{part.To, earlier(tomorrow.Add(c.buckets(day)), counted.To)}
			windows = append(windows, Window{Key: key, Span: today}, Window{Key: key, Span: after})
		}
	}
	periods := map[slo.Key]Span{}
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
