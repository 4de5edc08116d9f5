package reservation

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"jari.example/internal/fault"
)

// lines are who waits for each slot, first come first. The desk that settles a
// slot has everybody on it who waits there.
func (d *Desk) lines() map[SlotID][]*Reservation {
	lines := map[SlotID][]*Reservation{}
	for _, r := range d.Rows {
		if r.Status == Waiting {
			lines[r.SlotID] = append(lines[r.SlotID], r)
		}
	}
	for _, line := range lines {
		slices.SortFunc(line, func(a, b *Reservation) int { return cmp.Compare(a.Line, b.Line) })
	}
	return lines
}

// position is 1 for who is next, 0 for who does not wait.
func (d *Desk) position(r *Reservation) (place int) {
	if r.Status != Waiting {
		return 0
	}
	for _, o := range d.Rows {
		if o.SlotID == r.SlotID && o.Status == Waiting && o.Line <= r.Line {
			place++
		}
	}
	return place
}

// settle brings each slot's capacity in line with what the owner wants, and
// offers what is left to the first who fit. An offer ends with the time in
// which it could still be cancelled, so after the cut-off there are none.
func (d *Desk) settle() {
	lines := d.lines()
	for _, slot := range d.Slots {
		if capacity := max(slot.Wanted, slot.Booked); capacity != slot.Capacity {
			slot.Capacity = capacity
			d.touched[slot] = true
		}
		if !slot.offers(d.At) {
			continue
		}
		for _, r := range lines[slot.ID] {
			if r.Party <= slot.Left() {
				d.become(r, Offered)
				r.OfferEndsAt = earlier(d.At.Add(OfferFor), slot.CancelUntil)
				d.tell(EventOffered, r)
			}
		}
	}
}

// Join puts a party into the line of a slot that has no room for it. Its fault
// is one of a booking's, or conflict seats_available, line_full.
func (b Booking) Join(d *Desk) (Reservation, error) {
	slot := d.Slots[b.SlotID]
	if err := b.waitRefusal(slot, d.holdings(slot, uuid.Nil)); err != nil {
		return Reservation{}, err
	}
	r := Reservation{ID: b.ID, DinerID: b.DinerID, Party: b.Party, Note: b.Note, Status: Waiting, Line: 1}
	line := d.lines()[slot.ID]
	if len(line) >= MaxLine {
		return Reservation{}, fault.New(fault.Conflict, "line_full", "%d are waiting for this time already. Try another one.", MaxLine)
	}
	if len(line) > 0 {
		r.Line = line[len(line)-1].Line + 1
	}
	joined := d.add(r, slot)
	d.tell(EventJoined, joined)
	return *joined, nil
}

func (b Booking) waitRefusal(slot *Slot, has Holdings) error {
	if err := b.obstacle(slot, has); err != nil {
		return err
	}
	switch {
	case !slot.offers(b.At):
		return SlotClosed()
	case b.Party > slot.Wanted:
		return fault.BadField("/party", "This time seats %d at most.", slot.Wanted)
	case b.Party <= slot.Left():
		return fault.New(fault.Conflict, "seats_available", "There are seats at this time: book them.")
	}
	return nil
}

// Answer is a diner's word to an offer.
type Answer struct {
	Act
	ID     uuid.UUID
	Accept bool
}

// Decide turns the offer into a booking, or gives its covers back. Codes:
// not_found; conflict not_offered, offer_expired.
func (a Answer) Decide(d *Desk) (Reservation, error) {
	r := d.row(a.ID, a.DinerID)
	switch {
	case r == nil:
		return Reservation{}, NotFound()
	case r.Status == Expired || r.Status == Offered && !a.At.Before(r.OfferEndsAt):
		return Reservation{}, fault.New(fault.Conflict, "offer_expired", "This offer has run out.")
	case r.Status != Offered:
		return Reservation{}, fault.New(fault.Conflict, "not_offered", "There is no offer to answer.")
	case a.Accept:
		d.become(r, Confirmed)
		d.tell(EventConfirmed, r)
	default:
		d.become(r, Declined)
		d.tell(EventDeclined, r)
	}
	return *r, nil
}

// Leave takes who waits, or has an offer, out of the line. Who is out already
// stays out. Codes: not_found; conflict not_waiting.
func (c Cancellation) Leave(d *Desk) (Reservation, error) {
	r := d.row(c.ID, c.DinerID)
	switch {
	case r == nil:
		return Reservation{}, NotFound()
	case r.Status == Waiting || r.Status == Offered:
		d.become(r, Cancelled)
		d.tell(EventLeft, r)
	case r.Status.Live():
		return Reservation{}, fault.New(fault.Conflict, "not_waiting", "This is a booking by now: cancel it instead.")
	}
	return *r, nil
}

// Expire ends the offers that have run out, and the lines of slots whose cut-off
// has come: nothing will be offered there any more.
func Expire(d *Desk) (Reservation, error) {
	for _, r := range d.byID() {
		slot := d.Slots[r.SlotID]
		if r.Status == Offered && !d.At.Before(r.OfferEndsAt) || r.Status == Waiting && slot != nil && !d.At.Before(slot.CancelUntil) {
			d.become(r, Expired)
			d.tell(EventExpired, r)
		}
	}
	return Reservation{}, nil
}

// byID lists the rows in the order in which they are written.
func (d *Desk) byID() []*Reservation {
	rows := make([]*Reservation, 0, len(d.Rows))
	for _, r := range d.Rows {
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *Reservation) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return rows
}
