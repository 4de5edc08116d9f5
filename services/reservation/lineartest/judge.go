package lineartest

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// stale is how old a refusal may be that calls itself latched.
const stale = time.Second

// An event is one request of a history with what came of it.
type event struct {
	worker       int
	replica      int
	call         call
	began, ended time.Duration // since the world began
	reply
}

// A reply is an answer as it came over HTTP.
type reply struct {
	answer
	latched bool
	failed  string // 500 internal, where it was an excuse; the answer is unknown then
}

// History is everything that was asked of one world, and answered.
type History struct {
	Seed    uint64
	covers  int8 // when it began
	overlap bool
	events  []event
}

// Check says whether the history is that of a sequential world. It is Unknown
// when limit was too short to tell.
func (h History) Check(limit time.Duration) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	return porcupine.CheckOperationsVerbose(h.model(), h.operations(), limit)
}

// A claim is what porcupine knows as an operation's input: the operation's
// number in the history, and what was asked.
type claim struct {
	n int
	call
}

// A moment is what porcupine knows as a state.
type moment struct {
	state
	past [4]uint64 // the claims that have had their turn, a bit each
}

func (m *moment) had(n int) bool { return m.past[n/64]&(1<<(n%64)) != 0 }
func (m *moment) take(n int)     { m.past[n/64] |= 1 << (n % 64) }

// deadline is when the first of those still to come returns. Whoever has called
// by then may be next.
func (m *moment) deadline(ops []porcupine.Operation) int64 {
	first := int64(math.MaxInt64)
	for n := range ops {
		if !m.had(n) {
			first = min(first, ops[n].Return)
		}
	}
	return first
}

// model is porcupine's view of the history. A claim that changes nothing is
// taken as soon as it can be true, and before any other: whatever order explains
// the history, it stays one when the claim moves there. Trying all the orders of
// a hundred refusals would take longer than anybody waits.
func (h History) model() porcupine.Model {
	begin := moment{state: state{overlap: h.overlap}}
	for i := range begin.slots {
		begin.slots[i].wanted = h.covers
	}
	ops := h.operations()
	return porcupine.Model{
		Init: func() any { return begin },
		Step: func(now, input, output any) (bool, any) {
			m, c := now.(moment), input.(claim)
			legal, next := m.step(c.call, output.(answer))
			if !legal || m.mustWait(c, output.(answer), next == m.state, ops) {
				return false, m
			}
			m.state = next
			m.take(c.n)
			return true, m
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprint(input.(claim).call, " → ", output) },
		DescribeState:     func(now any) string { return now.(moment).state.String() },
	}
}

// mustWait reports whether another claim's turn comes before c's: one that is
// true now, changes nothing, and has nobody before it. What nobody heard of and
// would come to nothing waits until the end, where it may as well not happen.
func (m *moment) mustWait(c claim, got answer, idle bool, ops []porcupine.Operation) bool {
	first := m.deadline(ops)
	for n, o := range ops {
		if n == c.n && c.only(got) {
			return false
		}
		if m.had(n) || o.Call > first {
			continue
		}
		if idle && got.reason == unknown && o.Output.(answer).reason != unknown {
			return true
		}
		if !o.Input.(claim).only(o.Output.(answer)) {
			continue
		}
		if legal, _ := m.step(o.Input.(claim).call, o.Output.(answer)); legal {
			return true
		}
	}
	return false
}

// only reports whether a call that was answered so has surely changed nothing.
func (c call) only(got answer) bool {
	return got.reason != unknown && (c.op >= wasFull || c.op == look || got.replayed || got.reason != "")
}

// step reports whether got may be the answer to c, and what comes of it.
func (s state) step(c call, got answer) (bool, state) {
	switch c.op {
	case wasFull:
		left := s.slots[c.slot].left()
		return !s.slots[c.slot].closed() && c.party > left && got.available == left, s
	case unanswered:
		return !s.told[c.key].done, s
	}
	next, want := s.do(c)
	if got.reason == unknown {
		return true, next
	}
	if got.version == 0 {
		want.version = 0
	}
	return got == want, next
}

// operations are the events in porcupine's terms. What nobody heard the end of
// has until the end of the history to happen. A latched refusal is two claims,
// because only one of them may be stale.
func (h History) operations() []porcupine.Operation {
	var end time.Duration
	row := 0 // of the picture: one for each worker, and one for each odd event
	for _, e := range h.events {
		end, row = max(end, e.ended), max(row, e.worker+1)
	}
	var list []porcupine.Operation
	for _, e := range h.events {
		o := porcupine.Operation{
			ClientId: e.worker, Input: claim{len(list), e.call}, Output: e.answer, Call: int64(e.began), Return: int64(e.ended),
			Metadata: fmt.Sprintf("replica %d", e.replica),
		}
		switch {
		case e.reason == unknown:
			o.ClientId, o.Return = row, int64(end)
			row++
		case e.latched && e.reason == "slot_full":
			key := e.call
			key.op = unanswered
			o.Input = claim{len(list), key}
			list = append(list, o)
			full := e.call
			full.op = wasFull
			o.Input, o.ClientId, o.Call = claim{len(list), full}, row, int64(e.began-stale)
			row++
		}
		list = append(list, o)
	}
	return list
}
