package lineartest

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// The reduction in History.model must not change what the checker finds. A
// history that the model has produced, with inexact times and lost responses,
// is legal. A corrupted one has the result that porcupine has without the
// reduction.
func TestReductionChangesNoCheckResult(t *testing.T) {
	counts := map[porcupine.CheckResult]int{}
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := generateHistory(rng)
		if got, _ := h.Check(time.Minute); got != porcupine.Ok {
			t.Fatalf("seed %d: a sequential history is %s", seed, got)
		}
		corrupt(&h.operations[rng.IntN(len(h.operations))], rng)
		got, _ := h.Check(time.Minute)
		want := porcupine.CheckOperationsTimeout(porcupine.Model{
			Init: func() any { return h.model().Init().(checkerState).state },
			Step: func(s, in, out any) (bool, any) { return s.(state).step(in.(input).call, out.(result)) },
		}, h.porcupineOperations(), time.Minute)
		if got != want {
			t.Fatalf("seed %d: %s, and without the reduction %s", seed, got, want)
		}
		counts[got]++
	}
	t.Log(counts)
	if counts[porcupine.Ok] == 0 || counts[porcupine.Illegal] == 0 {
		t.Errorf("results %v: want legal and illegal ones among the corrupted histories", counts)
	}
}

// generateHistory applies a dozen random calls to the model.
func generateHistory(rng *rand.Rand) History {
	h := History{covers: 3, overlap: rng.IntN(3) == 0}
	s := h.model().Init().(checkerState).state
	var created []int8
	for n := range int8(12) {
		c := call{op: op(rng.IntN(int(slotWasFull))), key: none, diner: int8(rng.IntN(3)), reservation: none, slot: none}
		if c.op >= cancel && c.op != edit && len(created) == 0 {
			c.op = book
		}
		switch c.op {
		case book, join, move:
			c.slot, c.party = int8(rng.IntN(slots)), int8(1+rng.IntN(3))
		case edit:
			c.covers = int8(rng.IntN(5))
		}
		if c.op >= cancel && c.op != edit {
			c.reservation = created[rng.IntN(len(created))]
			c.diner = s.reservations[c.reservation].diner
		}
		if c.op.hasKey() {
			c.key = n
		}
		if n > 0 && rng.IntN(6) == 0 { // repeat a call
			c = h.operations[rng.IntN(len(h.operations))].call
		}
		next, got := s.apply(c)
		if got.status != absent && c.op.creates() && !got.replayed {
			created = append(created, c.key)
		}
		lost := rng.IntN(6) == 0
		if !lost || rng.IntN(2) == 0 {
			s = next
		}
		if lost {
			got = result{reason: reasonUnknown}
		}
		at := time.Duration(n) * 10
		h.operations = append(h.operations, operation{
			call: c, response: response{result: got}, start: at - time.Duration(rng.IntN(20)), end: at + time.Duration(rng.IntN(20)),
		})
	}
	return h
}

// corrupt changes a result or its time. Some of the new ones are legal too.
func corrupt(o *operation, rng *rand.Rand) {
	switch rng.IntN(5) {
	case 0:
		o.result = slotFull(int8(rng.IntN(3)))
	case 1:
		o.result = refuse([]string{reasonAlreadyBooked, reasonSlotClosed, reasonNotCancellable, reasonSeatsAvailable}[rng.IntN(4)])
	case 2:
		o.replayed = !o.replayed
	case 3:
		o.status = status(1 + rng.IntN(int(declined)))
	case 4:
		o.end += 40
	}
}
