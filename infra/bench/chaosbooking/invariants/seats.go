package invariants

import (
	"cmp"
	"slices"
	"time"
)

// change is covers that somebody certainly took, or may have given back.
type change struct {
	at     time.Time
	covers int
}

// checkSeats counts covers twice: in the rows, as they are at the end, and over
// time in what diners knew to be theirs. The second finds a slot that was
// overbooked for a while and recovered by cancellations.
func (v *Result) checkSeats(w History, diners map[string][]*operation) {
	held := map[int64]int{}
	for _, r := range w.Rows {
		if r.holdsCovers() {
			held[r.Slot] += r.Party
		}
	}
	over := map[int64][]change{}
	for _, wanted := range diners {
		for slot, changes := range certainHoldings(wanted) {
			over[slot] = append(over[slot], changes...)
		}
	}
	for _, s := range w.Slots {
		most := max(held[s.ID], peak(over[s.ID]))
		switch {
		case most > s.Capacity:
			v.Overbooked++
			v.report(NeverOverbooked, "slot %d has %d covers and held %d", s.ID, s.Capacity, most)
		case held[s.ID] != s.Booked:
			v.Overbooked++
			v.report(NeverOverbooked, "slot %d counts %d covers as booked, its rows hold %d", s.ID, s.Booked, held[s.ID])
		}
	}
}

// certainHoldings is when one diner certainly held what: from hearing of a confirmation
// until asking for something else that may have succeeded.
func certainHoldings(wanted []*operation) map[int64][]change {
	changes := map[int64][]change{}
	var slot int64
	var party int
	for _, i := range wanted {
		if i.success == nil && !i.uncertain() {
			continue // it was refused, or only read, so everything is as it was
		}
		if party > 0 {
			changes[slot] = append(changes[slot], change{i.Began, -party})
			party = 0
		}
		if i.success != nil && i.success.Status == confirmed {
			slot, party = i.success.Slot, i.success.Party
			changes[slot] = append(changes[slot], change{i.firstSuccess().Ended, party})
		}
	}
	return changes
}

// firstSuccess is the try whose success was heard first.
func (i operation) firstSuccess() Attempt {
	at := slices.IndexFunc(i.attempts, Attempt.succeeded)
	return i.attempts[at]
}

// peak is the most that was held at one moment.
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
