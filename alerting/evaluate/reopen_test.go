package evaluate_test

import (
	"testing"
	"time"

	"jari.example/alerting/slo"
)

func TestTheSameIncidentGoesOnSoonAfterItsEndOrItsLastBadEvent(t *testing.T) {
	for name, tc := range map[string]struct {
		within        time.Duration // after it without an event the incident ends
		afterEnd      int           // minutes, until the next event
		afterLastBad  int
		wantReopening bool
	}{
		"half an hour after its end":      {within: 2 * time.Hour, afterEnd: 30, wantReopening: true},
		"31 minutes after its end":        {within: 2 * time.Hour, afterEnd: 31},
		"an hour after its bad event":     {within: 2 * time.Minute, afterLastBad: 60, wantReopening: true},
		"61 minutes after its last event": {within: 2 * time.Minute, afterLastBad: 61},
	} {
		t.Run(name, func(t *testing.T) {
			a := alert("violated", slo.When{Within: tc.within, Events: 1}, "")
			f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
			event, nothing := func() { f.count(a.Subjects[0].Indicator, 1, 0) }, func() {}
			f.minutes(1, event)
			f.minutes(int(tc.within/time.Minute), nothing)
			f.want("opened violated", "resolved violated")
			first := f.incidents.all[0]
			next := first.EndedAt.Add(time.Duration(tc.afterEnd) * time.Minute)
			if tc.afterLastBad > 0 {
				next = first.LastBad.Add(time.Duration(tc.afterLastBad) * time.Minute)
			}
			f.minutes(int(next.Sub(f.now)/time.Minute), nothing)
			f.minutes(1, event)
			if tc.wantReopening {
				f.want("reopened violated")
				if again := f.incidents.all[0]; !again.StartedAt.Equal(first.StartedAt) {
					t.Errorf("it began at %s, and now at %s", first.StartedAt, again.StartedAt)
				}
			} else {
				f.want("opened violated")
			}
		})
	}
}

// tiers is an objective whose ticket soon follows its page.
func tiers() slo.SLO {
	o := objective("bookings")
	o.Policy.Pairs = []slo.WindowPair{o.Policy.Pairs[0], {Severity: slo.Ticket, Long: 24 * time.Hour, Short: 10 * time.Minute, Burn: 1}}
	return o
}

func TestATicketDoesNotReopenAPageAndBeginsAfterItsEnd(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{tiers()}})
	f.minutes(60, func() { f.count(indicator("bookings"), 1000, 0) })
	f.minutes(5, func() { f.count(indicator("bookings"), 0, 1000) })
	f.minutes(30, func() { f.count(indicator("bookings"), 995, 5) })
	f.want("opened bookings", "resolved bookings", "opened bookings")
	page, ticket := f.incidents.all[0], f.incidents.all[1]
	if ticket.Severity != slo.Ticket || ticket.OpenedAt.Sub(page.EndedAt) != 10*time.Minute || ticket.StartedAt.Before(page.EndedAt) {
		t.Errorf("a %s opened at %s with events since %s; the page had ended at %s",
			ticket.Severity, ticket.OpenedAt, ticket.StartedAt, page.EndedAt)
	}
}

func TestATicketThatHasEndedIsReopenedAtOnce(t *testing.T) {
	o := tiers()
	o.Policy.Pairs = o.Policy.Pairs[1:]
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{o}})
	f.minutes(1, func() { f.count(indicator("bookings"), 900, 100) })
	f.minutes(11, func() { f.count(indicator("bookings"), 1000, 0) })
	f.want("opened bookings", "resolved bookings")
	f.minutes(1, func() { f.count(indicator("bookings"), 900, 100) })
	f.want("reopened bookings")
}
