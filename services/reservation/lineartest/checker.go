package lineartest

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// Check reports whether the history is linearizable. The result is
// porcupine.Unknown when timeout was too short to tell.
func (h History) Check(timeout time.Duration) (porcupine.CheckResult, porcupine.LinearizationInfo) {
	return porcupine.CheckOperationsVerbose(h.model(), h.porcupineOperations(), timeout)
}

// input is the input of a porcupine.Operation: the operation's number in the
// history, and its call.
type input struct {
	n int
	call
}

// checkerState is the state of a porcupine.Model: the model's, and which
// operations have been linearized, a bit each.
type checkerState struct {
	state
	linearized [4]uint64
}

func (s *checkerState) isLinearized(n int) bool { return s.linearized[n/64]&(1<<(n%64)) != 0 }
func (s *checkerState) linearize(n int)         { s.linearized[n/64] |= 1 << (n % 64) }

// earliestReturn is when the first of the remaining operations returns. Those
// that were called by then may be next.
func (s *checkerState) earliestReturn(ops []porcupine.Operation) int64 {
	first := int64(math.MaxInt64)
	for n := range ops {
		if !s.isLinearized(n) {
			first = min(first, ops[n].Return)
		}
	}
	return first
}

// model is the porcupine model of the history. It orders operations that
// change nothing before all others, as soon as their results are right: moving
// such an operation there keeps a valid order valid. Without this reduction
// porcupine would try all orders of a hundred refusals, which takes too long.
func (h History) model() porcupine.Model {
	initial := checkerState{state: state{overlap: h.overlap}}
	for i := range initial.slots {
		initial.slots[i].wanted = h.covers
	}
	ops := h.porcupineOperations()
	return porcupine.Model{
		Init: func() any { return initial },
		Step: func(current, in, out any) (bool, any) {
			s, c, got := current.(checkerState), in.(input), out.(result)
			legal, next := s.step(c.call, got)
			if !legal || s.mustWait(c, got, next == s.state, ops) {
				return false, s
			}
			s.state = next
			s.linearize(c.n)
			return true, s
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprint(in.(input).call, " → ", out) },
		DescribeState:     func(current any) string { return current.(checkerState).state.String() },
	}
}

// mustWait reports whether another operation comes before c: one that is legal
// now and changes nothing, of which the first goes first. A call without a
// response that would change nothing waits until the end, where it need not
// take effect.
func (s *checkerState) mustWait(c input, got result, unchanged bool, ops []porcupine.Operation) bool {
	first := s.earliestReturn(ops)
	for n, o := range ops {
		if n == c.n && c.changesNothing(got) {
			return false
		}
		if s.isLinearized(n) || o.Call > first {
			continue
		}
		other, otherGot := o.Input.(input), o.Output.(result)
		if unchanged && got.reason == reasonUnknown && otherGot.reason != reasonUnknown {
			return true
		}
		if !other.changesNothing(otherGot) {
			continue
		}
		if legal, _ := s.step(other.call, otherGot); legal {
			return true
		}
	}
	return false
}

// changesNothing reports whether a call with this result has changed nothing
// for certain.
func (c call) changesNothing(got result) bool {
	return got.reason != reasonUnknown && (c.op >= slotWasFull || c.op == get || got.replayed || got.reason != "")
}

// step reports whether got may be the result of c in s, and returns the state
// after it.
func (s state) step(c call, got result) (bool, state) {
	switch c.op {
	case slotWasFull:
		left := s.slots[c.slot].left()
		return !s.slots[c.slot].closed() && c.party > left && got.available == left, s
	case keyUnused:
		return !s.records[c.key].done, s
	}
	next, want := s.apply(c)
	if got.reason == reasonUnknown {
		return true, next
	}
	if got.version == 0 {
		want.version = 0
	}
	return got == want, next
}
