package evaluate_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// tick is production's, and the resolution of the simulated traffic.
const tick = 10 * time.Second

// traffic is a count.Store of simulated events of one indicator, up to the tick that
// is evaluated: before[i] is what was counted before tick i.
type traffic struct {
	count.Store
	start  time.Time
	before []slo.Count
	now    int // ticks
}

// newTraffic simulates ticks with so many events an hour, of which the share of bad
// ones depends on the tick.
func newTraffic(rnd *rand.Rand, ticks int, perHour float64, bad func(tick int) float64) *traffic {
	t := &traffic{start: time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), before: make([]slo.Count, ticks+1)}
	for i := range ticks {
		c := slo.Count{}
		for range poisson(rnd, perHour*tick.Hours()) {
			if rnd.Float64() < bad(i) {
				c.Bad++
			} else {
				c.Good++
			}
		}
		t.before[i+1] = t.before[i].Plus(c)
	}
	return t
}

func poisson(rnd *rand.Rand, mean float64) (n int) {
	limit := math.Exp(-mean)
	for p := rnd.Float64(); p > limit; p *= rnd.Float64() {
		n++
	}
	return n
}

func (t *traffic) at(i int) time.Time { return t.start.Add(time.Duration(i) * tick) }

// until is what was counted before at, as far as it has happened.
func (t *traffic) until(at time.Time) slo.Count {
	return t.before[min(max(int(at.Sub(t.start)/tick), 0), t.now)]
}

func (t *traffic) between(s count.Span) slo.Count { return t.until(s.To).Minus(t.until(s.From)) }

func (t *traffic) Counted(context.Context) (map[slo.Key]count.Span, error) { return nil, nil }

func (t *traffic) Sums(_ context.Context, windows []count.Window) ([]count.Sum, error) {
	sums := make([]count.Sum, len(windows))
	for i, w := range windows {
		sums[i].Count = t.between(w.Span)
		if w.Detail && sums[i].Total() > 0 {
			t.detail(&sums[i], w.Span)
		}
	}
	return sums, nil
}

func (t *traffic) detail(sum *count.Sum, s count.Span) {
	// The tick at which what was counted reaches its value at the end.
	last := func(value func(slo.Count) int64) time.Time {
		i := sort.Search(t.now, func(i int) bool { return value(t.before[i]) >= value(t.before[t.now]) })
		return t.at(i - 1).Truncate(time.Minute)
	}
	sum.LastEvent, sum.GoodAfterLastBad = last(slo.Count.Total), sum.Good
	if sum.Bad > 0 {
		sum.LastBad = last(func(c slo.Count) int64 { return c.Bad })
		sum.GoodAfterLastBad = t.between(count.Span{From: sum.LastBad.Add(time.Minute), To: s.To}).Good
	}
}

func (t *traffic) Between(_ context.Context, _ slo.Key, s count.Span) (all []count.Bucket, err error) {
	for at := s.From; at.Before(s.To); at = at.Add(time.Minute) {
		if c := t.between(count.Span{From: at, To: at.Add(time.Minute)}); c.Total() > 0 {
			all = append(all, count.Bucket{At: at, Count: c})
		}
	}
	return all, nil
}

// evaluator is production's loop over traffic.
type evaluator struct {
	*evaluate.Loop
	traffic   *traffic
	incidents *incidents
	pages     int
	pagedAt   int // the tick of the first page
}

func newEvaluator(t *testing.T, over *traffic, maxPValue float64) *evaluator {
	timing, err := count.NewTiming(1)
	if err != nil {
		t.Fatal(err)
	}
	o := objective("bookings")
	o.Policy.MaxPValue = maxPValue
	o.Policy.Pairs = o.Policy.Pairs[:2] // those that page
	set := slo.Set{SLOs: []slo.SLO{o}}
	e := &evaluator{traffic: over, incidents: &incidents{}}
	e.Loop = &evaluate.Loop{
		Set: func() slo.Set { return set }, Timing: timing, Store: over, Incidents: e,
		Count: func(context.Context, lease.Term, slo.Set, time.Time) error { return nil },
	}
	return e
}

func (e *evaluator) Recent(ctx context.Context, since time.Time) ([]evaluate.Incident, error) {
	return e.incidents.Recent(ctx, since)
}

func (e *evaluator) Explain(context.Context, lease.Term) (bool, error) { return false, nil }

func (e *evaluator) Apply(ctx context.Context, term lease.Term, v evaluate.Verdict) (bool, error) {
	switch v.Event {
	case evaluate.Opened, evaluate.Reopened, evaluate.Raised:
		if v.Severity == slo.Page {
			if e.pages++; e.pages == 1 {
				e.pagedAt = e.traffic.now
			}
		}
	}
	return e.incidents.Apply(ctx, term, v)
}

// run evaluates tick i: it knows what happened before.
func (e *evaluator) run(t *testing.T, i int) {
	e.traffic.now = i
	if _, err := e.Tick(t.Context(), 1, e.traffic.at(i).Add(-time.Millisecond)); err != nil {
		t.Fatal(err)
	}
}

func (e *evaluator) open() bool {
	return slices.ContainsFunc(e.incidents.all, evaluate.Incident.Open)
}

// pagesOf is how often someone is paged. A pair starts to page only while a bad
// event is in its short window, of at most half an hour: the other ticks change
// nothing. An open incident may end at any time, which is looked at once a minute.
func pagesOf(t *testing.T, over *traffic, maxPValue float64) int {
	const minute, window = int(time.Minute / tick), 31 * int(time.Minute/tick)
	e := newEvaluator(t, over, maxPValue)
	for i := 1; i < len(over.before); i++ {
		if over.before[i].Bad > over.before[max(i-window, 0)].Bad || i%minute == 0 && e.open() {
			e.run(t, i)
		}
	}
	return e.pages
}

// At 60 requests an hour a single failure has a burn rate of 200.
func TestLowTrafficWithHalfTheBudgetsErrorsPagesNobody(t *testing.T) {
	const month, repeats = 30 * 24 * int(time.Hour/tick), 40
	pages, control := 0, 0
	for n := range repeats {
		simulated := newTraffic(rand.New(rand.NewPCG(7, uint64(n))), month, 60, func(int) float64 { return 0.0005 })
		pages += pagesOf(t, simulated, 1e-5)
		if n < repeats/10 { // the negative control needs fewer
			control += pagesOf(t, simulated, 1)
		}
	}
	perMonth, controlPerMonth := float64(pages)/repeats, float64(control)/(repeats/10)
	t.Logf("%.3f false pages in 30 days; %.1f without the significance test", perMonth, controlPerMonth)
	if perMonth > 0.05 {
		t.Errorf("%.3f false pages in 30 days, want at most 0.05", perMonth)
	}
	if controlPerMonth < 10 || controlPerMonth > 30 {
		t.Errorf("%.1f pages without the significance test, want about 20", controlPerMonth)
	}
}

// detection is how long after its start a fault pages, at a random moment after
// seven hours of traffic.
func detection(t *testing.T, seed uint64, perHour, share, maxPValue float64) time.Duration {
	const hour = int(time.Hour / tick)
	rnd := rand.New(rand.NewPCG(11, seed))
	began := 7*hour + rnd.IntN(6)
	e := newEvaluator(t, newTraffic(rnd, began+2*hour, perHour, func(i int) float64 {
		if i >= began {
			return share
		}
		return 0.0005
	}), maxPValue)
	for i := began + 1; i < len(e.traffic.before) && e.pages == 0; i++ {
		e.run(t, i)
	}
	if e.pages == 0 {
		return 2 * time.Hour
	}
	return time.Duration(e.pagedAt-began) * tick
}

func TestAFullOutageAtLowTrafficPagesWithinEightMinutes(t *testing.T) {
	var all []time.Duration
	for seed := range uint64(400) {
		all = append(all, detection(t, seed, 60, 1, 1e-5))
	}
	slices.Sort(all)
	p50, p95 := all[len(all)/2], all[len(all)*95/100]
	t.Logf("p50 %s, p95 %s", p50, p95)
	if p95 > 8*time.Minute {
		t.Errorf("the 95th percentile is %s", p95)
	}
}

func TestTheSignificanceTestDelaysNothingWithMuchTraffic(t *testing.T) {
	for _, perHour := range []float64{3_000, 30_000} {
		for _, share := range []float64{1, 0.2} {
			for seed := range uint64(20) {
				with, without := detection(t, seed, perHour, share, 1e-5), detection(t, seed, perHour, share, 1)
				if with != without {
					t.Errorf("%v an hour, %v bad: paged after %s, without the test after %s", perHour, share, with, without)
				}
			}
		}
	}
	// The negative control: with little traffic it does delay.
	if with, without := detection(t, 1, 60, 1, 1e-5), detection(t, 1, 60, 1, 1); with <= without {
		t.Errorf("at 60 an hour: %s with the test, %s without", with, without)
	}
}
