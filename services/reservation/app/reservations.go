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

// ReservationRequest identifies the reservation that a command changes. Key is the
// Idempotency-Key.
type ReservationRequest struct {
	ID  string `json:"-"`
	Key string `json:"-"`
}

// reservationCommand parses r as a command of the caller in ctx.
func (s *Service) reservationCommand(ctx context.Context, r ReservationRequest) (uuid.UUID, reservation.CommandMeta, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return id, reservation.CommandMeta{}, reservation.NotFound()
	}
	meta, err := s.meta(ctx, r.Key, requestHash(id))
	return id, meta, err
}

// Cancel cancels the diner's own reservation, or one that the owner entered.
// Codes: not_found; conflict not_cancellable; unprocessable
// idempotency_key_reused.
func (s *Service) Cancel(ctx context.Context, r ReservationRequest) (reservation.Outcome, error) {
	id, meta, err := s.reservationCommand(ctx, r)
	if err != nil {
		return reservation.Outcome{}, err
	}
	c := reservation.Cancellation{CommandMeta: meta, ID: id, MayTouch: endpoint.IdentityFrom(ctx).MayTouch}
	return s.execute(ctx, reservation.Command{
		CommandMeta: meta, Op: reservation.OpCancel, Decide: c.Decide, Scope: reservation.Scope{ReservationID: id},
	})
}

// MoveRequest asks for another time, party or note. Version comes from If-Match; 0
// is any.
type MoveRequest struct {
	ID      string         `json:"-"`
	Version int            `json:"-"`
	SlotID  *string        `json:"slot_id"`
	Party   *int           `json:"party"`
	Note    *secret.String `json:"note"`
}

// Move changes the diner's own reservation: everything asked for, or nothing. Codes:
// invalid; not_found; precondition_failed version_mismatch; conflict
// not_movable and those of Book.
func (s *Service) Move(ctx context.Context, r MoveRequest) (reservation.Outcome, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return reservation.Outcome{}, reservation.NotFound()
	}
	meta, err := s.meta(ctx, "", nil)
	if err != nil {
		return reservation.Outcome{}, err
	}
	m := reservation.Move{CommandMeta: meta, ID: id, Party: r.Party, Version: r.Version}
	scope := reservation.Scope{ReservationID: id, LimitsOf: meta.DinerID}
	checked := BookRequest{SlotID: "0", Party: 1} // the same limits as a booking's
	if r.SlotID != nil {
		checked.SlotID = *r.SlotID
		slot := reservation.ParseSlotID(*r.SlotID)
		m.SlotID, scope.Slots = &slot, []reservation.SlotID{slot}
	}
	if r.Party != nil {
		checked.Party = *r.Party
	}
	if r.Note != nil {
		checked.Note = *r.Note
	}
	if err := checked.validate(); err != nil {
		return reservation.Outcome{}, err
	}
	if r.Note != nil {
		m.Note = &checked.Note
	}
	return s.execute(ctx, reservation.Command{CommandMeta: meta, Scope: scope, Decide: m.Decide})
}

// GetRequest identifies a reservation.
type GetRequest struct{ ID string }

// Get returns the diner's own reservation. Codes: not_found.
func (s *Service) Get(ctx context.Context, r GetRequest) (reservation.Reservation, error) {
	dinerID, err := diner(ctx)
	if err != nil {
		return reservation.Reservation{}, err
	}
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return reservation.Reservation{}, reservation.NotFound()
	}
	telemetry.Note(ctx, slog.String(names.ReservationID, id.String()))
	return s.store.Reservation(ctx, dinerID, id)
}

// When selects visits by time.
type When string

// The values of When.
const (
	Upcoming When = "upcoming" // not ended yet, soonest first
	Past     When = "past"     // ended, latest first
)

// ListRequest asks for a page of the diner's reservations: latest visit first, or
// with Upcoming soonest first.
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
	dinerID, err := diner(ctx)
	if err != nil {
		return ListResponse{}, err
	}
	q := reservation.ReservationQuery{DinerID: dinerID, Statuses: r.Statuses, After: r.After, Limit: r.Limit + 1, Soonest: r.When == Upcoming}
	switch r.When {
	case Upcoming:
		q.From = s.now()
	case Past:
		q.To = s.now()
	}
	list, err := s.store.Reservations(ctx, q)
	return page(list, r.Limit), err
}

// page cuts a list that was read with limit+1: the extra item tells whether there
// is another page.
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

// ParseCursor is the inverse; "" is the first page. Codes: invalid bad_cursor.
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
	// An invented cursor may hold a time that PostgreSQL cannot compare.
	if y := p.Start.Year(); y < 2000 || y > 3000 {
		return p, bad
	}
	p.ID = uuid.UUID(b[8:])
	return p, nil
}
