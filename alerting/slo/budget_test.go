package slo

import (
	"testing"
	"time"
)

func TestSpendingIsTheWorseOfHourAndDay(t *testing.T) {
	o := Objective{Target: 0.999, Window: month}
	hour, day := Count{999, 1}, Count{9980, 20}
	if got, want := o.SpendingOf(hour, day, 1), (Spending{o.BurnRate(day), 24 * time.Hour}); got != want {
		t.Errorf("a day that is worse: %v, want %v", got, want)
	}
	if got, want := o.SpendingOf(day, hour, 60), (Spending{o.BurnRate(day), time.Minute}); got != want {
		t.Errorf("an hour that is worse, ÷60: %v, want %v", got, want)
	}
}

func TestTheBudgetSaysSinceWhenItIsKnownAndWhenItIsExhausted(t *testing.T) {
	o, now := Objective{Target: 0.999, Window: month}, time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	// One in a thousand over ten of thirty days: a third is spent. Twice as fast as
	// allowed, the other two thirds last ten days.
	b := o.BudgetAt(now, Count{999, 1}, month/3, Spending{2, time.Hour})
	if !near(b.Remaining, 2./3) || !b.KnownSince.Equal(now.Add(-month/3)) || b.ExhaustedAt.Sub(now.Add(month/3)).Abs() > time.Second {
		t.Errorf("a third of the window: %+v", b)
	}
	if b := o.BudgetAt(now, Count{999, 1}, month, Spending{}); !b.KnownSince.IsZero() || !b.ExhaustedAt.IsZero() {
		t.Errorf("all of the window, and nothing is spent: %+v", b)
	}
	if b := o.BudgetAt(now, Count{99, 1}, month, Spending{2, time.Hour}); b.Remaining > 0 || !b.ExhaustedAt.IsZero() {
		t.Errorf("an exhausted budget is exhausted at %v", b.ExhaustedAt)
	}
}

func TestAPageIsMoreUrgentThanATicket(t *testing.T) {
	if !Page.AtLeast(Ticket) || !Ticket.AtLeast("") || !Page.AtLeast(Page) || Ticket.AtLeast(Page) || Severity("").AtLeast(Ticket) {
		t.Error("the order is not page, ticket, none")
	}
}
