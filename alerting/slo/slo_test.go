package slo

import (
	"math"
	"testing"
	"time"
)

const month = 30 * 24 * time.Hour

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*math.Max(math.Abs(a), math.Abs(b)) }

func TestBurnRateIsTheBadShareDividedByTheBudget(t *testing.T) {
	o := Objective{Target: 0.999, Window: month}
	for name, tc := range map[string]struct {
		count Count
		want  float64
	}{
		"no events":                   {Count{0, 0}, 0},
		"all good":                    {Count{1000, 0}, 0},
		"one in a thousand":           {Count{999, 1}, 1},
		"2 % of a month's in an hour": {Count{9856, 144}, 14.4},
		"all bad":                     {Count{0, 7}, 1000},
	} {
		if got := o.BurnRate(tc.count); !near(got, tc.want) {
			t.Errorf("%s: burn %v, want %v", name, got, tc.want)
		}
	}
}

// The expected values were computed by hand from e^-m·m^i/i!.
func TestPoissonTail(t *testing.T) {
	for name, tc := range map[string]struct {
		k    int64
		mean float64
		want float64
	}{
		"at least zero":                 {0, 3, 1},
		"at least one, mean 1":          {1, 1, 1 - math.Exp(-1)},
		"at least two, mean 1":          {2, 1, 1 - 2*math.Exp(-1)},
		"at least one, mean 0.001":      {1, 0.001, -math.Expm1(-0.001)},
		"at least three, mean 2":        {3, 2, 1 - 5*math.Exp(-2)},
		"two of two with target 99.9 %": {2, 0.002, 1.997336e-6},
		"at least one, mean 0":          {1, 0, 0},
	} {
		if got := poissonTail(tc.k, tc.mean); math.Abs(got-tc.want) > 1e-5*tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	if p := poissonTail(150, 10); p <= 0 || p > 1e-110 {
		t.Errorf("a very small tail lost its digits: %v", p)
	}
	if p := poissonTail(10, 1000); !near(p, 1) {
		t.Errorf("far below the mean the tail is %v, want 1", p)
	}
}

func TestPoissonTailDecreasesWithMoreBadEvents(t *testing.T) {
	for _, mean := range []float64{0.01, 0.5, 3, 47.5, 800} {
		last := 1.0
		for k := int64(1); k < 1200; k++ {
			p := poissonTail(k, mean)
			if p > last+1e-9 || p < 0 || math.IsNaN(p) {
				t.Fatalf("mean %v: P(X≥%d) = %v after %v", mean, k, p, last)
			}
			last = p
		}
	}
}

func TestBudgetRemainingCountsOnlyTheTimeMeasured(t *testing.T) {
	o := Objective{Target: 0.999, Window: month}
	// An hour at the burn rate 14.4 uses 2 % of a month's budget.
	if got := o.BudgetRemaining(Count{9856, 144}, time.Hour); !near(got, 0.98) {
		t.Errorf("%v remains, want 0.98", got)
	}
	if got := o.BudgetRemaining(Count{998, 2}, month); !near(got, -1) {
		t.Errorf("twice the budget over the whole window: %v remains, want -1", got)
	}
	d, ok := o.TimeToExhaustion(0.98, 14.4)
	if want := 49 * time.Hour; !ok || (d-want).Abs() > time.Second {
		t.Errorf("exhausted in %v, want %v", d, want)
	}
	if _, ok := o.TimeToExhaustion(1, 0); ok {
		t.Error("a budget that does not burn is never exhausted")
	}
}

func TestBurnStart(t *testing.T) {
	o := Objective{Target: 0.999, Window: month}
	at := func(m int) time.Time { return time.Unix(0, 0).UTC().Add(time.Duration(m) * time.Minute) }
	noErrors := Count{Good: 1000}
	for name, tc := range map[string]struct {
		counts []Count
		want   int
	}{
		"the first bad bucket":        {[]Count{noErrors, noErrors, {0, 50}, {0, 50}}, 2},
		"not an isolated old failure": {[]Count{noErrors, {999, 1}, noErrors, {500, 500}, {500, 500}}, 3},
		"across a bucket without bad": {[]Count{noErrors, {0, 90}, {90, 0}, {0, 90}}, 1},
		"no bad events: the fallback": {[]Count{noErrors, noErrors}, 99},
	} {
		var buckets []Bucket
		for i, c := range tc.counts {
			buckets = append(buckets, Bucket{at(i), c})
		}
		if got := o.BurnStart(buckets, 14.4, at(99)); !got.Equal(at(tc.want)) {
			t.Errorf("%s: start %v, want minute %d", name, got, tc.want)
		}
	}
}

func TestWithTimeScaleDividesOnlyTheWindows(t *testing.T) {
	s := SLO{Objective: Objective{0.999, month}, Policy: Policy{MaxPValue: 1e-5,
		Pairs: []WindowPair{{Page, time.Hour, 5 * time.Minute, 14.4}}}}
	scaled := s.WithTimeScale(60)
	if got, want := scaled.Policy.Pairs[0], (WindowPair{Page, time.Minute, 5 * time.Second, 14.4}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if scaled.Objective != (Objective{0.999, 12 * time.Hour}) {
		t.Errorf("objective %v", scaled.Objective)
	}
	if s.Policy.Pairs[0].Long != time.Hour {
		t.Error("the original SLO changed")
	}
}

// A process needs the same time to start at any scale, so what is absent later than
// something else stays later.
func TestWithTimeScaleHalvesAbsencesAtMost(t *testing.T) {
	absent := Alert{When: When{Within: 3 * time.Minute, Absent: true}, Subjects: []Subject{{Indicator: Indicator{Within: 4 * time.Minute}}}}
	if got := absent.WithTimeScale(60); got.When.Within != 90*time.Second || got.Subjects[0].Indicator.Within != 2*time.Minute {
		t.Errorf("÷60: %+v", got)
	}
	if got := absent.WithTimeScale(1); got.When.Within != 3*time.Minute || got.Subjects[0].Indicator.Within != 4*time.Minute {
		t.Errorf("÷1: %+v", got)
	}
	events := Alert{When: When{Within: 10 * time.Minute, Events: 1}}
	if got := events.WithTimeScale(60).When.Within; got != 10*time.Second {
		t.Errorf("events in %s, ÷60", got)
	}
	slice := SLO{Indicator: Indicator{Within: 2 * time.Minute}}
	if got := slice.WithTimeScale(60).Indicator.Within; got != time.Minute {
		t.Errorf("slices of %s, ÷60", got)
	}
}

func TestRulesAreThoseOfSLOsAndAlerts(t *testing.T) {
	s := Set{SLOs: []SLO{{Rule: Rule{Name: "a"}}}, Alerts: []Alert{{Rule: Rule{Name: "b"}}}}
	if got := s.Rules(); len(got) != 2 || got[0].Name != "a" || got[1].Name != "b" {
		t.Errorf("got %+v", got)
	}
}

func TestThePValueIsThatOfAtLeastSoManyBadEvents(t *testing.T) {
	o := Objective{Target: 0.99, Window: month}
	for name, c := range map[string]struct {
		count Count
		want  float64
	}{ // of a Poisson distribution, by its formula
		"none of 100, mean 1":     {Count{Good: 100}, 1},
		"one of 100, mean 1":      {Count{Good: 99, Bad: 1}, 1 - math.Exp(-1)},
		"two of 100, mean 1":      {Count{Good: 98, Bad: 2}, 1 - 2*math.Exp(-1)},
		"three of 200, mean 2":    {Count{Good: 197, Bad: 3}, 1 - 5*math.Exp(-2)},
		"no event, so no failure": {Count{}, 1},
	} {
		if got := o.PValue(c.count); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %g, want %g", name, got, c.want)
		}
	}
}
