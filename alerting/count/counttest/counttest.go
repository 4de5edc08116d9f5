// Package counttest has a source of events in memory.
package counttest

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"sync"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// Events are equal events of one indicator.
type Events struct {
	At        time.Time
	Arrives   time.Time // when they can be found; zero: always
	Region    string
	Good, Bad int64
}

// Fake is a count.Source in memory, for tests and for a daemon without OpenSearch.
// Its zero value has no events, which is not the same as no telemetry. It is safe
// for concurrent use.
type Fake struct {
	// Now is the time that Arrives is compared with; without it everything has
	// arrived.
	Now func() time.Time

	mu        sync.Mutex
	events    map[slo.Key][]Events // sorted by At; keys of width 0
	sources   map[slo.Key]slo.Source
	telemetry []count.Span
	limited   bool
	err       error
	searches  int
}

// Add adds events of an indicator. Their documents are there, too.
func (f *Fake) Add(i slo.Indicator, events ...Events) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.events == nil {
		f.events, f.sources = map[slo.Key][]Events{}, map[slo.Key]slo.Source{}
	}
	key := i.Key(0)
	f.sources[key] = i.Source
	all := append(f.events[key], events...)
	slices.SortStableFunc(all, func(a, b Events) int { return a.At.Compare(b.At) })
	f.events[key] = all
}

// Telemetry sets the periods for which each source has documents that no indicator
// counts, such as heartbeats: one in each bucket. At first there are some at any
// time; without arguments there are none.
func (f *Fake) Telemetry(periods ...count.Span) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.telemetry, f.limited = periods, true
}

// Fail makes Count and FindEvidence fail with err; nil ends that.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// Searches is how often Count was called.
func (f *Fake) Searches() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.searches
}

// Count implements count.Source.
func (f *Fake) Count(_ context.Context, indicators map[slo.Key]slo.Indicator, period count.Span, width time.Duration) (
	map[slo.Key][]count.Bucket, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.searches++
	if f.err != nil {
		return nil, 0, f.err
	}
	all, ofSource := map[slo.Key][]count.Bucket{}, map[slo.Source][]count.Bucket{}
	documents := int64(0)
	for key, i := range indicators {
		source := slo.Source{Index: i.Source.Index, TimeField: i.Source.TimeField}
		if _, counted := ofSource[source]; !counted {
			ofSource[source] = f.documents(source, period, width)
			for _, b := range ofSource[source] {
				documents += b.Good
			}
		}
		switch {
		case i.Total.All != nil && len(i.Total.All) == 0:
			all[key] = slices.Clone(ofSource[source])
		case !i.Total.IsZero():
			all[key] = buckets(f.arrived(f.events[i.Key(0)], count.Span{From: period.From.Add(-i.Within), To: period.To}), width)
		}
	}
	return all, documents, nil
}

// documents are the events of all indicators of a source and one document in each
// bucket with telemetry, as an indicator without conditions counts them.
func (f *Fake) documents(s slo.Source, period count.Span, width time.Duration) []count.Bucket {
	first := bucketStart(period.From, width)
	n := make([]int64, max(0, (period.To.Sub(first)+width-1)/width))
	for key, events := range f.events {
		if f.sources[key].Index == s.Index && f.sources[key].TimeField == s.TimeField {
			for _, e := range f.arrived(events, period) {
				n[e.At.Sub(first)/width] += e.Good + e.Bad
			}
		}
	}
	telemetry := f.telemetry
	if !f.limited {
		telemetry = []count.Span{period}
	}
	for _, t := range telemetry {
		if !t.From.Before(period.To) || !period.From.Before(t.To) {
			continue // most of them, in a long simulation
		}
		from, to := max(t.From.Sub(first), period.From.Sub(first)), min(t.To.Sub(first), period.To.Sub(first))
		for ; from < to; from = (from/width + 1) * width {
			n[from/width]++
		}
	}
	all := make([]count.Bucket, 0, len(n))
	for b, good := range n {
		if good > 0 {
			all = append(all, count.Bucket{At: first.Add(time.Duration(b) * width), Count: slo.Count{Good: good}})
		}
	}
	return all
}

// arrived are the events of the period that have arrived.
func (f *Fake) arrived(events []Events, period count.Span) []Events {
	first := sort.Search(len(events), func(i int) bool { return !events[i].At.Before(period.From) })
	last := sort.Search(len(events), func(i int) bool { return !events[i].At.Before(period.To) })
	found := make([]Events, 0, max(last-first, 0))
	for i := first; i < last; i++ {
		if f.Now == nil || !events[i].Arrives.After(f.Now()) {
			found = append(found, events[i])
		}
	}
	return found
}

func bucketStart(at time.Time, width time.Duration) time.Time {
	return time.UnixMilli(at.UnixMilli() / width.Milliseconds() * width.Milliseconds()).UTC()
}

func buckets(events []Events, width time.Duration) []count.Bucket {
	all := make([]count.Bucket, len(events))
	for i, e := range events {
		all[i] = count.Bucket{At: bucketStart(e.At, width), Region: e.Region, Count: slo.Count{Good: e.Good, Bad: e.Bad}}
	}
	order := func(a, b count.Bucket) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Region, b.Region)) }
	slices.SortFunc(all, order)
	merged := all[:0]
	for _, b := range all {
		if n := len(merged); n > 0 && order(merged[n-1], b) == 0 {
			merged[n-1].Count = merged[n-1].Plus(b.Count)
		} else {
			merged = append(merged, b)
		}
	}
	return merged
}

// FindEvidence finds none.
func (f *Fake) FindEvidence(context.Context, slo.Indicator, count.Span) (slo.Evidence, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slo.Evidence{}, f.err
}

// Diagnose finds nothing.
func (f *Fake) Diagnose(context.Context, slo.Indicator, count.Span, count.Span) ([]slo.Finding, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return nil, f.err
}
