package lineartest

import "slices"

// The sequential model: what two slots of one restaurant do when one request
// follows the other. It is the oracle, so it shares no code with the service. A
// state is a plain value: an assignment copies it, and == compares it.

const (
	slots = 2  // of one round; a move connects them
	keys  = 80 // calls of one round that carry an idempotency key
	none  = -1 // no slot, reservation or key
)

// Reasons of refusals, as the HTTP API documents them.
const (
	reasonAlreadyBooked   = "already_booked"
	reasonPartyTooLarge   = "party_too_large"
	reasonKeyReused       = "idempotency_key_reused"
	reasonNotCancellable  = "not_cancellable"
	reasonNotFound        = "reservation_not_found"
	reasonNotMovable      = "not_movable"
	reasonNotOffered      = "not_offered"
	reasonNotWaiting      = "not_waiting"
	reasonOverlap         = "overlap"
	reasonSeatsAvailable  = "seats_available"
	reasonSlotClosed      = "slot_closed"
	reasonSlotFull        = "slot_full"
	reasonVersionMismatch = "version_mismatch"

	// reasonUnknown is not the API's: the response was lost. The call may take
	// effect at any time after it was sent, or never.
	reasonUnknown = "unknown"
)

type status int8

const (
	absent status = iota // not created yet
	waiting
	offered
	confirmed
	cancelled
	declined
)

var statusNames = []string{"absent", "waiting", "offered", "confirmed", "cancelled", "declined"}

func (s status) String() string {
	if s < 0 { // a response had another one
		return "?"
	}
	return statusNames[s]
}

func (s status) holdsCovers() bool { return s == offered || s == confirmed }
func (s status) active() bool      { return s == waiting || s.holdsCovers() }

type slot struct{ wanted, booked int8 }

// closed reports whether the owner wants fewer covers than are booked, or none.
func (s slot) closed() bool { return s.wanted == 0 || s.booked > s.wanted }

func (s slot) left() int8 {
	if s.closed() {
		return 0
	}
	return s.wanted - s.booked
}

// A reservation may be a waitlist entry. order is its place in the waitlist.
type reservation struct {
	diner, slot, party int8
	status             status
	order, version     int8
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
	get
	edit // by the owner: other covers for both slots

	// A refusal from the sold-out cache is two observations: the slot was full at
	// most a second ago, and the key has no record now.
	slotWasFull
	keyUnused
)

var opNames = []string{"book", "join", "cancel", "accept", "decline", "leave", "move", "get", "edit", "slotWasFull", "keyUnused"}

func (o op) String() string { return opNames[o] }

// hasKey reports whether calls of o carry an idempotency key.
func (o op) hasKey() bool { return o <= decline }

// creates reports whether o makes a reservation.
func (o op) creates() bool { return o == book || o == join }

// call is one request. key stands for the combination of diner, operation and
// Idempotency-Key. A reservation has the number of the key that created it.
type call struct {
	op          op
	key         int8
	diner       int8
	slot, party int8 // of a booking or a move, where none and 0 mean unchanged
	reservation int8 // that the call is about; none where it creates one
	version     int8 // that a move requires; 0: any
	covers      int8 // of an edit
}

// view is a reservation as a response shows it.
type view struct {
	reservation, slot, party int8
	status                   status
	position, version        int8 // version 0: the response has none
}

// result is a refusal with its reason, or what a success shows.
type result struct {
	reason     string
	available  int8        // with slot_full: covers left
	overbooked [slots]int8 // of an edit: booked covers, where they are more than wanted
	view
	replayed bool
}

func refuse(reason string) result { return result{reason: reason} }

func slotFull(left int8) result { return result{reason: reasonSlotFull, available: left} }

// record is an idempotency record.
type record struct {
	done bool
	call
	view
}

type state struct {
	slots        [slots]slot
	reservations [keys]reservation
	records      [keys]record
	lastOrder    int8 // the highest in any waitlist so far
	overlap      bool // the slots do, so no diner may have both
}

// waitlist returns who waits for a slot, first come first.
func (s *state) waitlist(slot int8) (list []*reservation) {
	for i := range s.reservations {
		if r := &s.reservations[i]; r.slot == slot && r.status == waiting {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *reservation) int { return int(a.order - b.order) })
	return list
}

func (s *state) view(n int8) view {
	r := &s.reservations[n]
	return view{n, r.slot, r.party, r.status, 1 + int8(slices.Index(s.waitlist(r.slot), r)), r.version}
}

// transition changes r's status and moves its covers with it.
func (s *state) transition(r *reservation, to status) {
	if r.status.holdsCovers() {
		s.slots[r.slot].booked -= r.party
	}
	if to.holdsCovers() {
		s.slots[r.slot].booked += r.party
	}
	r.status = to
}

// offerFreeCovers offers what is left to the first in each waitlist who fit.
func (s *state) offerFreeCovers() {
	for i := range s.slots {
		for _, r := range s.waitlist(int8(i)) {
			if r.party <= s.slots[i].left() {
				s.transition(r, offered)
			}
		}
	}
}
