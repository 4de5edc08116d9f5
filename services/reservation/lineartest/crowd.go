package lineartest

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// A crowd is small, so that its requests meet and their history can be judged.
type crowd struct {
	workers, each int // requests at once, and one after the other
	people        int
	seats         int // about as many, on each slot
	mix           []part
}

// A part is how many of a hundred requests are of a kind. The rest asks again.
type part struct {
	op    op
	parts int
}

var crowds = []crowd{
	// Who wants a table.
	{6, 10, 7, 3, []part{{book, 27}, {join, 13}, {cancel, 10}, {move, 11}, {accept, 8}, {decline, 3}, {leave, 3}, {look, 8}, {edit, 6}}},
	// Who is in line for one.
	{6, 10, 7, 3, []part{{book, 12}, {join, 21}, {cancel, 14}, {move, 10}, {accept, 8}, {decline, 5}, {leave, 2}, {look, 10}, {edit, 9}}},
	// Who comes when the doors open: many at the same instant.
	{12, 5, 20, 5, []part{{book, 66}, {join, 4}, {cancel, 6}, {move, 5}, {accept, 1}, {look, 4}, {edit, 2}}},
}

// choose makes up a request from what the crowd knows by now.
func (w *world) choose(rng *rand.Rand) call {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := call{op: none, diner: int8(rng.IntN(w.people)), key: none, row: none, slot: none}
	dice := rng.IntN(100)
	for _, m := range w.mix {
		if dice -= m.parts; dice < 0 {
			c.op = m.op
			break
		}
	}
	if c.op == none && len(w.asked) > 0 { // perhaps meaning something else
		if c = w.asked[rng.IntN(len(w.asked))]; c.party > 0 && rng.IntN(5) == 0 {
			c.party = c.party%4 + 1
		}
		return c
	}
	switch {
	case c.op == edit:
		c.covers = int8(rng.IntN(2*w.seats + 1))
		return c
	case c.op == join:
	case c.op == book || len(w.known) == 0:
		c.op = book
	default:
		c.row = w.someRow(c.op, rng)
		c.diner = w.asked[c.row].diner
	}
	switch {
	case c.op == book || c.op == join:
		c.slot, c.party = int8(rng.IntN(slots)), int8(1+rng.IntN(3))
	case c.op == move:
		if rng.IntN(3) > 0 {
			c.slot = int8(rng.IntN(slots))
		}
		if rng.IntN(2) > 0 || c.slot == none {
			c.party = int8(1 + rng.IntN(4))
		}
		if rng.IntN(3) == 0 {
			c.version = w.heard[c.row].version
		}
	}
	if c.op.keyed() {
		w.key(&c)
	}
	return c
}

// someRow is what a request may be about. Mostly a table is cancelled, an offer
// answered and a place in line asked about, as far as anybody has heard.
func (w *world) someRow(o op, rng *rand.Rand) int8 {
	var line, offers, tables []int8
	for _, row := range w.known {
		switch w.heard[row].status {
		case offered:
			offers = append(offers, row)
			fallthrough
		case waiting:
			line = append(line, row)
		case confirmed:
			tables = append(tables, row)
		}
	}
	from := w.known
	switch sure := rng.IntN(4) > 0; {
	case sure && (o == accept || o == decline) && len(offers) > 0:
		from = offers
	case sure && o == cancel && len(tables) > 0:
		from = tables
	case sure && o != cancel && len(line) > 0:
		from = line
	}
	return from[rng.IntN(len(from))]
}

// key gives c a new key. Its text is new to its diner and operation only.
func (w *world) key(c *call) {
	c.key = int8(len(w.text))
	n := 0
	for _, before := range w.asked {
		if before.op == c.op && before.diner == c.diner {
			n++
		}
	}
	w.text = append(w.text, "key-"+strconv.Itoa(n))
	w.asked = append(w.asked, *c)
}

// second is what the other button says: the same, or the same at another time.
func (w *world) second(c call, rng *rand.Rand) call {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.op <= join && (w.overlap || rng.IntN(2) == 0) && len(w.text) < keys-slots {
		c.slot = 1 - c.slot
		w.key(&c)
	}
	return c
}

// work is one client that asks for this and that. Now and then it has no
// patience, and then it mostly asks again; or it presses two buttons at once.
func (w *world) work(ctx context.Context, worker int, rng *rand.Rand) {
	var lost *call
	var twice sync.WaitGroup
	defer twice.Wait()
	for range w.each {
		if w.pause > 0 {
			time.Sleep(rand.N(w.pause)) // not to wait for anything: a crowd that trickles
		}
		c := w.choose(rng)
		if lost != nil && rng.IntN(3) > 0 {
			c = *lost
		}
		patience := time.Minute
		if rng.IntN(12) == 0 {
			patience = time.Duration(300+rng.IntN(5000)) * time.Microsecond
		}
		at := rng.IntN(len(w.replicas))
		if c.op.keyed() && w.workers > 1 && rng.IntN(5) == 0 {
			other := w.second(c, rng)
			twice.Go(func() { w.record(ctx, w.workers+worker, (at+1)%len(w.replicas), other, time.Minute) })
		}
		lost = nil
		if a := w.record(ctx, worker, at, c, patience); a.reason == unknown && c.op.keyed() {
			lost = &c
		}
	}
}
