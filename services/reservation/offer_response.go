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
func (a OfferResponse) Decide(u *UnitOfWork) (Reservation, error) {
	r := u.ofDiner(a.ID, a.DinerID)
	switch {
	case r == nil:
		return Reservation{}, NotFound()
	case r.Status == Expired || r.Status == Offered && !a.At.Before(r.OfferEndsAt):
		return Reservation{}, fault.New(fault.Conflict, "offer_expired", "This offer has run out.")
	case r.Status != Offered:
		return Reservation{}, fault.New(fault.Conflict, "not_offered", "There is no offer to answer.")
	case a.Accept:
		u.transition(r, Confirmed)
		u.emit(EventConfirmed, r)
	default:
		u.transition(r, Declined)
		u.emit(EventDeclined, r)
	}
	return *r, nil
}
