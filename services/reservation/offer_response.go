package reservation

import (
	"github.com/google/uuid"

	"jari.example/internal/fault"
)

// OfferResponse is a diner's word to an offer.
type OfferResponse struct {
	CommandMeta
	ID     uuid.UUID
	Accept bool
}

// Decide turns the offer into a booking, or gives its covers back. Codes:
// not_found; conflict not_offered, offer_expired.
func (a OfferResponse) Decide(d *UnitOfWork) (Reservation, error) {
	r := d.ofDiner(a.ID, a.DinerID)
	switch {
	case r == nil:
		return Reservation{}, NotFound()
	case r.Status == Expired || r.Status == Offered && !a.At.Before(r.OfferEndsAt):
		return Reservation{}, fault.New(fault.Conflict, "offer_expired", "This offer has run out.")
	case r.Status != Offered:
		return Reservation{}, fault.New(fault.Conflict, "not_offered", "There is no offer to answer.")
	case a.Accept:
		d.transition(r, Confirmed)
		d.emit(EventConfirmed, r)
	default:
		d.transition(r, Declined)
		d.emit(EventDeclined, r)
	}
	return *r, nil
}
