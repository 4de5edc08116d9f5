package reservation

import (
	"github.com/google/uuid"
)

// OfferResponse is the command to accept or decline an offer.
type OfferResponse struct {
	CommandMeta
	ID     uuid.UUID
	Accept bool
}

// Decide confirms the offered reservation, or releases its covers. Codes:
// not_found; conflict not_offered, offer_expired.
func (o OfferResponse) Decide(u *UnitOfWork) (Reservation, error) {
	r := u.ownedBy(o.ID, o.DinerID)
	switch {
	case r == nil:
		return Reservation{}, NotFound()
	case r.Status == Expired || r.Status == Offered && !o.At.Before(r.OfferEndsAt):
		return Reservation{}, offerExpired()
	case r.Status != Offered:
		return Reservation{}, notOffered()
	case o.Accept:
		u.transition(r, Confirmed)
		u.emit(EventConfirmed, r)
	default:
		u.transition(r, Declined)
		u.emit(EventDeclined, r)
	}
	return *r, nil
}
