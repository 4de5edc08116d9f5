package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/google/uuid"

	"jari.example/infra/bench/chaosbooking/verdict"
)

// diner is one person on one evening. Everybody wants one table at most, and
// one thing at a time.
type diner struct {
	id    string
	sys   *system
	log   *clientLog
	rng   *rand.Rand
	house *house
	party int
}

func (d *diner) chance(odds float64) bool { return d.rng.Float64() < odds }

// pause waits for a random time up to most.
func (d *diner) pause(ctx context.Context, most time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(most)):
	}
}

// How persistent people are.
const (
	insistFor = 40 * time.Second // longer than any part may be away
	leaveOdds = 0.4              // of somebody whom a kill has interrupted
)

// want asks until there is an answer, each time at any replica, with the same
// key. Only whom a kill has interrupted may leave without one: status 0.
func (d *diner) want(ctx context.Context, t verdict.Try, c call) reply {
	t.Key = uuid.NewString()
	rest := 30 * time.Millisecond
	for deadline := time.Now().Add(insistFor); ; d.pause(ctx, rest) {
		rest = min(2*rest, time.Second)
		via := replicas[d.rng.IntN(len(replicas))].name
		r, try := d.once(ctx, via, t, c)
		if r.status >= 200 && r.status < 500 {
			return r
		}
		if ctx.Err() != nil || time.Now().After(deadline) || d.log.hit(try) && d.chance(leaveOdds) {
			return reply{}
		}
	}
}

// dine is the diner's evening.
func (d *diner) dine(ctx context.Context) {
	slot := d.house.hot
	if d.chance(0.1) {
		slot = d.house.other
	}
	for range 3 {
		r := d.take(ctx, verdict.Book, "/v1/reservations", slot)
		if r.status == http.StatusCreated {
			d.reconsider(ctx, r)
			return
		}
		if r.reason != "slot_full" || !d.chance(0.6) {
			return
		}
		r = d.take(ctx, verdict.Join, "/v1/waitlist", slot)
		if r.status == http.StatusCreated {
			d.wait(ctx, r)
			return
		}
		if r.reason != "seats_available" {
			return
		}
	}
}

func (d *diner) take(ctx context.Context, op verdict.Op, path string, slot int64) reply {
	r := d.want(ctx, verdict.Try{Op: op, Slot: slot, Party: d.party},
		call{method: http.MethodPost, path: path, keyed: true, body: fmt.Sprintf(`{"slot_id":"%d","party":%d}`, slot, d.party)})
	if r.status == http.StatusCreated && op == verdict.Book && slot == d.house.hot {
		d.house.sold(d.party)
	}
	return r
}

// reconsider is what becomes of a table: some cancel, some move.
func (d *diner) reconsider(ctx context.Context, booked reply) {
	d.pause(ctx, 400*time.Millisecond)
	if d.chance(0.15) {
		d.move(ctx, booked)
	}
	if d.chance(0.3) {
		d.act(ctx, verdict.Cancel, http.MethodPost, "/v1/reservations/"+booked.body.ID+"/cancel")
	}
}

func (d *diner) act(ctx context.Context, op verdict.Op, method, path string) reply {
	return d.want(ctx, verdict.Try{Op: op}, call{method: method, path: path, keyed: method == http.MethodPost})
}

// move changes the time or the party. The ETag makes it safe to ask again: what
// was moved unheard is refused with 412, and then the diner looks.
func (d *diner) move(ctx context.Context, booked reply) {
	path := "/v1/reservations/" + booked.body.ID
	seen := d.act(ctx, verdict.Read, http.MethodGet, path)
	if seen.etag == "" {
		return
	}
	slot, party := d.house.other, d.party
	if d.chance(0.5) {
		slot, party = d.house.hot, 1+d.rng.IntN(d.house.largest)
	}
	c := call{method: http.MethodPatch, path: path, ifMatch: seen.etag, body: fmt.Sprintf(`{"slot_id":"%d","party":%d}`, slot, party)}
	if r := d.want(ctx, verdict.Try{Op: verdict.Move, Slot: slot, Party: party}, c); r.status == http.StatusPreconditionFailed {
		d.act(ctx, verdict.Read, http.MethodGet, path)
	}
}

// lingers bounds how long somebody looks whether there is an offer.
const lingers = 1500 * time.Millisecond

// wait is what becomes of a place in the line.
func (d *diner) wait(ctx context.Context, joined reply) {
	path := "/v1/waitlist/" + joined.body.ID
	for deadline := time.Now().Add(lingers); time.Now().Before(deadline) && ctx.Err() == nil; {
		d.pause(ctx, 600*time.Millisecond)
		seen := d.act(ctx, verdict.Read, http.MethodGet, "/v1/reservations/"+joined.body.ID)
		if seen.body.Status != "offered" {
			continue
		}
		switch n := d.rng.IntN(10); {
		case n < 6:
			if r := d.act(ctx, verdict.Accept, http.MethodPost, path+"/accept"); r.status == http.StatusOK {
				d.reconsider(ctx, r)
			}
		case n < 8:
			d.act(ctx, verdict.Decline, http.MethodPost, path+"/decline")
		case n < 9:
			d.act(ctx, verdict.Leave, http.MethodDelete, path)
		} // the rest let the offer stand
		return
	}
	if d.chance(0.4) {
		d.act(ctx, verdict.Leave, http.MethodDelete, path)
	}
}
