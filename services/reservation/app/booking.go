package app

import (
	"context"
	"log/slog"
	"unicode/utf8"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/text"
	"jari.example/services/reservation"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// BookRequest asks for covers of a slot. Key is the Idempotency-Key.
type BookRequest struct {
	SlotID string        `json:"slot_id"`
	Party  int           `json:"party"`
	Note   secret.String `json:"note"`
	Key    string        `json:"-"`
}

// validate normalises the note and returns an error for an invalid request.
func (r *BookRequest) validate() error {
	switch {
	case r.SlotID == "" || utf8.RuneCountInString(r.SlotID) > 40:
		return fault.BadField("/slot_id", "slot_id must be one that availability returned.")
	case r.Party < 1 || r.Party > reservation.MaxParty:
		return fault.BadField("/party", "party must be between 1 and %d.", reservation.MaxParty)
	}
	return text.CleanSecret(&r.Note, "/note", text.Note(reservation.MaxNote))
}

// Book takes covers for the diner in ctx. A key that has booked gets the stored
// result again. Codes: invalid; not_found slot_not_found; conflict slot_full,
// slot_closed, not_open_yet, already_booked, overlap, too_many_reservations;
// unprocessable idempotency_key_reused; unavailable overloaded.
func (s *Service) Book(ctx context.Context, r BookRequest) (reservation.Outcome, error) {
	out, err := s.book(ctx, r)
	if err != nil {
		s.metrics.Refused(ctx, err)
	}
	return out, err
}

func (s *Service) book(ctx context.Context, r BookRequest) (reservation.Outcome, error) {
	b, err := s.newBooking(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	// The sold-out cache knows that the slot was sold out a moment ago, but only the
	// store knows whether this key has booked.
	if left, full := s.soldOut.get(b.SlotID, b.Party); full {
		out, err := s.store.Replay(ctx, reservation.OpBook, b.CommandMeta)
		if err == nil && !out.Replayed {
			err = reservation.FullFromCache(left)
		}
		return s.finish(ctx, out, err)
	}
	out, err := s.store.Book(ctx, b)
	if left, full := reservation.CoversLeft(err); full {
		s.soldOut.put(b.SlotID, left)
	}
	return s.finish(ctx, out, err)
}

// Join adds the diner to the waitlist of a sold-out slot. Codes: those of Book, and
// conflict seats_available, line_full.
func (s *Service) Join(ctx context.Context, r BookRequest) (reservation.Outcome, error) {
	b, err := s.newBooking(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	return s.execute(ctx, reservation.Command{
		CommandMeta: b.CommandMeta, Op: reservation.OpJoin, Decide: b.Join,
		Scope: reservation.Scope{LimitsOf: b.DinerID, Slots: []reservation.SlotID{b.SlotID}},
	})
}

func (s *Service) newBooking(ctx context.Context, r BookRequest) (reservation.Booking, error) {
	if err := r.validate(); err != nil {
		return reservation.Booking{}, err
	}
	telemetry.Note(ctx, slog.String(names.SlotID, r.SlotID), slog.Int(names.Party, r.Party))
	meta, err := s.meta(ctx, r.Key, requestHash(r.SlotID, r.Party, r.Note.Reveal()))
	if err != nil {
		return reservation.Booking{}, err
	}
	id, err := uuid.NewV7()
	return reservation.Booking{CommandMeta: meta, ID: id, SlotID: reservation.ParseSlotID(r.SlotID), Party: r.Party, Note: r.Note}, err
}
