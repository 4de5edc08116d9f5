package app

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/reservation"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// ReservationRequest is an act on one reservation. Key is the Idempotency-Key.
type ReservationRequest struct {
	ID  string `json:"-"`
	Key string `json:"-"`
}

// reservationCommand reads r as an act of whoever is in ctx.
func (s *Service) reservationCommand(ctx context.Context, r ReservationRequest) (uuid.UUID, reservation.CommandMeta, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return id, reservation.CommandMeta{}, reservation.NotFound()
	}
	act, err := s.meta(ctx, r.Key, requestHash(id))
	return id, act, err
}

// Cancel cancels the diner's own reservation, or one that the owner has entered.
// Codes: not_found; conflict
// not_cancellable; unprocessable idempotency_key_reused.
func (s *Service) Cancel(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	id, act, err := s.reservationCommand(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	c := reservation.Cancellation{CommandMeta: act, ID: id, MayTouch: endpoint.IdentityFrom(ctx).MayTouch}
	return s.execute(ctx, reservation.Command{CommandMeta: act, Op: reservation.OpCancel, Scope: reservation.Scope{ReservationID: id}, Decide: c.Decide})
}

// MoveRequest asks for another time, party or note. Version is If-Match's, 0
// for none.
type MoveRequest struct {
	ID      string         `json:"-"`
	Version int            `json:"-"`
	SlotID  *string        `json:"slot_id"`
	Party   *int           `json:"party"`
	Note    *secret.String `json:"note"`
}

// Move changes the diner's own reservation, all of it or nothing. Codes:
// invalid; not_found; precondition_failed version_mismatch; conflict
// not_movable and those of Book.
func (s *Service) Move(ctx context.Context, r MoveRequest) (reservation.Outcome, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return reservation.Outcome{}, reservation.NotFound()
	}
	act, err := s.meta(ctx, "", nil)
	if err != nil {
		return reservation.Outcome{}, err
	}
	m := reservation.Move{CommandMeta: act, ID: id, Party: r.Party, Note: r.Note, Version: r.Version}
	scope := reservation.Scope{ReservationID: id, LimitsOf: act.DinerID}
	whole := BookRequest{SlotID: "0", Party: 1} // to be judged by the rules of a booking
	if r.SlotID != nil {
		whole.SlotID = *r.SlotID
		slot := reservation.ParseSlotID(*r.SlotID)
		m.SlotID, scope.Slots = &slot, []reservation.SlotID{slot}
	}
	if r.Party != nil {
		whole.Party = *r.Party
	}
	if r.Note != nil {
		whole.Note = *r.Note
	}
	if err := whole.validate(); err != nil {
		return reservation.Outcome{}, err
	}
	return s.execute(ctx, reservation.Command{CommandMeta: act, Scope: scope, Decide: m.Decide})
}

// GetRequest names a reservation.
type GetRequest struct{ ID string }

// Get returns the diner's own reservation. Codes: not_found.
func (s *Service) Get(ctx context.Context, r GetRequest) (reservation.Reservation, error) {
	who, err := diner(ctx)
	if err != nil {
		return reservation.Reservation{}, err
	}
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return reservation.Reservation{}, reservation.NotFound()
	}
	telemetry.Note(ctx, slog.String(names.ReservationID, id.String()))
	return s.store.Reservation(ctx, who, id)
}

// When is which visits a list is about.
type When string

// Whens.
const (
	Upcoming When = "upcoming" // not ended yet, soonest first
	Past     When = "past"     // ended, latest first
)

// ListRequest asks for a page of the diner's reservations: latest visit first,
// or soonest first where they are to come.
type ListRequest struct {
	Statuses []reservation.Status // empty: any
	When     When                 // "": any
	After    reservation.Position
	Limit    int
}

// ListResponse is a page; NextCursor is empty on the last one.
type ListResponse struct {
	Items      []reservation.Reservation
	NextCursor string
}

// List returns the diner's reservations.
func (s *Service) List(ctx context.Context, r ListRequest) (ListResponse, error) {
	who, err := diner(ctx)
	if err != nil {
		return ListResponse{}, err
	}
	q := reservation.ReservationQuery{DinerID: who, Statuses: r.Statuses, After: r.After, Limit: r.Limit + 1, Soonest: r.When == Upcoming}
	switch r.When {
	case Upcoming:
		q.From = s.now()
	case Past:
		q.To = s.now()
	}
	list, err := s.store.Reservations(ctx, q)
	return page(list, r.Limit), err
}

// page is up to limit of a list that was asked for one more: that one says
// whether there is another page.
func page(list []reservation.Reservation, limit int) ListResponse {
	p := ListResponse{Items: append([]reservation.Reservation{}, list[:min(len(list), limit)]...)}
	if len(list) > limit {
		last := p.Items[limit-1]
		p.NextCursor = encodeCursor(reservation.Position{Start: last.Start, ID: last.ID})
	}
	return p
}

// encodeCursor is p as clients see it: microseconds and id, opaque.
func encodeCursor(p reservation.Position) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.Start.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID[:]...))
}

// ParseCursor returns Invalid for what no cursor ever was; "" is the beginning.
func ParseCursor(s string) (p reservation.Position, err error) {
	if s == "" {
		return p, nil
	}
	bad := fault.New(fault.Invalid, "bad_cursor", "The cursor does not belong to this list.").At("/cursor")
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 8+len(p.ID) {
		return p, bad
	}
	p.Start = time.UnixMicro(int64(binary.BigEndian.Uint64(b))).UTC()
	// Cursors that were made up may lie outside what PostgreSQL can compare.
	if y := p.Start.Year(); y < 2000 || y > 3000 {
		return p, bad
	}
	p.ID = uuid.UUID(b[8:])
	return p, nil
}
