package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Arrivals is a simulation in which lines arrive up to a day late, while the source
// fails now and then, the daemon restarts and an objective changes. Now and then
// everything is off: then no source has a document, except that a few of its lines
// arrive late. Every two hours nothing arrives for a quarter of an hour; then what is
// stored must equal a full rescan. Time is simulated.
type Arrivals struct {
	Seed   uint64
	Events int
	Cycles int           // of two hours
	Tick   time.Duration // between two ticks
}

const (
	cycle = 2 * time.Hour
	quiet = 15 * time.Minute
)

// simulation is one run of Arrivals.
type simulation struct {
	Arrivals
	rnd     *rand.Rand
	now     time.Time
	down    time.Time // until when the daemon is stopped
	broken  time.Time // until when every search fails
	began   time.Time // the first document
	source  *counttest.Fake
	counter *count.Counter
	store   count.Store
	term    lease.Term
	set     slo.Set
	on      []count.Span                   // when something runs, which sends documents
	events  map[slo.Key][]counttest.Events // the oracle's copy; keys of width 0
	sources map[slo.Key]slo.Source         // of events
}

// indicators are the kinds whose counts differ: with and without bad events and
// regions, and time slices.
func indicators() []slo.Indicator {
	regional, total := slo.Source{Index: "a", TimeField: "time", RegionField: "region"}, slo.Condition{Field: "f", Op: slo.Is, Value: "x"}
	bad := slo.Condition{Field: "status", Op: slo.AtLeast, Value: int64(500)}
	return []slo.Indicator{
		{Source: regional, Total: total, Bad: bad},
		{Source: slo.Source{Index: "a", TimeField: "time"}, Total: total},
		{Source: regional, Total: total, Within: 2 * time.Minute},
		{Source: regional, Total: total, Within: 45 * time.Minute},
		{Source: slo.Source{Index: "b", TimeField: "time"}, Total: total, Within: 10*time.Minute + time.Second},
	}
}

// changed are the indicators of which objectives get new definitions, halfway.
func changed() []slo.Indicator {
	all := indicators()
	ratio, slice := all[0], all[2]
	ratio.Bad.Value, slice.Within = int64(400), 7*time.Minute
	return []slo.Indicator{ratio, slice}
}

func setOf(all []slo.Indicator) slo.Set {
	var set slo.Set
	for n, i := range all {
		set.SLOs = append(set.SLOs, slo.SLO{Rule: slo.Rule{Name: fmt.Sprint(n)}, Indicator: i})
	}
	return set
}

// Run runs the simulation on an empty store and returns the first difference.
func (a Arrivals) Run(t *testing.T, store Store) error {
	term, _, err := store.Acquire(t.Context(), "me", 1e6*time.Hour)
	must(t, err)
	s := &simulation{
		Arrivals: a, rnd: rand.New(rand.NewPCG(a.Seed, 0)), now: origin, began: origin.Add(-30 * time.Hour),
		source: &counttest.Fake{}, store: store, term: term, set: setOf(indicators()),
		events: map[slo.Key][]counttest.Events{}, sources: map[slo.Key]slo.Source{},
	}
	s.source.Now = func() time.Time { return s.now }
	s.switchOff()
	s.source.Telemetry(s.on...)
	s.generate()
	s.restart()
	for n := range a.Cycles {
		if err := s.runCycle(t.Context(), n); err != nil {
			return fmt.Errorf("seed %d, cycle %d: %w", a.Seed, n, err)
		}
	}
	return nil
}

// switchOff ends what runs at random times for up to two hours, but not shortly before
// a comparison.
func (s *simulation) switchOff() {
	from := s.began
	for from.Before(origin.Add(time.Duration(s.Cycles) * cycle)) {
		on := count.Span{From: from, To: from.Add(10*minute + time.Duration(s.rnd.Int64N(int64(10*time.Hour))))}
		s.on = append(s.on, on)
		end := on.To.Add(time.Duration(s.rnd.Int64N(int64([]time.Duration{10 * minute, 2 * time.Hour}[s.rnd.IntN(2)]))))
		compared := on.To.Truncate(cycle).Add(cycle)
		if latest := compared.Add(-quiet); end.After(latest) {
			end = latest
		}
		if from = end; from.Before(on.To) {
			from = on.To
		}
	}
	s.on = append(s.on, count.Span{From: from, To: from.Add(cycle)})
}

func (s *simulation) isOn(at time.Time) bool {
	return slices.ContainsFunc(s.on, func(on count.Span) bool { return !at.Before(on.From) && at.Before(on.To) })
}

// generate makes events that arrive at any time but a quiet one.
func (s *simulation) generate() {
	all := append(indicators(), changed()...)
	length := time.Duration(s.Cycles) * cycle
	for n := 0; n < s.Events; {
		arrives := time.Duration(s.rnd.Int64N(int64(length + 30*time.Hour)))
		if arrives > 30*time.Hour && (arrives-30*time.Hour)%cycle > cycle-quiet {
			arrives -= quiet
		}
		delay := time.Duration(s.rnd.Int64N(int64(min(arrives+1, []time.Duration{
			2 * time.Second, 2 * time.Second, 5 * time.Minute, 24 * time.Hour}[s.rnd.IntN(4)]))))
		e := counttest.Events{
			At: s.began.Add(arrives - delay), Arrives: s.began.Add(arrives),
			Region: []string{"kr", "kr", "kr", "us", "", "rare"}[s.rnd.IntN(6)], Good: 1,
		}
		if !s.isOn(e.At) && s.rnd.IntN(10) > 0 {
			continue
		}
		n++
		if e.Region == "rare" && n%20 > 0 {
			e.Region = "kr"
		}
		i := all[s.rnd.IntN(len(all))]
		if i.Source.RegionField == "" {
			e.Region = ""
		}
		if !i.Bad.IsZero() && s.rnd.IntN(5) == 0 {
			e.Good, e.Bad = 0, 1
		}
		s.source.Add(i, e)
		s.events[i.Key(0)], s.sources[i.Key(0)] = append(s.events[i.Key(0)], e), i.Source
	}
}

// restart replaces the daemon by a new one, which remembers nothing.
func (s *simulation) restart() {
	timing, err := count.NewTiming(1)
	if err != nil {
		panic(err)
	}
	s.counter = &count.Counter{Source: s, Store: s.store, Timing: timing}
}

var errSearch = errors.New("the search failed")

// Count implements count.Source: a search fails now and then, but not when the
// newest period is about to be compared.
func (s *simulation) Count(ctx context.Context, indicators map[slo.Key]slo.Indicator, period count.Span, width time.Duration) (
	map[slo.Key][]count.Bucket, int64, error) {
	if s.now.Before(s.broken) || s.rnd.IntN(100) == 0 && s.now.Sub(origin)%cycle != 0 {
		return nil, 0, errSearch
	}
	return s.source.Count(ctx, indicators, period, width)
}

func (s *simulation) runCycle(ctx context.Context, n int) error {
	if n == s.Cycles/2 {
		s.set = setOf(append(indicators()[1:], changed()...))
	}
	switch s.rnd.IntN(4) {
	case 0:
		s.down = s.now.Add(time.Duration(s.rnd.IntN(60)) * minute)
		s.restart()
	case 1:
		s.broken = s.now.Add(time.Duration(s.rnd.IntN(60)) * minute)
	}
	for range int(cycle / s.Tick) {
		s.now = s.now.Add(s.Tick)
		if s.now.Before(s.down) {
			continue
		}
		if err := s.counter.Count(ctx, s.term, s.set, s.now); err != nil && !errors.Is(err, errSearch) && !errors.Is(err, count.ErrNoTelemetry) {
			return err
		}
	}
	return s.compare(ctx)
}

// compare compares what is stored with a full rescan.
func (s *simulation) compare(ctx context.Context) error {
	counted, err := s.store.Counted(ctx)
	if err != nil {
		return err
	}
	to := s.counter.Timing.BucketEnd(s.now)
	for _, o := range s.set.SLOs {
		key := o.Indicator.Key(minute)
		if span := counted[key]; !span.From.Equal(s.began) || span.To.Before(to.Add(-2*minute)) {
			return fmt.Errorf("%s: counted %v at %v, want all since %v", o.Name, span, s.now, s.began)
		}
		got, err := s.store.Between(ctx, key, counted[key])
		if err != nil {
			return err
		}
		want := s.rescan(o.Indicator, counted[key])
		if !slices.Equal(got, want) {
			return fmt.Errorf("indicator %s at %v: %s", o.Name, s.now, difference(got, want))
		}
		sums, err := s.store.Sums(ctx, []count.Window{{Key: key, Span: counted[key]}})
		if err != nil {
			return err
		}
		var total slo.Count
		for _, b := range want {
			total = total.Plus(b.Count)
		}
		if sums[0].Count != total {
			return fmt.Errorf("indicator %s at %v: the sum is %v, want %v", o.Name, s.now, sums[0], total)
		}
	}
	return nil
}

func difference(got, want []count.Bucket) string {
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			return fmt.Sprintf("of %d and %d buckets, differ from\n got  %v\n want %v", len(got), len(want),
				got[min(i, len(got)):min(i+3, len(got))], want[min(i, len(want)):min(i+3, len(want))])
		}
	}
	return "equal"
}

// rescan counts everything that has arrived again, in the simplest way.
func (s *simulation) rescan(i slo.Indicator, period count.Span) []count.Bucket {
	m := model{}
	for _, e := range s.events[i.Key(0)] {
		if e.Arrives.After(s.now) {
			continue
		}
		p := place{int(e.At.Sub(period.From).Truncate(minute) / minute), e.Region}
		if e.At.Before(period.From) {
			p.minute--
		}
		m[p] = m[p].Plus(slo.Count{Good: e.Good, Bad: e.Bad})
	}
	n := int(period.To.Sub(period.From) / minute)
	if i.Within > 0 {
		n := int(s.now.Sub(period.From) / minute)
		m = m.slices(int((i.Within+minute-1)/minute), period.From, n, s.documents(i.Source.Index, period.From, n))
	}
	maps.DeleteFunc(m, func(p place, _ slo.Count) bool { return p.minute < 0 || p.minute >= n })
	offset := int(period.From.Sub(origin) / minute)
	shifted := model{}
	for p, c := range m {
		shifted[place{p.minute + offset, p.region}] = c
	}
	return shifted.buckets(offset, offset+n, minute)
}

// documents reports of each of n minutes whether the index has a document that has
// arrived.
func (s *simulation) documents(index string, first time.Time, n int) []bool {
	found := make([]bool, n)
	for slice := range n {
		at := first.Add(time.Duration(slice) * minute)
		found[slice] = slices.ContainsFunc(s.on, func(on count.Span) bool { return on.From.Before(at.Add(minute)) && at.Before(on.To) })
	}
	for key, events := range s.events {
		for _, e := range events {
			if slice := int(e.At.Sub(first) / minute); s.sources[key].Index == index && !e.Arrives.After(s.now) && slice < n {
				found[slice] = true
			}
		}
	}
	return found
}

// slices derives time slices from events, minute by minute from the first one, until
// the minute n.
func (m model) slices(within int, first time.Time, n int, documents []bool) model {
	all := model{}
	goodSlices := map[string][]bool{}
	for p := range m {
		if goodSlices[p.region] == nil {
			goodSlices[p.region] = make([]bool, n)
		}
		for slice := max(p.minute, 0); slice < min(p.minute+within, n); slice++ {
			goodSlices[p.region][slice] = true
		}
	}
	firstOfDay := int(first.Sub(first.Truncate(24*time.Hour)) / minute)
	for region, good := range goodSlices {
		lastGood := -1
		for slice := range n {
			yesterday := (slice+firstOfDay)/1440*1440 - 1440 - firstOfDay
			if good[slice] {
				lastGood = slice
				all[place{slice, region}] = slo.Count{Good: 1}
			} else if lastGood >= max(yesterday, 0) && documents[slice] && slice >= within-1 && documents[slice-within+1] {
				all[place{slice, region}] = slo.Count{Bad: 1}
			}
		}
	}
	return all
}
