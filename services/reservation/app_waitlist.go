package reservation

import (
	"context"
)

// Leave takes the diner out of a line. Codes: not_found; conflict not_waiting.
func (s *Service) Leave(ctx context.Context, r ReservationRequest) (Outcome, error) {
	id, act, err := s.reservationCommand(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	c := Cancellation{CommandMeta: act, ID: id}
	return s.execute(ctx, Command{CommandMeta: act, Scope: Scope{ReservationID: id}, Decide: c.Leave})
}

// Accept books what was offered. Codes: not_found; conflict not_offered,
// offer_expired; unprocessable idempotency_key_reused.
func (s *Service) Accept(ctx context.Context, r ReservationRequest) (Outcome, error) {
	return s.respondToOffer(ctx, r, OpAccept)
}

// Decline gives back what was offered. Codes as Accept's.
func (s *Service) Decline(ctx context.Context, r ReservationRequest) (Outcome, error) {
	return s.respondToOffer(ctx, r, OpDecline)
}

func (s *Service) respondToOffer(ctx context.Context, r ReservationRequest, op string) (Outcome, error) {
	id, act, err := s.reservationCommand(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	a := OfferResponse{CommandMeta: act, ID: id, Accept: op == OpAccept}
	return s.execute(ctx, Command{CommandMeta: act, Op: op, Scope: Scope{ReservationID: id}, Decide: a.Decide})
}
