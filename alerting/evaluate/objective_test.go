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
