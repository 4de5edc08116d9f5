package invariants

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// attempt is one request of a millisecond.
func attempt(ms int, diner string, op Op, status int, a Response) Attempt {
	return Attempt{
		Diner: diner, Op: op, Key: diner + string(op), Slot: 1, Party: 2, Replica: "a",
		Began: at(ms), Ended: at(ms + 1), Status: status, Response: a,
	}
}

func row(id, status string) Response { return Response{ID: id, Slot: 1, Party: 2, Status: status} }

// validHistory is a world in which everything has been kept: two kills, one of them
// late, and one diner of each sort.
func validHistory() History {
	w := History{
		Attempts: []Attempt{
			attempt(0, "keeps", Book, 201, row("r-keeps", confirmed)),
			attempt(1, "returns", Book, 0, Response{}), // the answer got lost …
			attempt(5, "returns", Book, 201, row("r-returns", confirmed)),
			attempt(2, "cancels", Book, 201, row("r-cancels", confirmed)),
			attempt(10, "waits", Join, 201, row("r-waits", waiting)),
			attempt(11, "lingers", Join, 201, row("r-lingers", waiting)),
			attempt(20, "cancels", Cancel, 200, row("r-cancels", cancelled)),
			attempt(25, "waits", Read, 200, row("r-waits", offered)),
			attempt(30, "waits", Accept, 200, row("r-waits", confirmed)),
			attempt(40, "unlucky", Book, 0, Response{}), // killed, booked, gone
			attempt(40, "nothing", Book, 503, Response{}),
			attempt(41, "late", Book, 0, Response{}), // killed, then refused
			attempt(45, "late", Book, 409, Response{}),
			attempt(50, "moves", Book, 201, row("r-moves", confirmed)),
			attempt(55, "moves", Move, 200, Response{ID: "r-moves", Slot: 2, Party: 3, Status: confirmed}),
			attempt(60, "looks", Book, 201, Response{ID: "r-looks", Slot: 3, Party: 2, Status: confirmed}),
			attempt(61, "looks", Move, 0, Response{}),
			attempt(63, "looks", Move, 412, Response{}), // by its own first try
			attempt(70, "leaves", Join, 201, row("r-leaves", waiting)),
			attempt(75, "leaves", Leave, 204, Response{}),
			attempt(70, "closes", Join, 201, row("r-closes", waiting)),
			attempt(75, "closes", Leave, 204, Response{}), // too late
			attempt(65, "looks", Read, 200, Response{ID: "r-looks", Slot: 3, Party: 1, Status: confirmed}),
		},
		Kills: []Kill{
			{Target: "b", At: at(3), Done: at(4), CoversLeft: 4},
			{Target: Postgres, At: at(40), Done: at(42), CoversLeft: 0},
		},
		Slots: []Slot{{1, 8, 8, true}, {2, 4, 3, true}, {3, 2, 1, false}},
		Rows: []Row{
			{"r-keeps", 1, "keeps", 2, confirmed, 1},
			{"r-returns", 1, "returns", 2, confirmed, 1},
			{"r-cancels", 1, "cancels", 2, cancelled, 2},
			{"r-waits", 1, "waits", 2, confirmed, 3},
			{"r-lingers", 1, "lingers", 2, waiting, 1},
			{"r-unlucky", 1, "unlucky", 2, confirmed, 1},
			{"r-moves", 2, "moves", 3, confirmed, 2},
			{"r-looks", 3, "looks", 1, confirmed, 2},
			{"r-leaves", 1, "leaves", 2, cancelled, 2},
			{"r-closes", 1, "closes", 2, expired, 2},
		},
	}
	w.Attempts[1].Lost, w.Attempts[2].Replayed = true, true
	w.Attempts[13].Party = 3 // what is moved later is wanted differently at first
	for _, e := range [][2]string{
		{"r-keeps", "reservation.confirmed"}, {"r-returns", "reservation.confirmed"}, {"r-cancels", "reservation.confirmed"},
		{"r-waits", "waitlist.joined"}, {"r-lingers", "waitlist.joined"}, {"r-cancels", "reservation.cancelled"},
		{"r-waits", "waitlist.offered"}, {"r-waits", "reservation.confirmed"}, {"r-unlucky", "reservation.confirmed"},
		{"r-moves", "reservation.confirmed"}, {"r-moves", "reservation.moved"},
		{"r-looks", "reservation.confirmed"}, {"r-looks", "reservation.moved"},
		{"r-leaves", "waitlist.joined"}, {"r-leaves", "waitlist.left"}, {"r-closes", "waitlist.joined"}, {"r-closes", "waitlist.expired"},
	} {
		id := "e" + strconv.Itoa(len(w.Events))
		w.Events = append(w.Events, Event{ID: id, Kind: e[1], Reservation: e[0], State: "sent"})
		w.Mails = append(w.Mails, Mail{id})
		w.Sends = append(w.Sends, Send{Event: id, Accepted: true})
	}
	w.Sends[0].Lost = true // so it was sent again
	w.Sends, w.Mails = append(w.Sends, Send{Event: "e0", Accepted: true}), append(w.Mails, Mail{"e0"})
	w.Sends = append(w.Sends, Send{Event: "e1"}) // SES was away once
	return w
}

var minimum = Minimum{Kills: 2, EarlyShare: 0.5}

func TestAnEveningOnWhichAllPromisesWereKeptIsAcquitted(t *testing.T) {
	v := Check(validHistory(), minimum)
	for _, f := range v.Violations {
		t.Error(f)
	}
	want := Counts{
		Kills: 2, Requests: 23, Booked: 7, KillsEarly: 1, InFlight: 3, Unknown: 2, Replayed: 1, AnswersLost: 1,
		Waited: 4, Offers: 1, Expired: 1, Events: 17, Mails: 18, SESLost: 1, MailsSurplus: 1,
	}
	if v.Counts != want {
		t.Errorf("counted\n%+v, want\n%+v", v.Counts, want)
	}
}

// Whoever cannot be convicted proves nothing by an acquittal.
func TestBrokenPromisesAreConvicted(t *testing.T) {
	for name, c := range map[string]struct {
		doctor  func(w *History)
		promise Invariant
		count   func(Counts) int // which must be 1; nil: none counts it
	}{
		"a slot holds more than it has": {func(w *History) { w.Slots[0].Capacity = 7 }, NeverOverbooked, func(c Counts) int { return c.Overbooked }},
		"a slot held more than it has for a while": {func(w *History) {
			// Four covers in all: one diner too many knew a seat to be theirs until the cancellation.
			w.Slots = append(w.Slots, Slot{ID: 4, Capacity: 4})
			for _, d := range []string{"x", "y", "z"} {
				a := Response{ID: "r-" + d, Slot: 4, Party: 2, Status: confirmed}
				b := a
				b.Status = cancelled
				w.Attempts = append(w.Attempts, attempt(60, d, Book, 201, a), attempt(70, d, Cancel, 200, b))
				w.Rows = append(w.Rows, Row{a.ID, 4, d, 2, cancelled, 0})
			}
		}, NeverOverbooked, func(c Counts) int { return c.Overbooked }},
		"a slot's counter differs from its rows": {func(w *History) { w.Slots[1].Booked = 4 }, NeverOverbooked, func(c Counts) int { return c.Overbooked }},
		"a row with a 201 is gone":               {func(w *History) { w.Rows = w.Rows[1:] }, NothingLost, func(c Counts) int { return c.Lost }},
		"a cancellation with a 200 is gone":      {func(w *History) { w.Rows[2].Status = confirmed }, NothingLost, func(c Counts) int { return c.Lost }},
		"a confirmed row was cancelled by nobody": {func(w *History) { w.Rows[0].Status = cancelled },
			NothingLost, func(c Counts) int { return c.Lost }},
		"an entry that was left waits on":   {func(w *History) { w.Rows[8].Status = waiting }, NothingLost, func(c Counts) int { return c.Lost }},
		"a move with a 200 is gone":         {func(w *History) { w.Rows[6].Slot = 1 }, NothingLost, func(c Counts) int { return c.Lost }},
		"a move that was read is gone":      {func(w *History) { w.Rows[7].Party, w.Slots[2].Booked = 2, 2 }, NothingLost, func(c Counts) int { return c.Lost }},
		"an entry that waits was confirmed": {func(w *History) { w.Rows[4].Status = confirmed }, NothingLost, func(c Counts) int { return c.Lost }},
		"an entry waits beside free covers": {func(w *History) { w.Slots[0].Capacity = 10 }, WaitlistServed, nil},
		"an entry waits after the cut-off":  {func(w *History) { w.Slots[0].Open = false }, WaitlistCloses, nil},
		"a row that nobody asked for":       {func(w *History) { w.Rows = append(w.Rows, Row{"r", 1, "ghost", 2, waiting, 0}) }, NothingDuplicated, func(c Counts) int { return c.Doubled }},
		"a row of somebody who was refused": {func(w *History) {
			w.Attempts = append(w.Attempts, attempt(60, "refused", Book, 409, Response{}))
			w.Rows = append(w.Rows, Row{"r", 1, "refused", 2, waiting, 0})
		}, NothingDuplicated, func(c Counts) int { return c.Doubled }},
		"a row of somebody who was refused after a lost answer": {func(w *History) {
			w.Attempts = append(w.Attempts, attempt(60, "refused", Book, 0, Response{}), attempt(62, "refused", Book, 409, Response{}))
			w.Rows = append(w.Rows, Row{"r", 1, "refused", 2, waiting, 0})
		}, NothingDuplicated, func(c Counts) int { return c.Doubled }},
		"a second row of somebody who got one": {func(w *History) { w.Rows = append(w.Rows, Row{"r", 1, "keeps", 2, cancelled, 0}) }, NothingDuplicated, func(c Counts) int { return c.Doubled }},
		"a key that was answered with two rows": {func(w *History) {
			w.Attempts = append(w.Attempts, attempt(60, "keeps", Book, 201, row("r-other", confirmed)))
		},
			NothingDuplicated, func(c Counts) int { return c.Doubled }},
		"somebody who never hears, without a kill": {func(w *History) { w.Attempts = append(w.Attempts, attempt(60, "forgotten", Book, 503, Response{})) }, OutcomeKnown, nil},
		"somebody who never hears, of another replica's kill": {func(w *History) {
			w.Attempts = append(w.Attempts, attempt(3, "forgotten", Book, 0, Response{}))
		}, OutcomeKnown, nil},
		"a change without an event": {func(w *History) { w.Events, w.Mails = w.Events[:16], w.Mails[:16] }, EventPerChange, func(c Counts) int { return c.EventsMissing }},
		"an event without a change": {func(w *History) {
			w.Events = append(w.Events, Event{"e", "reservation.moved", "r-keeps", "sent"})
			w.Mails = append(w.Mails, Mail{"e"})
		}, EventPerChange, func(c Counts) int { return c.EventsDoubled }},
		"an event of no row": {func(w *History) {
			w.Events = append(w.Events, Event{"e", "reservation.confirmed", "r-ghost", "sent"})
			w.Mails = append(w.Mails, Mail{"e"})
		}, EventPerChange, func(c Counts) int { return c.EventsDoubled }},
		"an event for another":                       {func(w *History) { w.Events[1].Kind = "reservation.closed" }, EventPerChange, nil},
		"events in the wrong order":                  {func(w *History) { w.Events[2], w.Events[5] = w.Events[5], w.Events[2] }, EventPerChange, nil},
		"an event that never left":                   {func(w *History) { w.Undelivered = 1 }, EventPerChange, nil},
		"a missing mail":                             {func(w *History) { w.Mails = w.Mails[1:17] }, MailPerEvent, func(c Counts) int { return c.MailsMissing }},
		"a mail that was given up":                   {func(w *History) { w.Events[4].State = "failed" }, MailPerEvent, nil},
		"a surplus mail":                             {func(w *History) { w.Mails = append(w.Mails, Mail{"e1"}) }, NoExtraMail, func(c Counts) int { return c.MailsDoubled }},
		"a surplus mail after a send SES never took": {func(w *History) { w.Sends[0].Accepted = false }, NoExtraMail, func(c Counts) int { return c.MailsDoubled }},
		"a mail about nothing":                       {func(w *History) { w.Mails = append(w.Mails, Mail{""}) }, NoExtraMail, func(c Counts) int { return c.MailsDoubled }},
		"too few kills":                              {func(w *History) { w.Kills = w.Kills[1:] }, EnoughFaults, nil},
		"too few early kills":                        {func(w *History) { w.Kills[0].CoversLeft = 0 }, EnoughFaults, nil},
		"no answer was lost":                         {func(w *History) { w.Attempts[1].Lost = false }, EnoughFaults, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := validHistory()
			c.doctor(&w)
			v := Check(w, minimum)
			if !slices.ContainsFunc(v.Violations, func(f Violation) bool { return f.Invariant == c.promise }) {
				t.Errorf("acquitted of %q; findings: %v", c.promise, v.Violations)
			}
			if c.count != nil && c.count(v.Counts) != 1 {
				t.Errorf("counted %d times: %+v", c.count(v.Counts), v.Counts)
			}
		})
	}
}
