package main

import (
	"slices"
	"testing"
	"time"
)

func TestTheEarliestTimeIsThatOfTheLaterReplay(t *testing.T) {
	began := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	fires := func(opened, resolved time.Time) []replayed { return []replayed{{"booking-latency", opened, resolved}} }
	for name, c := range map[string]struct {
		replays          [][]replayed
		opened, resolved time.Time
		known            bool
	}{
		"each is the later one once": {[][]replayed{fires(at(9), at(20)), fires(at(6), at(21))}, at(9), at(21), true},
		"one is still open":          {[][]replayed{fires(at(6), time.Time{}), fires(at(9), at(21))}, at(9), time.Time{}, true},
		"one does not fire":          {[][]replayed{fires(at(6), at(20)), nil}, at(6), at(20), false},
		"there is no replay":         {},
	} {
		r := &round{entry: entry{Rule: "booking-latency"}, began: began}
		opened, resolved, known := r.earliest(c.replays)
		if known != c.known || known && (opened != c.opened || resolved != c.resolved) {
			t.Errorf("%s: %v, %v, %t", name, opened, resolved, known)
		}
	}
}

func TestThePageOfATicketBelongsToTheRoundOfTheTicket(t *testing.T) {
	began := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	all := []message{
		{rule: "a", incident: "1", posted: at(-5)}, {rule: "a", incident: "1", posted: at(3), page: true}, // raised
		{rule: "b", incident: "2", posted: at(2)}, {rule: "b", incident: "2", posted: at(4), page: true}, // began in this round
		{rule: "c", incident: "3", posted: at(-9), page: true},
		{rule: "d", incident: "4", posted: at(5), page: true},
		{rule: "expected", incident: "5", posted: at(6), page: true},
	}
	var got []string
	for _, m := range unrelatedPages(all, began, func(rule string) bool { return rule == "expected" }) {
		got = append(got, m.rule)
	}
	if !slices.Equal(got, []string{"b", "d"}) {
		t.Errorf("unrelated are %q", got)
	}
}
