package storetest

import (
	"cmp"
	"fmt"
	"slices"

	"jari.example/services/reservation"
)

// look reads what the store shows now, and holds it against the laws, against
// what it showed before, and against the ledger.
func (p *player) look(unchanged bool) error {
	now, err := p.show()
	if err != nil {
		return err
	}
	before := p.last
	p.last = now
	if unchanged {
		if err := differ(now, before); err != nil {
			return fmt.Errorf("it changed what it should not: %w", err)
		}
	}
	if err := p.lawful(before, now); err != nil {
		return err
	}
	want := p.ledger.page()
	for i := range want.slots { // the store gives the ids out
		if want.slots[i].ID == 0 && i < len(now.slots) {
			want.slots[i].ID = now.slots[i].ID
			p.ledger.slots[i].ID = now.slots[i].ID
		}
	}
	if err := differ(now, want); err != nil {
		return fmt.Errorf("not what it should be: %w", err)
	}
	return nil
}

// differ says what is different.
func differ(got, want page) error {
	if len(got.slots) != len(want.slots) || len(got.rows) != len(want.rows) {
		return fmt.Errorf("%d slots and %d rows, want %d and %d", len(got.slots), len(got.rows), len(want.slots), len(want.rows))
	}
	for i := range got.slots {
		if got.slots[i] != want.slots[i] {
			return fmt.Errorf("slot\n%+v, want\n%+v", got.slots[i], want.slots[i])
		}
	}
	for i := range got.rows {
		if !same(got.rows[i], want.rows[i]) {
			return fmt.Errorf("row\n%+v, want\n%+v", got.rows[i], want.rows[i])
		}
	}
	return nil
}

// lawful checks what DESIGN §3 promises, without asking the ledger what has
// happened.
func (p *player) lawful(before, now page) error {
	for _, s := range now.slots {
		held := 0
		var line []reservation.Reservation
		for _, r := range now.rows {
			if r.SlotID != s.ID {
				continue
			}
			if holds(r.Status) {
				held += r.Party
			}
			if r.Status == "waiting" {
				line = append(line, r)
			}
		}
		slices.SortFunc(line, func(a, b reservation.Reservation) int { return cmp.Compare(a.Position, b.Position) })
		switch {
		case s.Booked < 0 || s.Booked > s.Capacity || s.Capacity != max(s.Wanted, s.Booked):
			return fmt.Errorf("slot %d has %d booked of %d, and %d wanted", s.ID, s.Booked, s.Capacity, s.Wanted)
		case held != s.Booked:
			return fmt.Errorf("slot %d says %d are booked, its claims say %d", s.ID, s.Booked, held)
		}
		offers := s.Wanted > 0 && s.Booked <= s.Wanted && p.now.Before(s.CancelUntil) && p.now.Before(s.Start)
		for i, r := range line {
			if r.Position != i+1 {
				return fmt.Errorf("slot %d: somebody is number %d of %d in line", s.ID, r.Position, i+1)
			}
			if offers && r.Party <= s.Wanted-s.Booked {
				return fmt.Errorf("slot %d: a party of %d waits beside %d free covers", s.ID, r.Party, s.Wanted-s.Booked)
			}
		}
	}
	return p.fair(before, now)
}

// fair checks who was offered seats in this step: whoever stood before them in
// the same line, waits still and comes with no more people was passed over.
func (p *player) fair(before, now page) error {
	was := map[[16]byte]reservation.Reservation{}
	for _, r := range before.rows {
		was[r.ID] = r
	}
	for _, r := range now.rows {
		old := was[r.ID]
		if r.Version < old.Version || r.Version > old.Version+1 {
			return fmt.Errorf("%s goes from version %d to %d", r.ID, old.Version, r.Version)
		}
		if r.Status != "offered" || old.Status != "waiting" {
			continue
		}
		if end := p.now.Add(reservation.OfferTTL); r.OfferEndsAt.After(end) || !r.OfferEndsAt.After(p.now) {
			return fmt.Errorf("an offer made at %v ends at %v", p.now, r.OfferEndsAt)
		}
		for _, o := range now.rows {
			first := was[o.ID].Position > 0 && was[o.ID].Position < old.Position
			if o.SlotID == r.SlotID && was[o.ID].SlotID == r.SlotID && o.Status == "waiting" && first && o.Party <= r.Party {
				return fmt.Errorf("a party of %d was passed over: %d, behind them, were offered seats", o.Party, r.Party)
			}
		}
	}
	return nil
}
