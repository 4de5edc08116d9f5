package lineartest

import (
	"math/rand/v2"
	"strconv"
)

// A workload is small, so that its calls are concurrent and their history can
// be checked.
type workload struct {
	clients, calls int // concurrent clients, and the calls of each, one after the other
	diners         int
	averageCovers  int // of each slot
	mix            []share
}

// share is the percentage of calls with an operation. The rest repeats an
// earlier call.
type share struct {
	op      op
	percent int
}

var workloads = []workload{
	// Most calls are bookings.
	{6, 10, 7, 3, []share{{book, 27}, {join, 13}, {cancel, 10}, {move, 11}, {accept, 8}, {decline, 3}, {leave, 3}, {get, 8}, {edit, 6}}},
	// Most calls are about the waitlist.
	{6, 10, 7, 3, []share{{book, 12}, {join, 21}, {cancel, 14}, {move, 10}, {accept, 8}, {decline, 5}, {leave, 2}, {get, 10}, {edit, 9}}},
	// A drop: many bookings at the same instant.
	{12, 5, 20, 5, []share{{book, 66}, {join, 4}, {cancel, 6}, {move, 5}, {accept, 1}, {get, 4}, {edit, 2}}},
}

// nextCall makes a random call from what the clients know so far.
func (r *round) nextCall(rng *rand.Rand) call {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := call{op: none, diner: int8(rng.IntN(r.diners)), key: none, reservation: none, slot: none}
	percent := rng.IntN(100)
	for _, share := range r.mix {
		if percent -= share.percent; percent < 0 {
			c.op = share.op
			break
		}
	}
	if c.op == none && len(r.keyed) > 0 { // repeat a call, sometimes with another body
		if c = r.keyed[rng.IntN(len(r.keyed))]; c.party > 0 && rng.IntN(5) == 0 {
			c.party = c.party%4 + 1
		}
		return c
	}
	switch {
	case c.op == edit:
		c.covers = int8(rng.IntN(2*r.averageCovers + 1))
		return c
	case c.op == join:
	case c.op == book || len(r.created) == 0:
		c.op = book
	default:
		c.reservation = r.chooseReservation(c.op, rng)
		c.diner = r.keyed[c.reservation].diner
	}
	switch {
	case c.op.creates():
		c.slot, c.party = int8(rng.IntN(slots)), int8(1+rng.IntN(3))
	case c.op == move:
		if rng.IntN(3) > 0 {
			c.slot = int8(rng.IntN(slots))
		}
		if rng.IntN(2) > 0 || c.slot == none {
			c.party = int8(1 + rng.IntN(4))
		}
		if rng.IntN(3) == 0 {
			c.version = r.latest[c.reservation].version
		}
	}
	if c.op.hasKey() {
		r.newKey(&c)
	}
	return c
}

// chooseReservation chooses what a call is about. In three of four calls its
// status, as far as the clients know, is one that the operation fits.
func (r *round) chooseReservation(o op, rng *rand.Rand) int8 {
	var onWaitlist, withOffer, booked []int8
	for _, n := range r.created {
		switch r.latest[n].status {
		case offered:
			withOffer = append(withOffer, n)
			fallthrough
		case waiting:
			onWaitlist = append(onWaitlist, n)
		case confirmed:
			booked = append(booked, n)
		}
	}
	from := r.created
	switch fits := rng.IntN(4) > 0; {
	case fits && (o == accept || o == decline) && len(withOffer) > 0:
		from = withOffer
	case fits && o == cancel && len(booked) > 0:
		from = booked
	case fits && o != cancel && len(onWaitlist) > 0:
		from = onWaitlist
	}
	return from[rng.IntN(len(from))]
}

// newKey gives c a new key. Its text is new only for c's diner and operation:
// other diners and operations may use the same.
func (r *round) newKey(c *call) {
	c.key = int8(len(r.keyTexts))
	n := 0
	for _, before := range r.keyed {
		if before.op == c.op && before.diner == c.diner {
			n++
		}
	}
	r.keyTexts = append(r.keyTexts, "key-"+strconv.Itoa(n))
	r.keyed = append(r.keyed, *c)
}

// concurrentCall is a second call that a diner sends at the same time as c: the
// same, or for the other slot under a key of its own.
func (r *round) concurrentCall(c call, rng *rand.Rand) call {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.op.creates() && (r.overlap || rng.IntN(2) == 0) && len(r.keyTexts) < keys-slots {
		c.slot = 1 - c.slot
		r.newKey(&c)
	}
	return c
}
