package invariants

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

var start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// attempt is a request that took a millisecond.
func attempt(ms int, diner string, op Op, status int, a Response) Attempt {
	return Attempt{
		Diner: diner, Op: op, Key: diner + string(op), Slot: 1, Party: 2, Replica: "a",
		Began: at(ms), Ended: at(ms + 1), Status: status, Response: a,
	}
}

func row(id, status string) Response { return Response{ID: id, Slot: 1, Party: 2, Status: status} }

// validHistory is a history without violations, with two kills, one of them
// after the sell-out, and a diner for each case.
func validHistory() History {
	h := History{
		Attempts: []Attempt{
			attempt(0, "keeps", Book, 201, row("r-keeps", confirmed)),
			attempt(1, "returns", Book, 0, Response{}), // the response was lost …
			attempt(5, "returns", Book, 201, row("r-returns", confirmed)),
			attempt(2, "cancels", Book, 201, row("r-cancels", confirmed)),
			attempt(10, "waits", Join, 201, row("r-waits", waiting)),
			attempt(11, "lingers", Join, 201, row("r-lingers", waiting)),
			attempt(20, "cancels", Cancel, 200, row("r-cancels", cancelled)),
			attempt(25, "waits", Read, 200, row("r-waits", offered)),
			attempt(30, "waits", Accept, 200, row("r-waits", confirmed)),
			attempt(40, "unlucky", Book, 0, Response{}), // interrupted, booked, and given up
			attempt(40, "nothing", Book, 503, Response{}),
			attempt(41, "late", Book, 0, Response{}), // interrupted, then refused
			attempt(45, "late", Book, 409, Response{}),
			attempt(50, "moves", Book, 201, row("r-moves", confirmed)),
			attempt(55, "moves", Move, 200, Response{ID: "r-moves", Slot: 2, Party: 3, Status: confirmed}),
			attempt(60, "looks", Book, 201, Response{ID: "r-looks", Slot: 3, Party: 2, Status: confirmed}),
			attempt(61, "looks", Move, 0, Response{}),
			attempt(63, "looks", Move, 412, Response{}), // because its own first attempt succeeded
			attempt(70, "leaves", Join, 201, row("r-leaves", waiting)),
			attempt(75, "leaves", Leave, 204, Response{}),
			attempt(70, "closes", Join, 201, row("r-closes", waiting)),
			attempt(75, "closes", Leave, 204, Response{}), // after the cut-off
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
	h.Attempts[1].Lost, h.Attempts[2].Replayed = true, true
	h.Attempts[13].Party = 3 // the party is moved later
	for _, e := range [][2]string{
		{"r-keeps", "reservation.confirmed"}, {"r-returns", "reservation.confirmed"}, {"r-cancels", "reservation.confirmed"},
		{"r-waits", "waitlist.joined"}, {"r-lingers", "waitlist.joined"}, {"r-cancels", "reservation.cancelled"},
		{"r-waits", "waitlist.offered"}, {"r-waits", "reservation.confirmed"}, {"r-unlucky", "reservation.confirmed"},
		{"r-moves", "reservation.confirmed"}, {"r-moves", "reservation.moved"},
		{"r-looks", "reservation.confirmed"}, {"r-looks", "reservation.moved"},
		{"r-leaves", "waitlist.joined"}, {"r-leaves", "waitlist.left"}, {"r-closes", "waitlist.joined"}, {"r-closes", "waitlist.expired"},
	} {
		id := "e" + strconv.Itoa(len(h.Events))
		h.Events = append(h.Events, Event{ID: id, Kind: e[1], Reservation: e[0], State: "sent"})
		h.Mails = append(h.Mails, Mail{id})
		h.Sends = append(h.Sends, Send{Event: id, Accepted: true})
	}
	h.Sends[0].Lost = true // so the mail was sent again
	h.Sends, h.Mails = append(h.Sends, Send{Event: "e0", Accepted: true}), append(h.Mails, Mail{"e0"})
	h.Sends = append(h.Sends, Send{Event: "e1"}) // SES refused once
	return h
}

var minimum = Minimum{Kills: 2, EarlyShare: 0.5}

func TestReportsNothingForAValidHistory(t *testing.T) {
	result := Check(validHistory(), minimum)
	for _, v := range result.Violations {
		t.Error(v)
	}
	want := Counts{
		Kills: 2, Requests: 23, Booked: 7, KillsEarly: 1, InFlight: 3, Unknown: 2, Replayed: 1, ResponsesLost: 1,
		Waited: 4, Offers: 1, Expired: 1, Events: 17, Mails: 18, SESResponsesLost: 1, MailsExtra: 1,
	}
	if result.Counts != want {
		t.Errorf("counted\n%+v, want\n%+v", result.Counts, want)
	}
}

// What a violation must count.
var (
	overbooked    = func(c Counts) int { return c.Overbooked }
	lost          = func(c Counts) int { return c.Lost }
	doubled       = func(c Counts) int { return c.Doubled }
	eventsMissing = func(c Counts) int { return c.EventsMissing }
	eventsDoubled = func(c Counts) int { return c.EventsDoubled }
	mailsMissing  = func(c Counts) int { return c.MailsMissing }
	mailsDoubled  = func(c Counts) int { return c.MailsDoubled }
)

// violations change a valid history so that it violates an invariant.
var violations = map[string]struct {
	change   func(h *History)
	violated Invariant
	count    func(Counts) int // must be 1; nil: nothing counts it
}{
	"a slot holds more than it has": {func(h *History) { h.Slots[0].Capacity = 7 }, NeverOverbooked, overbooked},
	"a slot held more than it has for a while": {func(h *History) {
		// Four covers: one diner too many held two of them until the cancellation.
		h.Slots = append(h.Slots, Slot{ID: 4, Capacity: 4})
		for _, d := range []string{"x", "y", "z"} {
			a := Response{ID: "r-" + d, Slot: 4, Party: 2, Status: confirmed}
			b := a
			b.Status = cancelled
			h.Attempts = append(h.Attempts, attempt(60, d, Book, 201, a), attempt(70, d, Cancel, 200, b))
			h.Rows = append(h.Rows, Row{a.ID, 4, d, 2, cancelled, 0})
		}
	}, NeverOverbooked, overbooked},
	"the counter of a slot differs from its rows": {func(h *History) {
		h.Slots[1].Booked = 4
	}, NeverOverbooked, overbooked},
	"a row with a 201 does not exist":         {func(h *History) { h.Rows = h.Rows[1:] }, NothingLost, lost},
	"a cancellation with a 200 has no effect": {func(h *History) { h.Rows[2].Status = confirmed }, NothingLost, lost},
	"a confirmed row is cancelled without a request": {func(h *History) { h.Rows[0].Status = cancelled },
		NothingLost, lost},
	"an entry still waits after Leave": {func(h *History) { h.Rows[8].Status = waiting }, NothingLost, lost},
	"a move with a 200 has no effect":  {func(h *History) { h.Rows[6].Slot = 1 }, NothingLost, lost},
	"a move that was read has no effect": {func(h *History) {
		h.Rows[7].Party, h.Slots[2].Booked = 2, 2
	}, NothingLost, lost},
	"a waiting entry is confirmed without a request": {func(h *History) {
		h.Rows[4].Status = confirmed
	}, NothingLost, lost},
	"an entry waits although covers are free": {func(h *History) { h.Slots[0].Capacity = 10 }, WaitlistServed, nil},
	"an entry waits after the cut-off":        {func(h *History) { h.Slots[0].Open = false }, WaitlistCloses, nil},
	"a row that was not requested": {func(h *History) {
		h.Rows = append(h.Rows, Row{"r", 1, "unknown", 2, waiting, 0})
	}, NothingDuplicated, doubled},
	"a row after a refusal": {func(h *History) {
		h.Attempts = append(h.Attempts, attempt(60, "refused", Book, 409, Response{}))
		h.Rows = append(h.Rows, Row{"r", 1, "refused", 2, waiting, 0})
	}, NothingDuplicated, doubled},
	"a row after a lost response and a refusal": {func(h *History) {
		h.Attempts = append(h.Attempts, attempt(60, "refused", Book, 0, Response{}), attempt(62, "refused", Book, 409, Response{}))
		h.Rows = append(h.Rows, Row{"r", 1, "refused", 2, waiting, 0})
	}, NothingDuplicated, doubled},
	"a second row of a diner": {func(h *History) {
		h.Rows = append(h.Rows, Row{"r", 1, "keeps", 2, cancelled, 0})
	}, NothingDuplicated, doubled},
	"two rows for one key": {func(h *History) {
		h.Attempts = append(h.Attempts, attempt(60, "keeps", Book, 201, row("r-other", confirmed)))
	},
		NothingDuplicated, doubled},
	"no result, without a kill": {func(h *History) {
		h.Attempts = append(h.Attempts, attempt(60, "forgotten", Book, 503, Response{}))
	}, OutcomeKnown, nil},
	"no result, at the kill of another replica": {func(h *History) {
		h.Attempts = append(h.Attempts, attempt(3, "forgotten", Book, 0, Response{}))
	}, OutcomeKnown, nil},
	"a change without an event": {func(h *History) {
		h.Events, h.Mails = h.Events[:16], h.Mails[:16]
	}, EventPerChange, eventsMissing},
	"an event without a change": {func(h *History) {
		h.Events = append(h.Events, Event{"e", "reservation.moved", "r-keeps", "sent"})
		h.Mails = append(h.Mails, Mail{"e"})
	}, EventPerChange, eventsDoubled},
	"an event of a row that does not exist": {func(h *History) {
		h.Events = append(h.Events, Event{"e", "reservation.confirmed", "r-unknown", "sent"})
		h.Mails = append(h.Mails, Mail{"e"})
	}, EventPerChange, eventsDoubled},
	"an event of an unknown kind": {func(h *History) {
		h.Events[1].Kind = "reservation.closed"
	}, EventPerChange, nil},
	"events in the wrong order": {func(h *History) {
		h.Events[2], h.Events[5] = h.Events[5], h.Events[2]
	}, EventPerChange, nil},
	"an event still in the outbox": {func(h *History) { h.Undelivered = 1 }, EventPerChange, nil},
	"a missing mail": {func(h *History) {
		h.Mails = h.Mails[1:17]
	}, MailPerEvent, mailsMissing},
	"a mail whose event has failed": {func(h *History) {
		h.Events[4].State = "failed"
	}, MailPerEvent, nil},
	"an extra mail": {func(h *History) {
		h.Mails = append(h.Mails, Mail{"e1"})
	}, NoExtraMail, mailsDoubled},
	"an extra mail after a send that SES did not accept": {func(h *History) {
		h.Sends[0].Accepted = false
	}, NoExtraMail, mailsDoubled},
	"a mail without an event": {func(h *History) {
		h.Mails = append(h.Mails, Mail{""})
	}, NoExtraMail, mailsDoubled},
	"too few kills": {func(h *History) { h.Kills = h.Kills[1:] }, EnoughFaults, nil},
	"too few early kills": {func(h *History) {
		h.Kills[0].CoversLeft = 0
	}, EnoughFaults, nil},
	"no response was lost": {func(h *History) {
		h.Attempts[1].Lost = false
	}, EnoughFaults, nil},
}

// A check that detects nothing would prove nothing.
func TestDetectsViolations(t *testing.T) {
	for name, c := range violations {
		t.Run(name, func(t *testing.T) {
			h := validHistory()
			c.change(&h)
			result := Check(h, minimum)
			if !slices.ContainsFunc(result.Violations, func(v Violation) bool { return v.Invariant == c.violated }) {
				t.Errorf("%q is not detected; violations: %v", c.violated, result.Violations)
			}
			if c.count != nil && c.count(result.Counts) != 1 {
				t.Errorf("counted %d times: %+v", c.count(result.Counts), result.Counts)
			}
		})
	}
}
