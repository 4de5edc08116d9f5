package storetest

import (
	"cmp"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

func runBuckets(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(*testing.T, Store, lease.Term){
		"sums, details and hours equal a plain addition after any buckets changed": sumsEqualAddition,
		"counting again changes only the indicators of the batch":                  onlyTheBatch,
		"a counted period grows at both ends":                                      grows,
		"a batch after a gap replaces what was counted":                            gap,
		"pruning deletes old buckets and keeps sums and hours":                     prune,
		"an indicator that was never counted has no events":                        neverCounted,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			term, ok, err := s.Acquire(t.Context(), "me", time.Minute)
			if err != nil || !ok {
				t.Fatalf("acquire: %v %v", ok, err)
			}
			test(t, s, term)
		})
	}
}

// place is where an event is counted.
type place struct {
	minute int
	region string
}

// model is what one indicator should have counted.
type model map[place]slo.Count

func span(from, to int) count.Span { return count.Span{From: at(from), To: at(to)} }

// change replaces some minutes of a period by random ones, and returns all of it.
func (m model) change(rnd *rand.Rand, from, to int) []count.Bucket {
	var all []count.Bucket
	for minute := from; minute < to; minute++ {
		for _, region := range []string{"", "kr", "us"} {
			p := place{minute, region}
			if rnd.IntN(4) == 0 {
				delete(m, p)
			}
			if rnd.IntN(8) == 0 {
				m[p] = slo.Count{Good: 1 + rnd.Int64N(50), Bad: max(rnd.Int64N(5)-2, 0)}
			}
			if c, ok := m[p]; ok {
				all = append(all, count.Bucket{At: at(minute), Region: region, Count: c})
			}
		}
	}
	return all
}

// sum adds up the minutes of a period.
func (m model) sum(from, to int, detail bool) count.Sum {
	sum, lastEvent, lastBad := count.Sum{}, -1000, -1000
	for p, c := range m {
		if p.minute < from || p.minute >= to {
			continue
		}
		if sum.Regions == nil {
			sum.Regions = map[string]slo.Count{}
		}
		sum.Count = sum.Plus(c)
		sum.Regions[p.region] = sum.Regions[p.region].Plus(c)
		lastEvent = max(lastEvent, p.minute)
		if c.Bad > 0 {
			lastBad = max(lastBad, p.minute)
		}
	}
	if !detail || len(sum.Regions) == 0 {
		return sum
	}
	sum.LastEvent = at(lastEvent)
	if lastBad >= from {
		sum.LastBad = at(lastBad)
	}
	for p, c := range m {
		if p.minute > lastBad && p.minute >= from && p.minute < to {
			sum.GoodAfterLastBad += c.Good
		}
	}
	return sum
}

// buckets are the minutes of a period, or its hours.
func (m model) buckets(from, to int, width time.Duration) []count.Bucket {
	counts := map[count.Bucket]slo.Count{}
	for p, c := range m {
		if start := at(p.minute).Truncate(width); !start.Before(at(from)) && start.Before(at(to)) {
			b := count.Bucket{At: start, Region: p.region}
			counts[b] = counts[b].Plus(c)
		}
	}
	var all []count.Bucket
	for b, c := range counts {
		b.Count = c
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b count.Bucket) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Region, b.Region))
	})
	return all
}

func sumsEqualAddition(t *testing.T, s Store, term lease.Term) {
	ctx, rnd := t.Context(), rand.New(rand.NewPCG(1, 2))
	models := map[slo.Key]model{"a": {}, "b": {}}
	counted := count.Span{From: at(100), To: at(100)}
	for range 40 {
		// Any period that touches the counted one is counted again.
		first, last := int(counted.From.Sub(origin)/minute), int(counted.To.Sub(origin)/minute)
		from := first - 10 + rnd.IntN(last-first+11)
		to := max(first, from+1+rnd.IntN(40))
		counted = counted.Union(span(from, to))
		batch := count.Batch{Span: span(from, to), Buckets: map[slo.Key][]count.Bucket{}}
		for key, m := range models {
			batch.Buckets[key] = m.change(rnd, from, to)
		}
		must(t, s.Save(ctx, term, batch))
		checkModels(t, s, models, rnd)
	}
	got, err := s.Counted(ctx)
	must(t, err)
	if want := map[slo.Key]count.Span{"a": counted, "b": counted}; !reflect.DeepEqual(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// checkModels compares random windows.
func checkModels(t *testing.T, s Store, models map[slo.Key]model, rnd *rand.Rand) {
	t.Helper()
	var windows []count.Window
	var want []count.Sum
	for range 10 {
		for key, m := range models {
			from, detail := rnd.IntN(200), rnd.IntN(2) == 0
			to := from + rnd.IntN(100) - 5
			windows = append(windows, count.Window{Key: key, Span: span(from, to), Detail: detail})
			want = append(want, m.sum(from, to, detail))
		}
	}
	got, err := s.Sums(t.Context(), windows)
	must(t, err)
	for i, w := range windows {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("%s %v, detail %v:\ngot  %+v\nwant %+v", w.Key, w.Span, w.Detail, got[i], want[i])
		}
	}
	for key, m := range models {
		minutes, err := s.Between(t.Context(), key, span(50, 150))
		must(t, err)
		if want := m.buckets(50, 150, minute); !slices.Equal(minutes, want) {
			t.Fatalf("%s by minute:\ngot  %v\nwant %v", key, minutes, want)
		}
		hours, err := s.Hours(t.Context(), key, span(0, 240))
		must(t, err)
		if want := m.buckets(0, 240, time.Hour); !slices.Equal(hours, want) {
			t.Fatalf("%s by hour:\ngot  %v\nwant %v", key, hours, want)
		}
	}
}

func good(minute int, n int64) count.Bucket {
	return count.Bucket{At: at(minute), Count: slo.Count{Good: n}}
}

func batch(from, to int, key slo.Key, buckets ...count.Bucket) count.Batch {
	return count.Batch{Span: span(from, to), Buckets: map[slo.Key][]count.Bucket{key: buckets}}
}

func onlyTheBatch(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Save(ctx, term, batch(0, 10, "a", good(3, 1))))
	must(t, s.Save(ctx, term, batch(0, 10, "b", good(3, 1))))
	must(t, s.Save(ctx, term, batch(0, 10, "b")))
	sums, err := s.Sums(ctx, []count.Window{{Key: "a", Span: span(0, 10)}, {Key: "b", Span: span(0, 10)}})
	must(t, err)
	if sums[0].Good != 1 || sums[1].Good != 0 {
		t.Errorf("got %v", sums)
	}
}

func grows(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	for _, b := range []count.Batch{
		batch(20, 30, "a", good(25, 1)), batch(30, 31, "a"), batch(10, 20, "a", good(15, 2)), batch(12, 25, "a", good(13, 4)),
	} {
		must(t, s.Save(ctx, term, b))
	}
	counted, err := s.Counted(ctx)
	must(t, err)
	sums, err := s.Sums(ctx, []count.Window{{Key: "a", Span: span(0, 40)}})
	must(t, err)
	if counted["a"] != span(10, 31) || sums[0].Good != 5 {
		t.Errorf("counted %v with %v", counted, sums)
	}
}

func gap(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Save(ctx, term, batch(0, 10, "a", good(3, 1))))
	must(t, s.Save(ctx, term, batch(11, 20, "a", good(12, 2))))
	counted, err := s.Counted(ctx)
	must(t, err)
	left, err := s.Between(ctx, "a", span(0, 40))
	must(t, err)
	if counted["a"] != span(11, 20) || !slices.Equal(left, []count.Bucket{good(12, 2)}) {
		t.Errorf("counted %v with %v", counted, left)
	}
}

func prune(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	must(t, s.Save(ctx, term, batch(0, 200, "a", good(3, 1), good(70, 2), good(120, 32), good(130, 4), good(190, 8))))
	must(t, s.Save(ctx, term, batch(0, 50, "old", good(3, 1))))
	must(t, s.Prune(ctx, term, at(120), at(60)))
	minutes, err := s.Between(ctx, "a", span(0, 240))
	must(t, err)
	hours, err := s.Hours(ctx, "a", span(0, 240))
	must(t, err)
	if want := []count.Bucket{good(120, 32), good(130, 4), good(190, 8)}; !slices.Equal(minutes, want) {
		t.Errorf("minutes %v, want %v", minutes, want)
	}
	if want := []count.Bucket{good(60, 2), good(120, 36), good(180, 8)}; !slices.Equal(hours, want) {
		t.Errorf("hours %v, want %v", hours, want)
	}
	// A line that arrives late is added to what is left.
	must(t, s.Save(ctx, term, batch(120, 140, "a", good(120, 32), good(125, 16), good(130, 4))))
	sums, err := s.Sums(ctx, []count.Window{{Key: "a", Span: span(0, 240)}, {Key: "a", Span: span(126, 240)}})
	must(t, err)
	if sums[0].Good != 60 || sums[1].Good != 12 {
		t.Errorf("sums %v", sums)
	}
	counted, err := s.Counted(ctx)
	must(t, err)
	if want := map[slo.Key]count.Span{"a": span(120, 200)}; !reflect.DeepEqual(counted, want) {
		t.Errorf("counted %v, want %v", counted, want)
	}
}

func neverCounted(t *testing.T, s Store, _ lease.Term) {
	sums, err := s.Sums(t.Context(), []count.Window{{Key: "a", Span: span(0, 10), Detail: true}})
	must(t, err)
	if !reflect.DeepEqual(sums, make([]count.Sum, 1)) {
		t.Errorf("sums %v", sums)
	}
	if sums, err := s.Sums(t.Context(), nil); err != nil || len(sums) != 0 {
		t.Errorf("sums of nothing: %v, %v", sums, err)
	}
	if all, err := s.Between(t.Context(), "a", span(0, 10)); err != nil || len(all) != 0 {
		t.Errorf("between: %v, %v", all, err)
	}
}
