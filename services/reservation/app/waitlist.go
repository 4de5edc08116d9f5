package app

import (
	"context"

	"jari.example/services/reservation"
)

// Leave takes the diner off a waitlist. Codes: not_found; conflict not_waiting.
func (s *Service) Leave(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	id, meta, err := s.reservationCommand(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	c := reservation.Cancellation{CommandMeta: meta, ID: id}
	return s.execute(ctx, reservation.Command{CommandMeta: meta, Scope: reservation.Scope{ReservationID: id}, Decide: c.Leave})
}

// Accept books the offered covers. Codes: not_found; conflict not_offered,
// offer_expired; unprocessable idempotency_key_reused.
func (s *Service) Accept(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	return s.respondToOffer(ctx, r, reservation.OpAccept)
}

// Decline releases the offered covers. Codes: those of Accept.
func (s *Service) Decline(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	return s.respondToOffer(ctx, r, reservation.OpDecline)
}

func (s *Service) respondToOffer(ctx context.Context, r ReservationRequest, op string) (reservation.Outcome, error) {
	id, meta, err := s.reservationCommand(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	a := reservation.OfferResponse{CommandMeta: meta, ID: id, Accept: op == reservation.OpAccept}
	return s.execute(ctx, reservation.Command{CommandMeta: meta, Op: op, Scope: reservation.Scope{ReservationID: id}, Decide: a.Decide})
}
