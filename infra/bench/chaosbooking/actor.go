package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/uuid"

	"jari.example/infra/bench/chaosbooking/invariants"
	"jari.example/internal/wait"
)

// actor is a simulated diner of the load generator. It has at most one
// reservation, and sends one request at a time.
type actor struct {
	id         string
	sys        *system
	recorder   *recorder
	rng        *rand.Rand
	restaurant *restaurant
	party      int
}

// chance is true with a probability.
func (a *actor) chance(probability float64) bool { return a.rng.Float64() < probability }

// pause waits for a random time up to limit.
func (a *actor) pause(ctx context.Context, limit time.Duration) {
	_ = wait.For(ctx, rand.N(limit)) // requests fail when ctx has ended
}

const (
	retryFor           = 40 * time.Second // longer than the recovery of any part
	abandonProbability = 0.4              // after each attempt that a kill may have interrupted
)

// retry sends a request until there is a response that decides it, each time to
// any replica and with the same key. Only an actor that was interrupted by a
// kill may give up; the response is then empty.
func (a *actor) retry(ctx context.Context, t invariants.Attempt, req request) response {
	t.Key = uuid.NewString()
	backoff := 30 * time.Millisecond
	for deadline := time.Now().Add(retryFor); ; a.pause(ctx, backoff) {
		backoff = min(2*backoff, time.Second)
		replica := replicas[a.rng.IntN(len(replicas))].name
		r, sent := a.attempt(ctx, replica, t, req)
		if r.status >= 200 && r.status < 500 {
			return r
		}
		if ctx.Err() != nil || time.Now().After(deadline) || a.recorder.interrupted(sent) && a.chance(abandonProbability) {
			return response{}
		}
	}
}

// run books, or joins the waitlist if the slot is full, and then perhaps
// changes its mind.
func (a *actor) run(ctx context.Context) {
	slot := a.restaurant.hotSlot
	if a.chance(0.1) {
		slot = a.restaurant.otherSlot
	}
	for range 3 {
		r := a.reserve(ctx, invariants.Book, "/v1/reservations", slot)
		if r.status == http.StatusCreated {
			a.changeBooking(ctx, r)
			return
		}
		if r.reason != "slot_full" || !a.chance(0.6) {
			return
		}
		r = a.reserve(ctx, invariants.Join, "/v1/waitlist", slot)
		if r.status == http.StatusCreated {
			a.pollOffer(ctx, r)
			return
		}
		if r.reason != "seats_available" {
			return
		}
	}
}

// reserve books a slot or joins its waitlist.
func (a *actor) reserve(ctx context.Context, op invariants.Op, path string, slot int64) response {
	r := a.retry(ctx, invariants.Attempt{Op: op, Slot: slot, Party: a.party},
		request{method: http.MethodPost, path: path, keyed: true, body: fmt.Sprintf(`{"slot_id":"%d","party":%d}`, slot, a.party)})
	if r.status == http.StatusCreated && op == invariants.Book && slot == a.restaurant.hotSlot {
		a.restaurant.addSold(a.party)
	}
	return r
}

// changeBooking moves or cancels some bookings.
func (a *actor) changeBooking(ctx context.Context, booked response) {
	a.pause(ctx, 400*time.Millisecond)
	if a.chance(0.15) {
		a.move(ctx, booked)
	}
	if a.chance(0.3) {
		a.do(ctx, invariants.Cancel, http.MethodPost, "/v1/reservations/"+booked.body.ID+"/cancel")
	}
}

// do sends an operation without a body.
func (a *actor) do(ctx context.Context, op invariants.Op, method, path string) response {
	return a.retry(ctx, invariants.Attempt{Op: op}, request{method: method, path: path, keyed: method == http.MethodPost})
}

// move changes the slot or the party. The ETag makes it safe to retry: if an
// attempt without a response was applied, the next one is refused with 412. Then
// the actor reads the reservation.
func (a *actor) move(ctx context.Context, booked response) {
	path := "/v1/reservations/" + booked.body.ID
	seen := a.do(ctx, invariants.Read, http.MethodGet, path)
	if seen.etag == "" {
		return
	}
	slot, party := a.restaurant.otherSlot, a.party
	if a.chance(0.5) {
		slot, party = a.restaurant.hotSlot, 1+a.rng.IntN(a.restaurant.maxParty)
	}
	r := a.retry(ctx, invariants.Attempt{Op: invariants.Move, Slot: slot, Party: party}, request{
		method: http.MethodPatch, path: path, ifMatch: seen.etag, body: fmt.Sprintf(`{"slot_id":"%d","party":%d}`, slot, party),
	})
	if r.status == http.StatusPreconditionFailed {
		a.do(ctx, invariants.Read, http.MethodGet, path)
	}
}

// pollFor is how long an actor polls for an offer.
const pollFor = 1500 * time.Millisecond

// pollOffer waits for an offer and responds to it, or leaves the waitlist.
func (a *actor) pollOffer(ctx context.Context, joined response) {
	path := "/v1/waitlist/" + joined.body.ID
	for deadline := time.Now().Add(pollFor); time.Now().Before(deadline) && ctx.Err() == nil; {
		a.pause(ctx, 600*time.Millisecond)
		seen := a.do(ctx, invariants.Read, http.MethodGet, "/v1/reservations/"+joined.body.ID)
		if seen.body.Status != "offered" {
			continue
		}
		switch n := a.rng.IntN(10); {
		case n < 6:
			if r := a.do(ctx, invariants.Accept, http.MethodPost, path+"/accept"); r.status == http.StatusOK {
				a.changeBooking(ctx, r)
			}
		case n < 8:
			a.do(ctx, invariants.Decline, http.MethodPost, path+"/decline")
		case n < 9:
			a.do(ctx, invariants.Leave, http.MethodDelete, path)
		} // the others do not respond to the offer
		return
	}
	if a.chance(0.4) {
		a.do(ctx, invariants.Leave, http.MethodDelete, path)
	}
}
