package evaluate

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
)

func booking(t testing.TB) slo.SLO {
	t.Helper()
	all, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// The sums are those of 1 h, 5 min, 6 h, 30 min and 30 d.
func TestFiresWhenBothWindowsBurnSignificantly(t *testing.T) {
	quiet := slo.Count{Good: 100_000}
	count := func(good, bad int64) slo.Count { return slo.Count{Good: good, Bad: bad} }
	for name, tc := range map[string]struct {
		h1, m5, h6, m30 slo.Count
		want            time.Duration // the long window of the pair that fires; 0 for none
	}{
		"no failures":            {quiet, quiet, quiet, quiet, 0},
		"no traffic":             {},
		"exactly 14.4 in both":   {count(9856, 144), count(9856, 144), quiet, quiet, time.Hour},
		"below 14.4 in the long": {count(9857, 143), count(9000, 1000), quiet, quiet, 0},
		"below in the short":     {count(9000, 1000), count(9857, 143), quiet, quiet, 0},
		"the long windows only":  {count(9000, 1000), quiet, count(9000, 1000), quiet, 0},
		"slow burn":              {count(990, 10), count(99, 1), count(9930, 70), count(9930, 70), 6 * time.Hour},
		"both: the first counts": {count(0, 9), count(0, 9), count(0, 9), count(0, 9), time.Hour},
		// One failure of five has a burn rate of 200, and a p-value of 0.005.
		"one failure at night": {count(59, 1), count(4, 1), count(359, 1), count(29, 1), 0},
		// Two of five have the p-value 1.2e-5, two of four 8e-6.
		"two of five, not significant": {count(40, 2), count(3, 2), quiet, quiet, 0},
		"two of four, significant":     {count(40, 2), count(2, 2), quiet, quiet, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			e := evaluateSLO(booking(t), time.Now(), []Sum{{Count: tc.h1}, {Count: tc.m5}, {Count: tc.h6}, {Count: tc.m30}, {Count: quiet}})
			pair, fires := e.Firing()
			if fires != (tc.want > 0) || pair.Long != tc.want {
				t.Errorf("fires %v with %+v, want %s", fires, pair, tc.want)
			}
		})
	}
}

func TestBudgetRemainingIsThatOfTheTimeMeasured(t *testing.T) {
	s, now := booking(t), time.Now()
	e := evaluateSLO(s, now, []Sum{{}, {}, {}, {}, {Count: slo.Count{Good: 9856, Bad: 144}, First: now.Add(-time.Hour)}})
	if math.Abs(e.BudgetRemaining-0.98) > 1e-9 {
		t.Errorf("left %v, want 0.98", e.BudgetRemaining)
	}
}

func TestTransition(t *testing.T) {
	firing, quiet := Evaluation{Pairs: []PairEvaluation{{}, {Fires: true}}}, Evaluation{Pairs: []PairEvaluation{{}, {}}}
	for _, tc := range []struct {
		open bool
		e    Evaluation
		want Event
	}{{false, quiet, NoChange}, {false, firing, Opened}, {true, firing, Ongoing}, {true, quiet, Resolved}} {
		if got := Transition(tc.open, tc.e); got != tc.want {
			t.Errorf("open %v: %v, want %v", tc.open, got, tc.want)
		}
	}
}

// At 60 requests an hour a single failure has a burn rate of 200. With half of
// the allowed errors nothing must page; without the significance test (maxPValue
// 1, the negative control) about twenty pages a month would be sent.
func TestLowTrafficDoesNotPage(t *testing.T) {
	pages := func(maxPValue float64) (n int) {
		s := booking(t)
		s.Policy.MaxPValue = maxPValue
		rnd := rand.New(rand.NewPCG(7, 7))
		const minutes = 30 * 24 * 60
		before := make([]slo.Count, minutes+1)
		for m := range minutes {
			c := slo.Count{}
			for range poisson(rnd, 1) {
				if rnd.Float64() < 0.0005 {
					c.Bad++
				} else {
					c.Good++
				}
			}
			before[m+1] = before[m].Plus(c)
		}
		firing := false
		for m := 1; m <= minutes; m++ {
			var sums []Sum
			end := time.Unix(0, 0).Add(time.Duration(m) * time.Minute)
			for _, start := range windowStarts(s, end) {
				from := before[max(0, int(start.Unix()/60))]
				sums = append(sums, Sum{Count: slo.Count{Good: before[m].Good - from.Good, Bad: before[m].Bad - from.Bad}})
			}
			_, now := evaluateSLO(s, end, sums).Firing()
			if now && !firing {
				n++
			}
			firing = now
		}
		return n
	}
	if n := pages(1e-5); n != 0 {
		t.Errorf("%d false pages", n)
	}
	if n := pages(1); n < 10 {
		t.Errorf("without the significance test there are %d pages, want about twenty", n)
	}
}

func poisson(rnd *rand.Rand, mean float64) (n int) {
	for p := rnd.Float64(); p > math.Exp(-mean); p *= rnd.Float64() {
		n++
	}
	return n
}
