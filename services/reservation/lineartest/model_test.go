package lineartest

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// script writes a history by hand: slots of 4 covers, times in milliseconds.
type script struct{ History }

func (s *script) at(began, ended int, c call, r reply) *script {
	s.events = append(s.events, event{
		worker: len(s.events), call: c, reply: r,
		began: time.Duration(began) * time.Millisecond, ended: time.Duration(ended) * time.Millisecond,
	})
	return s
}

func books(key, diner, party int8) call {
	return call{op: book, key: key, diner: diner, party: party, row: none}
}

func joins(key, diner, party int8) call {
	return call{op: join, key: key, diner: diner, party: party, row: none}
}

func about(op op, key, diner, row int8) call {
	return call{op: op, key: key, diner: diner, row: row, slot: none}
}

func moves(diner, row, slot, party int8) call {
	return call{op: move, key: none, diner: diner, row: row, slot: slot, party: party}
}

func shows(row, party int8, s status) reply {
	return reply{answer: answer{shown: shown{row: row, party: party, status: s}}}
}

func waits(row, party, position int8) reply {
	r := shows(row, party, waiting)
	r.position = position
	return r
}

func again(r reply) reply { r.replayed = true; return r }
func elsewhere(r reply) reply {
	r.slot = 1
	return r
}

func refuses(reason string) reply { return reply{answer: answer{reason: reason}} }

func full(left int8) reply { return reply{answer: answer{reason: "slot_full", available: left}} }

func latched(left int8) reply {
	r := full(left)
	r.latched = true
	return r
}

// The checker must convict what is impossible and believe what is not.
func TestTheModelJudges(t *testing.T) {
	lost := refuses(unknown)
	for name, c := range map[string]struct {
		legal bool
		*script
	}{
		"one after the other": {true, new(script).
			at(0, 1, books(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, books(1, 1, 2), full(1)).
			at(4, 5, books(2, 1, 1), shows(2, 1, confirmed))},
		"the same seats sold twice": {false, new(script).
			at(0, 5, books(0, 0, 3), shows(0, 3, confirmed)).
			at(0, 5, books(1, 1, 2), shows(1, 2, confirmed))},
		"a refusal beside the booking it gave way to": {true, new(script).
			at(0, 5, books(0, 0, 3), shows(0, 3, confirmed)).
			at(1, 2, books(1, 1, 2), full(1))},
		"a refusal before the booking it gave way to": {false, new(script).
			at(1, 2, books(1, 1, 2), full(1)).
			at(3, 5, books(0, 0, 3), shows(0, 3, confirmed))},
		"a refusal that miscounts": {false, new(script).
			at(0, 1, books(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, books(1, 1, 2), full(0))},
		"nobody heard, and it had happened": {true, new(script).
			at(0, 1, books(0, 0, 3), lost).
			at(2, 3, books(1, 1, 2), full(1))},
		"nobody heard, and it happens late": {true, new(script).
			at(0, 1, books(0, 0, 3), lost).
			at(2, 3, books(1, 1, 2), shows(1, 2, confirmed)).
			at(4, 5, about(cancel, 2, 1, 1), shows(1, 2, cancelled)).
			at(6, 7, books(3, 2, 2), full(1))},
		"nobody heard, and it happens twice": {false, new(script).
			at(0, 1, books(0, 0, 2), lost).
			at(2, 3, books(1, 1, 1), full(0))},
		"the key finds what nobody heard": {true, new(script).
			at(0, 1, books(0, 0, 3), lost).
			at(2, 3, books(0, 0, 3), again(shows(0, 3, confirmed)))},
		"the key forgets": {false, new(script).
			at(0, 1, books(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, books(0, 0, 3), refuses("already_booked"))},
		"the key remembers the first answer after a cancellation": {true, new(script).
			at(0, 1, books(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, about(cancel, 1, 0, 0), shows(0, 3, cancelled)).
			at(4, 5, books(0, 0, 3), again(shows(0, 3, confirmed)))},
		"the key makes a second row": {false, new(script).
			at(0, 1, books(0, 0, 1), shows(0, 1, confirmed)).
			at(2, 3, books(0, 0, 1), again(shows(none, 1, confirmed)))},
		"the key takes another body": {false, new(script).
			at(0, 1, books(0, 0, 1), shows(0, 1, confirmed)).
			at(2, 3, books(0, 0, 2), again(shows(0, 1, confirmed)))},
		"a refusal is remembered": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, books(1, 1, 1), full(0)).
			at(4, 5, about(cancel, 2, 0, 0), shows(0, 4, cancelled)).
			at(6, 7, books(1, 1, 1), full(0))},
		"a latched refusal is nearly a second old": {true, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, about(cancel, 1, 0, 0), shows(0, 4, cancelled)).
			at(990, 995, books(2, 1, 2), latched(0))},
		"a latched refusal is older": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, about(cancel, 1, 0, 0), shows(0, 4, cancelled)).
			at(1010, 1015, books(2, 1, 2), latched(0))},
		"an old refusal without a latch": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, about(cancel, 1, 0, 0), shows(0, 4, cancelled)).
			at(4, 5, books(2, 1, 2), full(0))},
		"the latch speaks before the key": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, books(0, 0, 4), latched(0))},
		"freed seats go to who waits": {true, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joins(1, 1, 2), waits(1, 2, 1)).
			at(4, 5, joins(2, 2, 1), waits(2, 1, 2)).
			at(6, 7, about(cancel, 3, 0, 0), shows(0, 4, cancelled)).
			at(8, 9, about(accept, 4, 1, 1), shows(1, 2, confirmed)).
			at(8, 9, about(look, none, 2, 2), shows(2, 1, offered)).
			at(10, 11, books(5, 3, 2), full(1))},
		"freed seats go to who comes by": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joins(1, 1, 2), waits(1, 2, 1)).
			at(6, 7, about(cancel, 3, 0, 0), shows(0, 4, cancelled)).
			at(8, 9, books(4, 3, 4), shows(4, 4, confirmed))},
		"the first in line is passed over": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joins(1, 1, 3), waits(1, 3, 1)).
			at(4, 5, joins(2, 2, 3), waits(2, 3, 2)).
			at(6, 7, about(cancel, 3, 0, 0), shows(0, 4, cancelled)).
			at(8, 9, about(accept, 4, 2, 2), shows(2, 3, confirmed))},
		"somebody waits beside free seats": {false, new(script).
			at(0, 1, joins(1, 1, 3), waits(1, 3, 1))},
		"an edit that offers": {true, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joins(1, 1, 2), waits(1, 2, 1)).
			at(4, 5, call{op: edit, key: none, row: none, covers: 6}, reply{}).
			at(6, 7, about(decline, 2, 1, 1), shows(1, 2, declined)).
			at(8, 9, books(3, 2, 2), shows(3, 2, confirmed))},
		"an edit that drops a booked seat": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(4, 5, call{op: edit, key: none, row: none, covers: 2}, reply{answer: answer{closed: [slots]int8{4, 0}}}).
			at(6, 7, books(1, 1, 1), full(0))},
		"a move": {true, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, moves(0, 0, 1, 3), elsewhere(shows(0, 3, confirmed))).
			at(4, 5, books(1, 1, 4), shows(1, 4, confirmed))},
		"a move of which one half is seen": {false, new(script).
			at(0, 9, moves(0, 0, 1, 3), elsewhere(shows(0, 3, confirmed))).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, books(1, 1, 4), shows(1, 4, confirmed)).
			at(4, 5, about(look, none, 0, 0), shows(0, 4, confirmed))},
		"a move that is refused and gives up its seats": {false, new(script).
			at(0, 1, books(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, moves(0, 0, none, 5), full(0)).
			at(4, 5, books(1, 1, 1), shows(1, 1, confirmed))},
	} {
		t.Run(name, func(t *testing.T) {
			c.covers = 4
			if got, _ := c.Check(time.Minute); got != map[bool]porcupine.CheckResult{true: porcupine.Ok, false: porcupine.Illegal}[c.legal] {
				t.Errorf("%s, want legal: %v", got, c.legal)
			}
		})
	}
}
