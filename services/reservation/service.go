package reservation

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Service is what diners and owners can do with seats. Every method may return
// Unavailable or Timeout when the store cannot answer; a change may have
// happened then, and the same Idempotency-Key finds out.
type Service struct {
	store       Store
	notifyRelay func() // tells the relay that there may be an event
	now         func() time.Time
	slots       *slotCache
	soldOut     *soldOutCache
	users       Users
	mails       Mails
	metrics     Metrics
}

// New makes a Service. wake is called after each commit and must not block.
// users and mails may be nil: the owner's list does without them then.
func New(store Store, users Users, mails Mails, wake func()) *Service {
	return &Service{
		store: store, notifyRelay: wake, now: time.Now, slots: newSlotCache(store), soldOut: newSoldOutCache(),
		users: users, mails: mails, metrics: NewMetrics(),
	}
}

// BookRequest asks for seats. Key is the Idempotency-Key.
type BookRequest struct {
	SlotID string        `json:"slot_id"`
	Party  int           `json:"party"`
	Note   secret.String `json:"note"`
	Key    string        `json:"-"`
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
// slot_closed, not_open_yet, already_booked, overlap, too_many_reservations;
// unprocessable idempotency_key_reused; unavailable overloaded.
func (s *Service) Book(ctx context.Context, r BookRequest) (Outcome, error) {
	out, err := s.book(ctx, r)
	if err != nil {
		s.metrics.Refused(ctx, err)
	}
	return out, err
}

func (s *Service) book(ctx context.Context, r BookRequest) (Outcome, error) {
	b, err := s.newBooking(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	// The latch knows of what was sold out a moment ago, but only the store knows
	// whether this key was among those who were sold to.
	if left, full := s.soldOut.get(b.SlotID, b.Party); full {
		out, err := s.store.Replay(ctx, OpBook, b.CommandMeta)
		if err == nil && !out.Replayed {
			err = FullFromCache(left)
		}
		return s.finish(ctx, out, err)
	}
	out, err := s.store.Book(ctx, b)
	if left, full := CoversLeft(err); full {
		s.soldOut.put(b.SlotID, left)
	}
	return s.finish(ctx, out, err)
}

// Join puts the diner into the line of a slot that is sold out. Codes: those of
// Book, and conflict seats_available where it is not.
func (s *Service) Join(ctx context.Context, r BookRequest) (Outcome, error) {
	b, err := s.newBooking(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	return s.execute(ctx, Command{
		CommandMeta: b.CommandMeta, Op: OpJoin, Scope: Scope{LimitsOf: b.DinerID, Slots: []SlotID{b.SlotID}}, Decide: b.Join,
	})
}

func (s *Service) newBooking(ctx context.Context, r BookRequest) (Booking, error) {
	if err := r.validate(); err != nil {
		return Booking{}, err
	}
	telemetry.Note(ctx, slog.String(names.SlotID, r.SlotID), slog.Int(names.Party, r.Party))
	act, err := s.meta(ctx, r.Key, requestHash(r.SlotID, r.Party, r.Note.Reveal()))
	if err != nil {
		return Booking{}, err
	}
	id, err := uuid.NewV7()
	return Booking{CommandMeta: act, ID: id, SlotID: ParseSlotID(r.SlotID), Party: r.Party, Note: r.Note}, err
}

// ReservationRequest is an act on one reservation. Key is the Idempotency-Key.
type ReservationRequest struct {
	ID  string `json:"-"`
	Key string `json:"-"`
}

// reservationCommand reads r as an act of whoever is in ctx.
func (s *Service) reservationCommand(ctx context.Context, r ReservationRequest) (uuid.UUID, CommandMeta, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return id, CommandMeta{}, NotFound()
	}
	act, err := s.meta(ctx, r.Key, requestHash(id))
	return id, act, err
}

// Cancel cancels the diner's own reservation, or one that the owner has entered.
// Codes: not_found; conflict
// not_cancellable; unprocessable idempotency_key_reused.
func (s *Service) Cancel(ctx context.Context, r ReservationRequest) (Outcome, error) {
	id, act, err := s.reservationCommand(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	c := Cancellation{CommandMeta: act, ID: id, MayTouch: endpoint.IdentityFrom(ctx).MayTouch}
	return s.execute(ctx, Command{CommandMeta: act, Op: OpCancel, Scope: Scope{ReservationID: id}, Decide: c.Decide})
}

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
func (s *Service) Move(ctx context.Context, r MoveRequest) (Outcome, error) {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return Outcome{}, NotFound()
	}
	act, err := s.meta(ctx, "", nil)
	if err != nil {
		return Outcome{}, err
	}
	m := Move{CommandMeta: act, ID: id, Party: r.Party, Note: r.Note, Version: r.Version}
	scope := Scope{ReservationID: id, LimitsOf: act.DinerID}
	whole := BookRequest{SlotID: "0", Party: 1} // to be judged by the rules of a booking
	if r.SlotID != nil {
		whole.SlotID = *r.SlotID
		slot := ParseSlotID(*r.SlotID)
		m.SlotID, scope.Slots = &slot, []SlotID{slot}
	}
	if r.Party != nil {
		whole.Party = *r.Party
	}
	if r.Note != nil {
		whole.Note = *r.Note
	}
	if err := whole.validate(); err != nil {
		return Outcome{}, err
	}
	return s.execute(ctx, Command{CommandMeta: act, Scope: scope, Decide: m.Decide})
}

// execute commits c. It may have freed covers of any slot it was about, so what
// this process remembers of those is forgotten: who has just given seats back
// should see them.
func (s *Service) execute(ctx context.Context, c Command) (Outcome, error) {
	var touched []*Slot
	decide := c.Decide
	c.Decide = func(d *UnitOfWork) (Reservation, error) {
		touched = slices.Collect(maps.Values(d.Slots))
		return decide(d)
	}
	out, err := s.store.Execute(ctx, c)
	for _, slot := range touched {
		s.soldOut.remove(slot.ID)
	}
	s.slots.invalidate(touched, c.Period.RestaurantID)
	return s.finish(ctx, out, err)
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
	Statuses []Status // empty: any
	When     When     // "": any
	After    Position
	Limit    int
}

// ListResponse is a page; NextCursor is empty on the last one.
type ListResponse struct {
	Items      []Reservation
	NextCursor string
}

// List returns the diner's reservations.
func (s *Service) List(ctx context.Context, r ListRequest) (ListResponse, error) {
	who, err := diner(ctx)
	if err != nil {
		return ListResponse{}, err
	}
	q := ReservationQuery{DinerID: who, Statuses: r.Statuses, After: r.After, Limit: r.Limit + 1, Soonest: r.When == Upcoming}
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
func page(list []Reservation, limit int) ListResponse {
	p := ListResponse{Items: append([]Reservation{}, list[:min(len(list), limit)]...)}
	if len(list) > limit {
		last := p.Items[limit-1]
		p.NextCursor = Position{last.Start, last.ID}.cursor()
	}
	return p
}

// meta is what a store must know about who changes something, and when.
func (s *Service) meta(ctx context.Context, key string, hash []byte) (CommandMeta, error) {
	who, err := diner(ctx)
	return CommandMeta{
		DinerID: who, Key: key, RequestHash: hash, EventID: uuid.New(),
		Traceparent: telemetry.Traceparent(ctx),
		At:          s.now().UTC().Truncate(time.Microsecond), // what PostgreSQL keeps
	}, err
}

// finish notes what came out and wakes the relay for it.
func (s *Service) finish(ctx context.Context, out Outcome, err error) (Outcome, error) {
	if err != nil {
		return out, err
	}
	if out.ID != noDiner { // schedules and closures are about no single one
		telemetry.Note(ctx,
			slog.String(names.ReservationID, out.ID.String()),
			slog.String(names.RestaurantID, out.RestaurantID),
			slog.Bool(names.Replayed, out.Replayed))
	}
	s.notifyRelay()
	return out, nil
}

func diner(ctx context.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(endpoint.IdentityFrom(ctx).UserID)
	if err != nil {
		return id, fault.New(fault.Unauthenticated, "unauthenticated", "Please log in.")
	}
	return id, nil
}
