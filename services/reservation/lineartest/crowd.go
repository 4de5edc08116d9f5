package lineartest

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"
)

// A crowd is small, so that its requests meet and their history can be judged.
type crowd struct {
	workers, each int // requests at once, and one after the other
	people        int
	mix           []part
}

// A part is how many of a hundred requests are of a kind. The rest asks again.
type part struct {
	op    op
	parts int
}

var crowds = []crowd{
	// Who wants a table.
	{6, 10, 7, []part{{book, 27}, {join, 13}, {cancel, 10}, {move, 11}, {accept, 8}, {decline, 3}, {leave, 3}, {look, 8}, {edit, 6}}},
	// Who is in line for one.
	{6, 10, 7, []part{{book, 10}, {join, 21}, {cancel, 14}, {move, 10}, {accept, 14}, {decline, 6}, {leave, 3}, {look, 5}, {edit, 9}}},
	// Who comes when the doors open: many at the same instant.
	{20, 3, 20, []part{{book, 66}, {join, 4}, {cancel, 6}, {move, 5}, {accept, 1}, {look, 4}, {edit, 2}}},
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
		c.covers = int8(rng.IntN(7))
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

// someRow is what a request may be about: an answer to an offer, mostly what was
// in line when it was last heard of.
func (w *world) someRow(o op, rng *rand.Rand) (row int8) {
	for range 6 {
		row = w.known[rng.IntN(len(w.known))]
		inLine := w.heard[row].status == waiting || w.heard[row].status == offered
		if inLine || o != accept && o != decline && o != leave {
			break
		}
	}
	return row
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

// work is one client that asks for this and that. Now and then it has no
// patience, and then it mostly asks again.
func (w *world) work(ctx context.Context, worker int, rng *rand.Rand) {
	var lost *call
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
		lost = nil
		if a := w.record(ctx, worker, rng.IntN(len(w.replicas)), c, patience); a.reason == unknown && c.op.keyed() {
			lost = &c
		}
	}
}
