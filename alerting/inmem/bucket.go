package inmem

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sort"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// series is what was counted of one indicator.
type series struct {
	counted count.Span
	regions map[string][]row
	hours   map[string]map[time.Time]slo.Count
}

// row is a bucket with events, and the sum of it and of all rows before it. The
// rows of a region are sorted by time. Only differences of sums have a meaning:
// rows that were pruned stay in the sums of later ones.
type row struct {
	at time.Time
	slo.Count
	sum slo.Count
}

// Counted implements count.Store.
func (s *Store) Counted(context.Context) (map[slo.Key]count.Span, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[slo.Key]count.Span{}
	for key, one := range s.series {
		all[key] = one.counted
	}
	return all, nil
}

// Save implements count.Store.
func (s *Store) Save(_ context.Context, term lease.Term, b count.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	for key, buckets := range b.Buckets {
		one := s.series[key]
		if one == nil {
			one = &series{counted: b.Span, hours: map[string]map[time.Time]slo.Count{}}
			s.series[key] = one
		}
		if one.counted.Touches(b.Span) {
			one.counted = one.counted.Union(b.Span)
		} else {
			one.counted, one.regions = b.Span, nil
		}
		one.replace(b.Span, buckets)
	}
	return nil
}

func (s *series) replace(period count.Span, buckets []count.Bucket) {
	fresh := map[string][]row{}
	for _, b := range buckets {
		if b.Total() > 0 {
			fresh[b.Region] = append(fresh[b.Region], row{at: b.At, Count: b.Count})
		}
	}
	if s.regions == nil {
		s.regions = map[string][]row{}
	}
	for region := range s.regions {
		if _, ok := fresh[region]; !ok {
			fresh[region] = nil
		}
	}
	for region, rows := range fresh {
		s.regions[region] = replaceRows(s.regions[region], period, rows)
		s.sumHours(region, period)
	}
}

// replaceRows replaces the rows of the period. The sums are computed anew from
// the first row that differs.
func replaceRows(rows []row, period count.Span, fresh []row) []row {
	first, last := search(rows, period.From), search(rows, period.To)
	same := 0
	for same < len(fresh) && first+same < last && rows[first+same].at.Equal(fresh[same].at) && rows[first+same].Count == fresh[same].Count {
		same++
	}
	if same == len(fresh) && first+same == last {
		return rows
	}
	first += same
	rows = slices.Replace(rows, first, last, fresh[same:]...)
	sum := slo.Count{}
	if first > 0 {
		sum = rows[first-1].sum
	}
	for i := first; i < len(rows); i++ {
		sum = sum.Plus(rows[i].Count)
		rows[i].sum = sum
	}
	return rows
}

// sumHours adds up the hours that the period touches.
func (s *series) sumHours(region string, period count.Span) {
	if s.hours[region] == nil {
		s.hours[region] = map[time.Time]slo.Count{}
	}
	rows := s.regions[region]
	for hour := period.From.Truncate(time.Hour); hour.Before(period.To); hour = hour.Add(time.Hour) {
		sum := between(rows, count.Span{From: hour, To: hour.Add(time.Hour)})
		if sum.Total() == 0 {
			delete(s.hours[region], hour)
		} else {
			s.hours[region][hour] = sum
		}
	}
}

// search returns the index of the first row at or after at.
func search(rows []row, at time.Time) int {
	return sort.Search(len(rows), func(i int) bool { return !rows[i].at.Before(at) })
}

// before is the sum of all rows before the row i, which may be the end.
func before(rows []row, i int) slo.Count {
	switch {
	case i > 0:
		return rows[i-1].sum
	case len(rows) > 0:
		return rows[0].sum.Minus(rows[0].Count)
	}
	return slo.Count{}
}

func between(rows []row, period count.Span) slo.Count {
	return before(rows, search(rows, period.To)).Minus(before(rows, search(rows, period.From)))
}

// Prune implements count.Store.
func (s *Store) Prune(_ context.Context, term lease.Term, minutes, hours time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if term != s.term {
		return lease.ErrLost
	}
	for key, one := range s.series {
		for region, rows := range one.regions {
			one.regions[region] = slices.Delete(rows, 0, search(rows, minutes))
		}
		left := 0
		for _, sums := range one.hours {
			maps.DeleteFunc(sums, func(at time.Time, _ slo.Count) bool { return at.Before(hours) })
			left += len(sums)
		}
		if one.counted.From.Before(minutes) {
			one.counted.From = minutes
		}
		if !one.counted.From.Before(one.counted.To) && left == 0 {
			delete(s.series, key)
		}
	}
	return nil
}

// Sums implements count.Store.
func (s *Store) Sums(_ context.Context, windows []count.Window) ([]count.Sum, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums := make([]count.Sum, len(windows))
	for i, w := range windows {
		if one := s.series[w.Key]; one != nil && w.From.Before(w.To) {
			sums[i] = one.sum(w)
		}
	}
	return sums, nil
}

func (s *series) sum(w count.Window) count.Sum {
	sum := count.Sum{}
	for region, rows := range s.regions {
		c := between(rows, w.Span)
		if c.Total() == 0 {
			continue
		}
		if sum.Regions == nil {
			sum.Regions = map[string]slo.Count{}
		}
		sum.Regions[region] = c
		sum.Count = sum.Plus(c)
		if !w.Detail {
			continue
		}
		end := search(rows, w.To)
		sum.LastEvent = later(sum.LastEvent, rows[end-1].at)
		if c.Bad > 0 {
			// The sum of bad events reaches its value at the end with the last bad row.
			bad := sort.Search(end, func(i int) bool { return rows[i].sum.Bad >= rows[end-1].sum.Bad })
			sum.LastBad = later(sum.LastBad, rows[bad].at)
		}
	}
	if !w.Detail {
		return sum
	}
	sum.GoodAfterLastBad = sum.Good
	if !sum.LastBad.IsZero() {
		for region := range sum.Regions {
			untilLastBad := count.Span{From: w.From, To: sum.LastBad.Add(1)}
			sum.GoodAfterLastBad -= between(s.regions[region], untilLastBad).Good
		}
	}
	return sum
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Between implements count.Store.
func (s *Store) Between(_ context.Context, key slo.Key, period count.Span) ([]count.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.series[key]
	if one == nil || !period.From.Before(period.To) {
		return nil, nil
	}
	var all []count.Bucket
	for region, rows := range one.regions {
		for _, r := range rows[search(rows, period.From):search(rows, period.To)] {
			all = append(all, count.Bucket{At: r.at, Region: region, Count: r.Count})
		}
	}
	sortBuckets(all)
	return all, nil
}

// Hours implements count.Store.
func (s *Store) Hours(_ context.Context, key slo.Key, period count.Span) ([]count.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.series[key]
	if one == nil {
		return nil, nil
	}
	var all []count.Bucket
	for region, sums := range one.hours {
		for at, c := range sums {
			if !at.Before(period.From) && at.Before(period.To) {
				all = append(all, count.Bucket{At: at, Region: region, Count: c})
			}
		}
	}
	sortBuckets(all)
	return all, nil
}

func sortBuckets(all []count.Bucket) {
	slices.SortFunc(all, func(a, b count.Bucket) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Region, b.Region))
	})
}
