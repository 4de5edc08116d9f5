package lineartest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// What the model itself has done, with blurred times and lost answers, is legal;
// what somebody has doctored is judged as porcupine does without any shortcut.
func TestTheShortcutChangesNoVerdict(t *testing.T) {
	counts := map[porcupine.CheckResult]int{}
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := invent(rng)
		if got, _ := h.Check(time.Minute); got != porcupine.Ok {
			t.Fatalf("seed %d: a sequential history is %s", seed, got)
		}
		doctor(&h.events[rng.IntN(len(h.events))], rng)
		got, _ := h.Check(time.Minute)
		plain := porcupine.CheckOperationsTimeout(porcupine.Model{
			Init: func() any { return h.model().Init().(moment).state },
			Step: func(s, input, output any) (bool, any) { return s.(state).step(input.(claim).call, output.(answer)) },
		}, h.operations(), time.Minute)
		if got != plain {
			t.Fatalf("seed %d: %s, and without the shortcut %s", seed, got, plain)
		}
		counts[got]++
	}
	t.Log(counts)
	if counts[porcupine.Ok] == 0 || counts[porcupine.Illegal] == 0 {
		t.Errorf("verdicts %v: the doctor is no good", counts)
	}
}

// invent has the model answer a dozen random requests.
func invent(rng *rand.Rand) History {
	h := History{covers: 3, overlap: rng.IntN(3) == 0}
	now := h.model().Init().(moment).state
	var rows []int8
	for n := range int8(12) {
		c := call{op: op(rng.IntN(int(wasFull))), key: none, diner: int8(rng.IntN(3)), row: none, slot: none}
		if c.op >= cancel && c.op != edit && len(rows) == 0 {
			c.op = book
		}
		switch c.op {
		case book, join, move:
			c.slot, c.party = int8(rng.IntN(slots)), int8(1+rng.IntN(3))
		case edit:
			c.covers = int8(rng.IntN(5))
		}
		if c.op >= cancel && c.op != edit {
			c.row = rows[rng.IntN(len(rows))]
			c.diner = now.rows[c.row].diner
		}
		if c.op.keyed() {
			c.key = n
		}
		if n > 0 && rng.IntN(6) == 0 { // again
			c = h.events[rng.IntN(len(h.events))].call
		}
		next, a := now.do(c)
		if a.status != unborn && c.op <= join && !a.replayed {
			rows = append(rows, c.key)
		}
		lost := rng.IntN(6) == 0
		if !lost || rng.IntN(2) == 0 {
			now = next
		}
		if lost {
			a = answer{reason: unknown}
		}
		at := time.Duration(n) * 10
		h.events = append(h.events, event{
			call: c, reply: reply{answer: a}, began: at - time.Duration(rng.IntN(20)), ended: at + time.Duration(rng.IntN(20)),
		})
	}
	return h
}

// doctor spoils an answer, perhaps into another that might have been.
func doctor(e *event, rng *rand.Rand) {
	switch rng.IntN(5) {
	case 0:
		e.answer = answer{reason: "slot_full", available: int8(rng.IntN(3))}
	case 1:
		e.answer = answer{reason: []string{"already_booked", "slot_closed", "not_cancellable", "seats_available"}[rng.IntN(4)]}
	case 2:
		e.replayed = !e.replayed
	case 3:
		e.status = status(1 + rng.IntN(int(declined)))
	case 4:
		e.ended += 40
	}
}
