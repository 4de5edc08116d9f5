package reservation

import (
	"context"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/fault"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Service is what diners and owners can do with seats. Every method may return
// Unavailable or Timeout when the store cannot answer; a change may have
// happened then, and the same Idempotency-Key finds out.
type Service struct {
	store Store
	wake  func() // tells the relay that there may be an event
	now   func() time.Time
}

// New makes a Service. wake is called after each commit and must not block.
func New(store Store, wake func()) *Service {
	return &Service{store: store, wake: wake, now: time.Now}
}

// ScheduleRequest states when a restaurant seats people.
type ScheduleRequest struct {
	RestaurantID string
	Schedule
}

// ScheduleResponse says how many slots the schedule describes in its window.
type ScheduleResponse struct {
	Slots int `json:"slots"`
}

// PutSchedule makes the slots of the coming days. The same schedule again
// changes nothing and no booked seat is dropped. Codes: invalid, forbidden.
func (s *Service) PutSchedule(ctx context.Context, r ScheduleRequest) (ScheduleResponse, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, r.RestaurantID))
	if !endpoint.IdentityFrom(ctx).MayTouch(r.RestaurantID) {
		return ScheduleResponse{}, fault.New(fault.Forbidden, "forbidden", "This restaurant is not yours.")
	}
	if err := r.Validate(); err != nil {
		return ScheduleResponse{}, err
	}
	now := s.now()
	starts := r.Starts(now)
	return ScheduleResponse{Slots: len(starts)}, s.store.PutSchedule(ctx, r.RestaurantID, r.Schedule, starts, now)
}

// AvailabilityResponse lists free times.
type AvailabilityResponse struct {
	Items []FreeTime `json:"items"`
}

// FreeTime is a slot with room.
type FreeTime struct {
	SlotID    SlotID    `json:"slot_id"`
	Start     time.Time `json:"start"`
	Available int       `json:"available"`
}

// Availability lists the times to come with room for the party, earliest first;
// a restaurant that nobody knows has none.
func (s *Service) Availability(ctx context.Context, w Window) (AvailabilityResponse, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, w.RestaurantID), slog.Int(names.Party, w.Party))
	if now := s.now(); w.From.Before(now) {
		w.From = now
	}
	slots, err := s.store.Free(ctx, w)
	free := AvailabilityResponse{Items: make([]FreeTime, 0, len(slots))}
	for _, slot := range slots {
		free.Items = append(free.Items, FreeTime{slot.ID, slot.Start, slot.Left()})
	}
	return free, err
}

// BookRequest asks for seats. Key is the Idempotency-Key.
type BookRequest struct {
	SlotID string           `json:"slot_id"`
	Party  int              `json:"party"`
	Note   telemetry.Secret `json:"note"`
	Key    string           `json:"-"`
}

func (r BookRequest) validate() error {
	switch {
	case r.SlotID == "" || len(r.SlotID) > 40:
		return fault.BadField("/slot_id", "slot_id names a time as the availability does.")
	case r.Party < 1 || r.Party > MaxParty:
		return fault.BadField("/party", "party must be between 1 and %d.", MaxParty)
	case utf8.RuneCountInString(r.Note.Reveal()) > MaxNote:
		return fault.BadField("/note", "note has at most %d characters.", MaxNote)
	case strings.ContainsRune(r.Note.Reveal(), 0):
		return fault.BadField("/note", "note must be text.") // PostgreSQL's cannot hold it
	}
	return nil
}

// Book sells seats to the diner in ctx. A key that has booked returns the same
// outcome again. Codes: invalid; not_found slot_not_found; conflict slot_full,
// slot_closed, already_booked, overlap, too_many_reservations; unprocessable
// idempotency_key_reused.
func (s *Service) Book(ctx context.Context, r BookRequest) (Outcome, error) {
	telemetry.Note(ctx, slog.String(names.SlotID, r.SlotID), slog.Int(names.Party, r.Party))
	if err := r.validate(); err != nil {
		return Outcome{}, err
	}
	act, err := s.act(ctx, r.Key, hash(r.SlotID, r.Party, r.Note.Reveal()))
	if err != nil {
		return Outcome{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Outcome{}, err
	}
	out, err := s.store.Book(ctx, Booking{Act: act, ID: id, SlotID: ParseSlotID(r.SlotID), Party: r.Party, Note: r.Note})
	return s.done(ctx, out, err)
}

// CancelRequest gives the seats of one reservation back.
type CancelRequest struct {
	ID  string `json:"-"`
	Key string `json:"-"`
}

// Cancel cancels the diner's own reservation. Codes: not_found; conflict
// not_cancellable; unprocessable idempotency_key_reused.
func (s *Service) Cancel(ctx context.Context, r CancelRequest) (Outcome, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return Outcome{}, NotFound()
	}
	act, err := s.act(ctx, r.Key, hash(id))
	if err != nil {
		return Outcome{}, err
	}
	out, err := s.store.Cancel(ctx, Cancellation{Act: act, ID: id})
	return s.done(ctx, out, err)
}

// GetRequest names a reservation.
type GetRequest struct{ ID string }

// Get returns the diner's own reservation. Codes: not_found.
func (s *Service) Get(ctx context.Context, r GetRequest) (Reservation, error) {
	who, err := diner(ctx)
	if err != nil {
		return Reservation{}, err
	}
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return Reservation{}, NotFound()
	}
	telemetry.Note(ctx, slog.String(names.ReservationID, id.String()))
	return s.store.Reservation(ctx, who, id)
}

// ListRequest asks for a page of the diner's reservations.
type ListRequest struct {
	Status Status
	After  Position
	Limit  int
}

// ListResponse is a page; NextCursor is empty on the last one.
type ListResponse struct {
	Items      []Reservation
	NextCursor string
}

// List returns the diner's reservations, latest visit first.
func (s *Service) List(ctx context.Context, r ListRequest) (ListResponse, error) {
	who, err := diner(ctx)
	if err != nil {
		return ListResponse{}, err
	}
	// One more than asked for says whether there is another page.
	list, err := s.store.Reservations(ctx, Query{DinerID: who, Status: r.Status, After: r.After, Limit: r.Limit + 1})
	page := ListResponse{Items: append([]Reservation{}, list[:min(len(list), r.Limit)]...)}
	if len(list) > r.Limit {
		last := page.Items[r.Limit-1]
		page.NextCursor = Position{last.Start, last.ID}.cursor()
	}
	return page, err
}

// act is what a store must know about who changes something, and when.
func (s *Service) act(ctx context.Context, key string, hash []byte) (Act, error) {
	who, err := diner(ctx)
	trace := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, trace)
	return Act{
		DinerID: who, Key: key, Hash: hash, EventID: uuid.New(),
		Traceparent: trace["traceparent"],
		At:          s.now().UTC().Truncate(time.Microsecond), // what PostgreSQL keeps
	}, err
}

// done notes what came out and wakes the relay for it.
func (s *Service) done(ctx context.Context, out Outcome, err error) (Outcome, error) {
	if err != nil {
		return out, err
	}
	telemetry.Note(ctx,
		slog.String(names.ReservationID, out.ID.String()),
		slog.String(names.RestaurantID, out.RestaurantID),
		slog.Bool(names.Replayed, out.Replayed))
	s.wake()
	return out, nil
}

func diner(ctx context.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(endpoint.IdentityFrom(ctx).UserID)
	if err != nil {
		return id, fault.New(fault.Unauthenticated, "unauthenticated", "Please log in.")
	}
	return id, nil
}
