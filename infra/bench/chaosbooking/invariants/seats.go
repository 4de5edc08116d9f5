package invariants

import (
	"cmp"
	"slices"
	"time"
)

// change is covers that a diner certainly took, or may have given back.
type change struct {
	at     time.Time
	covers int
}

// checkSeats counts covers twice: in the rows at the end, and over time in what
// diners certainly held. The second detects a slot that was overbooked for a
// while and then had cancellations.
func (r *Result) checkSeats(h History, diners map[string][]*operation) {
	held := map[int64]int{}
	for _, row := range h.Rows {
		if row.holdsCovers() {
			held[row.Slot] += row.Party
		}
	}
	over := map[int64][]change{}
	for _, operations := range diners {
		for slot, changes := range certainHoldings(operations) {
			over[slot] = append(over[slot], changes...)
		}
	}
	for _, s := range h.Slots {
		most := max(held[s.ID], peak(over[s.ID]))
		switch {
		case most > s.Capacity:
			r.Overbooked++
			r.report(NeverOverbooked, "slot %d has %d covers and held %d", s.ID, s.Capacity, most)
		case held[s.ID] != s.Booked:
			r.Overbooked++
			r.report(NeverOverbooked, "the counter of slot %d is %d covers, its rows hold %d", s.ID, s.Booked, held[s.ID])
		}
	}
}

// certainHoldings is when a diner certainly held which covers: from the response
// with a confirmation until the next request that may have changed it.
func certainHoldings(operations []*operation) map[int64][]change {
	changes := map[int64][]change{}
	var slot int64
	var party int
	for _, o := range operations {
		if o.success == nil && !o.uncertain() {
			continue // refused, or only read: nothing has changed
		}
		if party > 0 {
			changes[slot] = append(changes[slot], change{o.Began, -party})
			party = 0
		}
		if o.success != nil && o.success.Status == confirmed {
			slot, party = o.success.Slot, o.success.Party
			changes[slot] = append(changes[slot], change{o.firstSuccess().Ended, party})
		}
	}
	return changes
}

// peak is the most covers that were held at one moment.
func peak(changes []change) (most int) {
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.covers, b.covers)) // given back before taken
	})
	sum := 0
	for _, c := range changes {
		sum += c.covers
		most = max(most, sum)
	}
	return most
}
