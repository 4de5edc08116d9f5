package model

// Reasons of refusals, as the HTTP API documents them. They are written out
// here and not taken from the domain: a changed reason must fail the suite.
const (
	ReasonAlreadyBooked       = "already_booked"
	ReasonInvalidField        = "invalid_field"
	ReasonKeyReused           = "idempotency_key_reused"
	ReasonWaitlistFull        = "line_full"
	ReasonNotCancellable      = "not_cancellable"
	ReasonNotFound            = "reservation_not_found"
	ReasonNotMovable          = "not_movable"
	ReasonNotNoShow           = "not_no_show"
	ReasonNotOffered          = "not_offered"
	ReasonNotOpenYet          = "not_open_yet"
	ReasonNotSeatable         = "not_seatable"
	ReasonNotUndoable         = "not_undoable"
	ReasonNotWaiting          = "not_waiting"
	ReasonOfferExpired        = "offer_expired"
	ReasonOverlap             = "overlap"
	ReasonPartyTooLarge       = "party_too_large"
	ReasonSeatsAvailable      = "seats_available"
	ReasonSlotClosed          = "slot_closed"
	ReasonSlotFull            = "slot_full"
	ReasonSlotNotFound        = "slot_not_found"
	ReasonTooManyReservations = "too_many_reservations"
	ReasonVersionMismatch     = "version_mismatch"
)
