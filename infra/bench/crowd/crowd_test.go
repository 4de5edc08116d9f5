package crowd

import (
	"testing"
	"time"
)

func TestFailuresAreCountedOverCrowdsAndFromATime(t *testing.T) {
	const flow = "book and cancel"
	if !Does(flow) || Does("dance") {
		t.Error("Does does not say what a crowd sends")
	}
	var crowds []*Crowd
	for range 2 {
		c := &Crowd{results: map[string]*result{}}
		c.count(flow, errFailed) // before the fault
		crowds = append(crowds, c)
	}
	began := time.Now()
	for n := range 4 {
		crowds[n%2].count(flow, errFailed)
		crowds[n%2].count(flow, nil)
	}
	if at := NthFailure(crowds, flow, began, 5); !at.IsZero() {
		t.Errorf("the fifth of four failures was at %v", at)
	}
	crowds[1].count(flow, errFailed)
	if all := crowds[1].failures(flow, began); len(all) != 3 || NthFailure(crowds, flow, began, 5) != all[2] {
		t.Errorf("the fifth failure was at %v, of %v", NthFailure(crowds, flow, began, 5), all)
	}
	if good, bad := crowds[1].Counts(); good != 2 || bad != 4 {
		t.Errorf("%d good, %d bad", good, bad)
	}
}
