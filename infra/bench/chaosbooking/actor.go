package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/uuid"

	"jari.example/infra/bench/chaosbooking/invariants"
)

// actor is one person on one evening. Everybody wants one table at most, and
// one thing at a time.
type actor struct {
	id         string
	sys        *system
	recorder   *recorder
	rng        *rand.Rand
	restaurant *restaurant
	party      int
}

func (d *actor) chance(odds float64) bool { return d.rng.Float64() < odds }

// pause waits for a random time up to most.
func (d *actor) pause(ctx context.Context, most time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(most)):
	}
}

// How persistent people are.
const (
	retryFor           = 40 * time.Second // longer than any part may be away
	abandonProbability = 0.4              // of somebody whom a kill has interrupted
)

// retry asks until there is an answer, each time at any replica, with the same
// key. Only whom a kill has interrupted may leave without one: status 0.
func (d *actor) retry(ctx context.Context, t invariants.Attempt, c request) response {
	t.Key = uuid.NewString()
	rest := 30 * time.Millisecond
	for deadline := time.Now().Add(retryFor); ; d.pause(ctx, rest) {
		rest = min(2*rest, time.Second)
		via := replicas[d.rng.IntN(len(replicas))].name
		r, try := d.attempt(ctx, via, t, c)
		if r.status >= 200 && r.status < 500 {
			return r
		}
		if ctx.Err() != nil || time.Now().After(deadline) || d.recorder.interrupted(try) && d.chance(abandonProbability) {
			return response{}
		}
	}
}

// run is the diner's evening.
func (d *actor) run(ctx context.Context) {
	slot := d.restaurant.hotSlot
	if d.chance(0.1) {
		slot = d.restaurant.otherSlot
	}
	for range 3 {
		r := d.reserve(ctx, invariants.Book, "/v1/reservations", slot)
		if r.status == http.StatusCreated {
			d.changeBooking(ctx, r)
			return
		}
		if r.reason != "slot_full" || !d.chance(0.6) {
			return
		}
		r = d.reserve(ctx, invariants.Join, "/v1/waitlist", slot)
		if r.status == http.StatusCreated {
			d.pollOffer(ctx, r)
			return
		}
		if r.reason != "seats_available" {
			return
		}
	}
}

func (d *actor) reserve(ctx context.Context, op invariants.Op, path string, slot int64) response {
	r := d.retry(ctx, invariants.Attempt{Op: op, Slot: slot, Party: d.party},
		request{method: http.MethodPost, path: path, keyed: true, body: fmt.Sprintf(`{"slot_id":"%d","party":%d}`, slot, d.party)})
	if r.status == http.StatusCreated && op == invariants.Book && slot == d.restaurant.hotSlot {
		d.restaurant.addSold(d.party)
	}
	return r
}

// changeBooking is what becomes of a table: some cancel, some move.
func (d *actor) changeBooking(ctx context.Context, booked response) {
	d.pause(ctx, 400*time.Millisecond)
	if d.chance(0.15) {
		d.move(ctx, booked)
	}
	if d.chance(0.3) {
		d.do(ctx, invariants.Cancel, http.MethodPost, "/v1/reservations/"+booked.body.ID+"/cancel")
	}
}

func (d *actor) do(ctx context.Context, op invariants.Op, method, path string) response {
	return d.retry(ctx, invariants.Attempt{Op: op}, request{method: method, path: path, keyed: method == http.MethodPost})
}

// move changes the time or the party. The ETag makes it safe to ask again: what
// was moved unheard is refused with 412, and then the diner looks.
func (d *actor) move(ctx context.Context, booked response) {
	path := "/v1/reservations/" + booked.body.ID
	seen := d.do(ctx, invariants.Read, http.MethodGet, path)
	if seen.etag == "" {
		return
	}
	slot, party := d.restaurant.otherSlot, d.party
	if d.chance(0.5) {
		slot, party = d.restaurant.hotSlot, 1+d.rng.IntN(d.restaurant.maxParty)
	}
	c := request{method: http.MethodPatch, path: path, ifMatch: seen.etag, body: fmt.Sprintf(`{"slot_id":"%d","party":%d}`, slot, party)}
	if r := d.retry(ctx, invariants.Attempt{Op: invariants.Move, Slot: slot, Party: party}, c); r.status == http.StatusPreconditionFailed {
		d.do(ctx, invariants.Read, http.MethodGet, path)
	}
}

// pollFor bounds how long somebody looks whether there is an offer.
const pollFor = 1500 * time.Millisecond

// pollOffer is what becomes of a place in the line.
func (d *actor) pollOffer(ctx context.Context, joined response) {
	path := "/v1/waitlist/" + joined.body.ID
	for deadline := time.Now().Add(pollFor); time.Now().Before(deadline) && ctx.Err() == nil; {
		d.pause(ctx, 600*time.Millisecond)
		seen := d.do(ctx, invariants.Read, http.MethodGet, "/v1/reservations/"+joined.body.ID)
		if seen.body.Status != "offered" {
			continue
		}
		switch n := d.rng.IntN(10); {
		case n < 6:
			if r := d.do(ctx, invariants.Accept, http.MethodPost, path+"/accept"); r.status == http.StatusOK {
				d.changeBooking(ctx, r)
			}
		case n < 8:
			d.do(ctx, invariants.Decline, http.MethodPost, path+"/decline")
		case n < 9:
			d.do(ctx, invariants.Leave, http.MethodDelete, path)
		} // the rest let the offer stand
		return
	}
	if d.chance(0.4) {
		d.do(ctx, invariants.Leave, http.MethodDelete, path)
	}
}
