package lineartest

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// historyBuilder writes a history by hand: slots of 4 covers, times in
// milliseconds.
type historyBuilder struct{ History }

func history() *historyBuilder { return &historyBuilder{History{covers: 4}} }

func (b *historyBuilder) at(start, end int, c call, res response) *historyBuilder {
	b.operations = append(b.operations, operation{
		client: len(b.operations), call: c, response: res,
		start: time.Duration(start) * time.Millisecond, end: time.Duration(end) * time.Millisecond,
	})
	return b
}

func bookCall(key, diner, party int8) call {
	return call{op: book, key: key, diner: diner, party: party, reservation: none}
}

func joinCall(key, diner, party int8) call {
	return call{op: join, key: key, diner: diner, party: party, reservation: none}
}

func callAbout(op op, key, diner, reservation int8) call {
	return call{op: op, key: key, diner: diner, reservation: reservation, slot: none}
}

func moveCall(diner, reservation, slot, party int8) call {
	return call{op: move, key: none, diner: diner, reservation: reservation, slot: slot, party: party}
}

func editCall(covers int8) call { return call{op: edit, key: none, reservation: none, covers: covers} }

func shows(reservation, party int8, s status) response {
	return response{result: result{view: view{reservation: reservation, party: party, status: s}}}
}

func showsWaiting(reservation, party, position int8) response {
	r := shows(reservation, party, waiting)
	r.position = position
	return r
}

func replayed(r response) response {
	r.replayed = true
	return r
}

func onSlot1(r response) response {
	r.slot = 1
	return r
}

func refused(reason string) response { return response{result: refuse(reason)} }

func refusedFull(left int8) response { return response{result: slotFull(left)} }

func refusedFromCache(left int8) response {
	return response{result: slotFull(left), fromCache: true}
}

func TestCheckerAcceptsOnlyLinearizableHistories(t *testing.T) {
	lost := refused(reasonUnknown)
	for name, c := range map[string]struct {
		want porcupine.CheckResult
		*historyBuilder
	}{
		"sequential calls": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, bookCall(1, 1, 2), refusedFull(1)).
			at(4, 5, bookCall(2, 1, 1), shows(2, 1, confirmed))},
		"the same covers are sold twice": {porcupine.Illegal, history().
			at(0, 5, bookCall(0, 0, 3), shows(0, 3, confirmed)).
			at(0, 5, bookCall(1, 1, 2), shows(1, 2, confirmed))},
		"a refusal concurrent with the booking that caused it": {porcupine.Ok, history().
			at(0, 5, bookCall(0, 0, 3), shows(0, 3, confirmed)).
			at(1, 2, bookCall(1, 1, 2), refusedFull(1))},
		"a refusal before the booking that caused it": {porcupine.Illegal, history().
			at(1, 2, bookCall(1, 1, 2), refusedFull(1)).
			at(3, 5, bookCall(0, 0, 3), shows(0, 3, confirmed))},
		"a refusal with a wrong number of covers left": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, bookCall(1, 1, 2), refusedFull(0))},
		"a lost response, and the booking took effect": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 3), lost).
			at(2, 3, bookCall(1, 1, 2), refusedFull(1))},
		"a lost response, and the booking takes effect late": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 3), lost).
			at(2, 3, bookCall(1, 1, 2), shows(1, 2, confirmed)).
			at(4, 5, callAbout(cancel, 2, 1, 1), shows(1, 2, cancelled)).
			at(6, 7, bookCall(3, 2, 2), refusedFull(1))},
		"a lost response, and the booking takes effect twice": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 2), lost).
			at(2, 3, bookCall(1, 1, 1), refusedFull(0))},
		"a retry returns the result of a lost response": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 3), lost).
			at(2, 3, bookCall(0, 0, 3), replayed(shows(0, 3, confirmed)))},
		"a retry is not replayed": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, bookCall(0, 0, 3), refused(reasonAlreadyBooked))},
		"a replay after a cancellation has the first result": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 3), shows(0, 3, confirmed)).
			at(2, 3, callAbout(cancel, 1, 0, 0), shows(0, 3, cancelled)).
			at(4, 5, bookCall(0, 0, 3), replayed(shows(0, 3, confirmed)))},
		"a retry creates a second reservation": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 1), shows(0, 1, confirmed)).
			at(2, 3, bookCall(0, 0, 1), replayed(shows(none, 1, confirmed)))},
		"a key is replayed for another body": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 1), shows(0, 1, confirmed)).
			at(2, 3, bookCall(0, 0, 2), replayed(shows(0, 1, confirmed)))},
		"a refusal is stored under its key": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, bookCall(1, 1, 1), refusedFull(0)).
			at(4, 5, callAbout(cancel, 2, 0, 0), shows(0, 4, cancelled)).
			at(6, 7, bookCall(1, 1, 1), refusedFull(0))},
		"a refusal from the cache is almost a second old": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, callAbout(cancel, 1, 0, 0), shows(0, 4, cancelled)).
			at(990, 995, bookCall(2, 1, 2), refusedFromCache(0))},
		"a refusal from the cache is more than a second old": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, callAbout(cancel, 1, 0, 0), shows(0, 4, cancelled)).
			at(1010, 1015, bookCall(2, 1, 2), refusedFromCache(0))},
		"a stale refusal that is not from the cache": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, callAbout(cancel, 1, 0, 0), shows(0, 4, cancelled)).
			at(4, 5, bookCall(2, 1, 2), refusedFull(0))},
		"the cache refuses a key that has succeeded": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, bookCall(0, 0, 4), refusedFromCache(0))},
		"free covers are offered to the waitlist": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joinCall(1, 1, 2), showsWaiting(1, 2, 1)).
			at(4, 5, joinCall(2, 2, 1), showsWaiting(2, 1, 2)).
			at(6, 7, callAbout(cancel, 3, 0, 0), shows(0, 4, cancelled)).
			at(8, 9, callAbout(accept, 4, 1, 1), shows(1, 2, confirmed)).
			at(8, 9, callAbout(get, none, 2, 2), shows(2, 1, offered)).
			at(10, 11, bookCall(5, 3, 2), refusedFull(1))},
		"free covers are booked before the waitlist": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joinCall(1, 1, 2), showsWaiting(1, 2, 1)).
			at(6, 7, callAbout(cancel, 3, 0, 0), shows(0, 4, cancelled)).
			at(8, 9, bookCall(4, 3, 4), shows(4, 4, confirmed))},
		"the first in the waitlist is passed over": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joinCall(1, 1, 3), showsWaiting(1, 3, 1)).
			at(4, 5, joinCall(2, 2, 3), showsWaiting(2, 3, 2)).
			at(6, 7, callAbout(cancel, 3, 0, 0), shows(0, 4, cancelled)).
			at(8, 9, callAbout(accept, 4, 2, 2), shows(2, 3, confirmed))},
		"a diner joins the waitlist of a slot with room": {porcupine.Illegal, history().
			at(0, 1, joinCall(1, 1, 3), showsWaiting(1, 3, 1))},
		"an edit leads to an offer": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, joinCall(1, 1, 2), showsWaiting(1, 2, 1)).
			at(4, 5, editCall(6), response{}).
			at(6, 7, callAbout(decline, 2, 1, 1), shows(1, 2, declined)).
			at(8, 9, bookCall(3, 2, 2), shows(3, 2, confirmed))},
		"an edit cancels a reservation": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(4, 5, editCall(2), response{result: result{overbooked: [slots]int8{4, 0}}}).
			at(6, 7, bookCall(1, 1, 1), refusedFull(0))},
		"a move to another slot": {porcupine.Ok, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, moveCall(0, 0, 1, 3), onSlot1(shows(0, 3, confirmed))).
			at(4, 5, bookCall(1, 1, 4), shows(1, 4, confirmed))},
		"a move is visible on one slot only": {porcupine.Illegal, history().
			at(0, 9, moveCall(0, 0, 1, 3), onSlot1(shows(0, 3, confirmed))).
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, bookCall(1, 1, 4), shows(1, 4, confirmed)).
			at(4, 5, callAbout(get, none, 0, 0), shows(0, 4, confirmed))},
		"a refused move gives up its covers": {porcupine.Illegal, history().
			at(0, 1, bookCall(0, 0, 4), shows(0, 4, confirmed)).
			at(2, 3, moveCall(0, 0, none, 5), refusedFull(0)).
			at(4, 5, bookCall(1, 1, 1), shows(1, 1, confirmed))},
	} {
		t.Run(name, func(t *testing.T) {
			if got, _ := c.Check(time.Minute); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
