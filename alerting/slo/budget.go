package slo

import "time"

// Budget is the state of an error budget.
type Budget struct {
	Remaining float64 // share of the budget; below 0 it is overspent
	Events    int64   // that were counted in the window; without any, Remaining is 1
	// KnownSince is when counting began, if that is later than the start of the
	// window; else zero. The time before counts as free of errors.
	KnownSince time.Time
	Spending   Spending
	// ExhaustedAt is when the rest is spent at the rate of Spending; zero when
	// nothing is spent or nothing remains.
	ExhaustedAt time.Time
}

// Spending is how fast a budget was spent lately.
type Spending struct {
	BurnRate float64
	Over     time.Duration // the period that it was measured over
}

// The periods that Spending is measured over. The time scale divides them.
const (
	Hour = time.Hour
	Day  = 24 * time.Hour
)

// SpendingOf returns the worse of two measurements, that over the last hour and
// that over the last day: a fault of some minutes shows in the hour, one that
// comes and goes in the day.
func (o Objective) SpendingOf(hour, day Count, scale int) Spending {
	h := Spending{o.BurnRate(hour), Hour / time.Duration(scale)}
	d := Spending{o.BurnRate(day), Day / time.Duration(scale)}
	if d.BurnRate > h.BurnRate {
		return d
	}
	return h
}

// BudgetAt is the state of the budget at now, after c was counted in the last
// covered part of the window.
func (o Objective) BudgetAt(now time.Time, c Count, covered time.Duration, spending Spending) Budget {
	b := Budget{Remaining: o.BudgetRemaining(c, covered), Events: c.Total(), Spending: spending}
	if covered < o.Window {
		b.KnownSince = now.Add(-covered)
	}
	if left, burns := o.TimeToExhaustion(b.Remaining, spending.BurnRate); burns && b.Remaining > 0 {
		b.ExhaustedAt = now.Add(left)
	}
	return b
}
