package lineartest

import (
	"slices"
)

// The model is what two slots of one restaurant do when one request comes after
// the other. It is the oracle, so it shares no line with what it judges. A state
// is a plain value: to copy it is to copy the world, and == compares two.

const (
	slots = 2  // slots of one world; a move ties them together
	keys  = 80 // requests of one world that may be asked again
	none  = -1 // no slot, row or key
)

type status int8

const (
	unborn status = iota
	waiting
	offered
	confirmed
	cancelled
	declined
)

var statuses = []string{"unborn", "waiting", "offered", "confirmed", "cancelled", "declined"}

func (s status) String() string {
	if s < 0 { // an answer said something else
		return "?"
	}
	return statuses[s]
}

func (s status) holds() bool { return s == offered || s == confirmed }
func (s status) live() bool  { return s == waiting || s.holds() }

type slot struct{ wanted, booked int8 }

// closed slots have been shrunk below what is booked; they take nobody.
func (s slot) closed() bool { return s.wanted == 0 || s.booked > s.wanted }

func (s slot) left() int8 {
	if s.closed() {
		return 0
	}
	return s.wanted - s.booked
}

// A row is a reservation or a place in line. line orders who waits.
type row struct {
	diner, slot, party int8
	status             status
	line, version      int8
}

type op int8

const (
	book op = iota
	join
	cancel
	accept
	decline
	leave
	move
	look
	edit // the owner's: other covers for both slots

	// Of a refusal that may be stale: the slot was full, at most a second ago, and
	// the key had not succeeded, now.
	wasFull
	unanswered
)

var ops = []string{"book", "join", "cancel", "accept", "decline", "leave", "move", "look", "edit", "wasFull", "unanswered"}

func (o op) String() string { return ops[o] }
func (o op) keyed() bool    { return o <= decline }

// A call is a request. key numbers (diner, operation, Idempotency-Key); a row
// bears the number of the key that made it.
type call struct {
	op          op
	key         int8
	diner       int8
	slot, party int8 // of a booking or a move, where none and 0 stay as they are
	row         int8 // what it is about, unless it makes a row
	version     int8 // that a move insists on; 0: any
	covers      int8 // of an edit
}

// shown is a reservation as an answer shows it.
type shown struct {
	row, slot, party  int8
	status            status
	position, version int8 // version 0: the answer does not say
}

// An answer is a refusal with its reason, or what a success shows.
type answer struct {
	reason    string
	available int8        // with slot_full: what is left
	closed    [slots]int8 // of an edit: booked, where that is more than the slot should hold
	shown
	replayed bool
}

// unknown is the reason of whoever heard nothing: it may have happened at any
// time since, and does so, if ever, without anybody being told.
const unknown = "unknown"

type memory struct {
	done bool
	call
	shown
}

type state struct {
	slots   [slots]slot
	rows    [keys]row
	told    [keys]memory // what each key has succeeded with
	line    int8         // last number given
	overlap bool         // the slots do, so nobody may have both
}

// do is the one thing that can come of c: the next state, and the answer.
func (s state) do(c call) (state, answer) {
	if c.op.keyed() {
		switch told := s.told[c.key]; {
		case told.done && told.call != c:
			return s, refuse("idempotency_key_reused")
		case told.done:
			return s, answer{shown: told.shown, replayed: true}
		}
	}
	next := s
	a := next.decide(c)
	if a.reason != "" {
		return s, a
	}
	next.settle()
	for i := range next.rows {
		if next.rows[i] != s.rows[i] {
			next.rows[i].version++
		}
	}
	if c.op == edit || c.op == leave {
		return next, a
	}
	a.shown = next.show(a.row)
	if c.op.keyed() {
		next.told[c.key] = memory{true, c, a.shown}
	}
	return next, a
}

func (s *state) decide(c call) answer {
	if c.op == book || c.op == join {
		return s.enter(c)
	}
	if c.op == edit {
		return s.edit(c.covers)
	}
	r := &s.rows[c.row]
	if r.status == unborn || r.diner != c.diner {
		return refuse("reservation_not_found")
	}
	switch c.op {
	case cancel:
		if !r.status.live() {
			return refuse("not_cancellable")
		}
		s.become(r, cancelled)
	case leave:
		if r.status == confirmed {
			return refuse("not_waiting")
		}
		if r.status.live() {
			s.become(r, cancelled)
		}
	case accept, decline:
		if r.status != offered {
			return refuse("not_offered")
		}
		s.become(r, map[op]status{accept: confirmed, decline: declined}[c.op])
	case move:
		return s.move(c, r)
	}
	return answer{shown: shown{row: c.row}}
}

func refuse(reason string) answer { return answer{reason: reason} }

// enter books, or joins the line of a slot without room.
func (s *state) enter(c call) answer {
	if reason := s.obstacle(c.diner, c.slot, none); reason != "" {
		return refuse(reason)
	}
	at, fits := &s.slots[c.slot], c.party <= s.slots[c.slot].left()
	r := row{diner: c.diner, slot: c.slot, party: c.party, status: confirmed}
	switch {
	case c.op == book && !fits:
		return answer{reason: "slot_full", available: at.left()}
	case c.op == book:
		at.booked += c.party
	case c.party > at.wanted:
		return refuse("invalid_field")
	case fits:
		return refuse("seats_available")
	default:
		s.line++
		r.status, r.line = waiting, s.line
	}
	s.rows[c.key] = r
	return answer{shown: shown{row: c.key}}
}

// obstacle is why the diner can have nothing on the slot, however much is left.
func (s *state) obstacle(diner, slot, except int8) string {
	elsewhere := false
	for i, r := range s.rows {
		if int8(i) == except || r.diner != diner || !r.status.live() {
			continue
		}
		if r.slot == slot {
			return "already_booked"
		}
		elsewhere = true
	}
	switch {
	case s.slots[slot].closed():
		return "slot_closed"
	case elsewhere && s.overlap:
		return "overlap"
	}
	return ""
}

func (s *state) move(c call, r *row) answer {
	to, party := c.slot, c.party
	if to == none {
		to = r.slot
	}
	if party == 0 {
		party = r.party
	}
	switch {
	case c.version != 0 && c.version != r.version:
		return refuse("version_mismatch")
	case !r.status.live():
		return refuse("not_movable")
	case to != r.slot: // is booked there, or nothing changes
		if reason := s.obstacle(c.diner, to, c.row); reason != "" {
			return refuse(reason)
		}
		if left := s.slots[to].left(); party > left {
			return answer{reason: "slot_full", available: left}
		}
		s.become(r, cancelled)
		s.slots[to].booked += party
		*r = row{r.diner, to, party, confirmed, 0, r.version}
	case r.status == waiting: // keeps the place in line
		if party > s.slots[to].wanted && party != r.party {
			return refuse("invalid_field")
		}
		r.party = party
	default:
		at, more := &s.slots[to], party-r.party
		switch {
		case more > 0 && at.closed():
			return refuse("slot_closed")
		case more > at.left():
			return answer{reason: "slot_full", available: at.left()}
		}
		at.booked += more
		r.party = party
	}
	return answer{shown: shown{row: c.row}}
}

func (s *state) edit(covers int8) (a answer) {
	for i := range s.slots {
		s.slots[i].wanted = covers
		if s.slots[i].booked > covers {
			a.closed[i] = s.slots[i].booked
		}
	}
	return a
}

// become moves r's covers with its status.
func (s *state) become(r *row, to status) {
	if r.status.holds() {
		s.slots[r.slot].booked -= r.party
	}
	if to.holds() {
		s.slots[r.slot].booked += r.party
	}
	r.status = to
}

// settle offers what is left to the first in line who fit.
func (s *state) settle() {
	for i := range s.slots {
		for _, r := range s.queue(int8(i)) {
			if r.party <= s.slots[i].left() {
				s.become(r, offered)
			}
		}
	}
}

// queue is who waits for a slot, next first.
func (s *state) queue(slot int8) (line []*row) {
	for i := range s.rows {
		if r := &s.rows[i]; r.slot == slot && r.status == waiting {
			line = append(line, r)
		}
	}
	slices.SortFunc(line, func(a, b *row) int { return int(a.line - b.line) })
	return line
}

func (s *state) show(n int8) shown {
	r := &s.rows[n]
	return shown{n, r.slot, r.party, r.status, 1 + int8(slices.Index(s.queue(r.slot), r)), r.version}
}
