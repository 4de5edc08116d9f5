package evaluate_test

import (
	"math"
	"testing"
	"time"

	"jari.example/alerting/slo"
)

func TestTheBudgetIsKnownSinceCountingBegan(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("bookings")}})
	began := f.now
	f.minutes(60, func() { f.count(indicator("bookings"), 10, 5) })
	v := f.incidents.last["bookings"]
	// A third of the events is bad, which is 333 budgets, for an hour of 720.
	want := 1 - 1000./3/720
	if math.Abs(v.Budget.Remaining-want) > 1e-3 || v.Budget.KnownSince.Sub(began).Abs() > time.Minute {
		t.Errorf("budget %+v, want %v known since %s", v.Budget, want, began)
	}
	if v.Budget.Spending.Over != time.Hour || v.Budget.ExhaustedAt.IsZero() {
		t.Errorf("budget %+v", v.Budget)
	}
	// Nobody tries any more. The last hour says nothing then, the last day still does,
	// and after it only the budget's own window.
	f.minutes(120, func() {})
	if b := f.incidents.last["bookings"].Budget; b.Spending.Over != 24*time.Hour || math.Abs(b.Spending.BurnRate-1000./3) > 1 {
		t.Errorf("two hours later: %+v", b)
	}
	f.minutes(24*60, func() {})
	want = 1 - 1000./3*27/720
	if b := f.incidents.last["bookings"].Budget; b.Spending.BurnRate != 0 || math.Abs(b.Remaining-want) > 1e-2 {
		t.Errorf("a day later: %+v, want %v", b, want)
	}
}

// A page is open, and what still fires is a ticket's: it ends although some bookings
// always fail.
func TestAnIncidentEndsAlthoughAFewEventsAreAlwaysBad(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("bookings")}})
	f.minutes(60, func() { f.count(indicator("bookings"), 9_999, 1) })
	f.minutes(10, func() { f.count(indicator("bookings"), 5_000, 5_000) })
	f.want("opened bookings")
	f.minutes(40, func() { f.count(indicator("bookings"), 9_999, 1) })
	f.want("resolved bookings")
}

// When everything starts, the indexer may send its first event after others.
func TestTimeSlicesOpenNothingWhileTheSystemStarts(t *testing.T) {
	fresh := objective("catalogue")
	fresh.Objective.Target = 0.99
	fresh.Policy.MaxPValue = 1e-2
	fresh.Indicator.Within = time.Minute
	for name, tc := range map[string]struct {
		bad  int
		want []string
	}{
		"good again within three minutes": {2, nil},
		"still bad after three minutes":   {6, []string{"opened catalogue"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, slo.Set{SLOs: []slo.SLO{fresh}})
			f.now = f.now.Add(-10 * time.Minute)
			for range 10 {
				f.count(fresh.Indicator, 0, 1)
				f.now = f.now.Add(time.Minute)
			}
			f.minutes(tc.bad, func() { f.count(fresh.Indicator, 0, 1) })
			f.want(tc.want...)
		})
	}
}

// The worst share decides how many good events end the incident.
func TestTheWorstShareOfAnIncidentIsNotForgotten(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a")}})
	f.minutes(10, func() { f.count(indicator("a"), 0, 100) })
	f.minutes(10, func() { f.count(indicator("a"), 70, 30) })
	f.want("opened a")
	if v := f.incidents.last["a"]; v.Event != "ongoing" || v.Worst != 1 {
		t.Errorf("a is %s, its worst share is %g, want 1", v.Event, v.Worst)
	}
}
