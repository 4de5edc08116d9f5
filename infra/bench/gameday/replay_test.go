package main

import (
	"testing"
	"time"
)

func TestTheEarliestTimeIsThatOfTheLaterReplay(t *testing.T) {
	began := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	fires := func(opened, resolved time.Time) []replayed { return []replayed{{"booking-latency", opened, resolved}} }
	for name, c := range map[string]struct {
		replays [][]replayed
		want    times
		known   bool
	}{
		"each is the later one once": {[][]replayed{fires(at(9), at(20)), fires(at(6), at(21))}, times{at(9), at(21), at(20)}, true},
		"the first is resolved last": {[][]replayed{fires(at(9), at(21)), fires(at(6), at(20))}, times{at(9), at(21), at(20)}, true},
		"one is still open":          {[][]replayed{fires(at(6), time.Time{}), fires(at(9), at(21))}, times{at(9), time.Time{}, at(21)}, true},
		"one does not fire":          {[][]replayed{fires(at(6), at(20)), nil}, times{}, false},
		"there is no replay":         {},
	} {
		r := &round{entry: entry{Rule: "booking-latency"}, began: began}
		if by, known := r.earliest(c.replays); known != c.known || by != c.want {
			t.Errorf("%s: %+v, %t", name, by, known)
		}
	}
}

func TestThePageOfATicketBelongsToTheRoundOfTheTicket(t *testing.T) {
	began := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	all := []message{
		{rule: "before", incident: "0", posted: at(-99)}, {rule: "before", incident: "0", posted: at(1), page: true},
		{rule: "raised", incident: "1", posted: at(-5)}, {rule: "raised", incident: "1", posted: at(3), page: true},
		{rule: "new", incident: "2", posted: at(2)}, {rule: "new", incident: "2", posted: at(4), page: true},
	}
	earlier, now := &round{began: at(-30)}, &round{began: began}
	for _, m := range all {
		want := map[string]*round{"before": nil, "raised": earlier, "new": now}[m.rule]
		if got := ownerOf(m, all, []*round{earlier, now}); got != want {
			t.Errorf("%+v belongs to %+v", m, got)
		}
	}
}
