package reservation

import (
	"context"
	"log/slog"
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

// Users knows what diners are called.
type Users interface {
	// Names returns whom it knows of the ids.
	Names(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Guest, error)
}

// Mails knows which reservations' diners could not be told.
type Mails interface {
	// Undeliverable returns, by reservation, why a mail will never arrive.
	Undeliverable(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error)
}

// maxSlots bounds what one edit of a schedule writes.
const maxSlots = 10_000

// horizon is later than any slot's start.
var horizon = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)

func forbidden() error {
	return fault.New(fault.Forbidden, "forbidden", "This restaurant is not yours.")
}

// authorizeOwner refuses whoever may not touch the restaurant.
func authorizeOwner(ctx context.Context, restaurant string) error {
	telemetry.Note(ctx, slog.String(names.RestaurantID, restaurant))
	if !endpoint.IdentityFrom(ctx).MayTouch(restaurant) {
		return forbidden()
	}
	return nil
}

// ScheduleRequest states when a restaurant seats people.
type ScheduleRequest struct {
	RestaurantID string
	Schedule
}

// ScheduleResponse says how many slots the schedule describes, and which slots
// keep guests though it has no room for them: those take no more.
type ScheduleResponse struct {
	Slots  int              `json:"slots"`
	Closed []OverbookedSlot `json:"closed"`
}

// OverbookedSlot is a slot that holds more covers than its owner wants.
type OverbookedSlot struct {
	SlotID SlotID    `json:"slot_id"`
	Start  time.Time `json:"start"`
	Booked int       `json:"booked"`
}

// PutSchedule makes the slots of the coming days. The same schedule again
// changes nothing and no booked seat is dropped. Codes: invalid, forbidden.
func (s *Service) PutSchedule(ctx context.Context, r ScheduleRequest) (ScheduleResponse, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return ScheduleResponse{}, err
	}
	if err := r.Validate(); err != nil {
		return ScheduleResponse{}, err
	}
	act, err := s.meta(ctx, "", nil)
	if err != nil {
		return ScheduleResponse{}, err
	}
	if n := len(r.Slots(r.RestaurantID, nil, act.At)); n > maxSlots {
		return ScheduleResponse{}, fault.New(fault.Invalid, "too_many_slots",
			"This schedule has %d slots, %d at most: state a longer interval, shorter drops or fewer days ahead.", n, maxSlots).At("/interval_minutes")
	}
	var answer ScheduleResponse
	_, err = s.execute(ctx, Command{
		CommandMeta: act, Scope: Scope{Period: Period{r.RestaurantID, act.At, horizon}},
		Decide: func(d *UnitOfWork) (Reservation, error) {
			want := r.Slots(r.RestaurantID, d.isClosed, act.At)
			d.SetSchedule(r.Schedule, want)
			answer = ScheduleResponse{Slots: len(want), Closed: d.overbookedSlots()}
			return Reservation{}, nil
		},
	})
	return answer, err
}

func (d *UnitOfWork) isClosed(date string) bool { return d.ClosedDates[date] }

// overbookedSlots lists slots with more guests than the owner wants, earliest first.
func (d *UnitOfWork) overbookedSlots() []OverbookedSlot {
	list := []OverbookedSlot{}
	for _, s := range d.Slots {
		if s.Booked > s.Wanted {
			list = append(list, OverbookedSlot{s.ID, s.Start, s.Booked})
		}
	}
	slices.SortFunc(list, func(a, b OverbookedSlot) int { return a.Start.Compare(b.Start) })
	return list
}

// StatedSchedule is what the owner has stated, and the days that are closed.
type StatedSchedule struct {
	Schedule
	Closures []string `json:"closures"`
}

// GetSchedule returns what the owner has stated. Codes: forbidden; not_found
// schedule_not_found.
func (s *Service) GetSchedule(ctx context.Context, restaurant string) (StatedSchedule, error) {
	if err := authorizeOwner(ctx, restaurant); err != nil {
		return StatedSchedule{}, err
	}
	plan, closed, err := s.store.Schedule(ctx, restaurant)
	return StatedSchedule{plan, append([]string{}, closed...)}, err
}

// ClosureRequest closes a restaurant's local day, or opens it again.
type ClosureRequest struct {
	RestaurantID string `json:"-"`
	Date         string `json:"date"` // YYYY-MM-DD
	Reason       string `json:"reason"`
	Open         bool   `json:"-"`
}

// ClosureResponse says what the closure took.
type ClosureResponse struct {
	Date      string `json:"date"`
	Slots     int    `json:"slots"`     // that are closed now
	Cancelled int    `json:"cancelled"` // reservations, their diners are told
}

const maxReason = 200

// Close closes a day: what is booked, offered or waiting is cancelled and told.
// With Open it lets the schedule make that day's slots again. Codes: invalid;
// forbidden; not_found schedule_not_found.
func (s *Service) Close(ctx context.Context, r ClosureRequest) (ClosureResponse, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return ClosureResponse{}, err
	}
	if utf8.RuneCountInString(r.Reason) > maxReason || strings.ContainsRune(r.Reason, 0) {
		return ClosureResponse{}, fault.BadField("/reason", "reason has at most %d characters.", maxReason)
	}
	act, err := s.meta(ctx, "", nil)
	if err != nil {
		return ClosureResponse{}, err
	}
	period, _, err := s.day(ctx, r.RestaurantID, r.Date)
	if err != nil {
		return ClosureResponse{}, err
	}
	if r.Date < dateIn(act.At.Add(-24*time.Hour), time.UTC) {
		return ClosureResponse{}, fault.BadField("/date", "This day is over.")
	}
	answer := ClosureResponse{Date: r.Date}
	_, err = s.execute(ctx, Command{
		CommandMeta: act, Scope: Scope{Period: period, AllReservations: true},
		Decide: func(d *UnitOfWork) (Reservation, error) {
			if r.Open {
				d.ReopenDay(r.RestaurantID, r.Date)
				return Reservation{}, nil
			}
			answer.Slots = len(d.Slots)
			answer.Cancelled = d.CloseDay(Closure{Date: r.Date, Reason: r.Reason})
			return Reservation{}, nil
		},
	})
	return answer, err
}

// day is the period of a restaurant's local day, and whether it is closed.
func (s *Service) day(ctx context.Context, restaurant, date string) (Period, bool, error) {
	plan, closed, err := s.store.Schedule(ctx, restaurant)
	if err != nil {
		return Period{}, false, err
	}
	from, to, err := DayBounds(date, plan.TimeZone)
	return Period{restaurant, from, to}, slices.Contains(closed, date), err
}

func dateIn(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }

// DayRequest asks for a page of the owner's list of a day.
type DayRequest struct {
	RestaurantID string
	Date         string
	Status       Status // "": any
	After        Position
	Limit        int
}

// DayResponse is a page of an owner's day, earliest visit first, and all of the
// day's slots, also those that have begun.
type DayResponse struct {
	Items      []OwnerReservation
	NextCursor string
	Slots      []Slot
	Closed     bool
}

// OwnerReservation is a reservation as its owner sees it.
type OwnerReservation struct {
	Reservation
	Guest      Guest  // the diner's, or whom the owner entered
	MailFailed string // why the diner could not be told; "" as far as is known
}

// Day lists who comes. Where user or notification do not answer, the list comes
// without what they know: tonight's list must not hang on them. Codes: invalid;
// forbidden; not_found schedule_not_found.
func (s *Service) Day(ctx context.Context, r DayRequest) (DayResponse, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return DayResponse{}, err
	}
	period, closed, err := s.day(ctx, r.RestaurantID, r.Date)
	if err != nil {
		return DayResponse{}, err
	}
	slots, err := s.store.Slots(ctx, []string{r.RestaurantID}, period.From, period.To)
	if err != nil {
		return DayResponse{}, err
	}
	list, err := s.store.Day(ctx, DayQuery{Period: period, Status: r.Status, After: r.After, Limit: r.Limit + 1})
	if err != nil {
		return DayResponse{}, err
	}
	p := page(list, r.Limit)
	var diners, ids []uuid.UUID
	for _, one := range p.Items {
		ids = append(ids, one.ID)
		if one.DinerID != uuid.Nil && !slices.Contains(diners, one.DinerID) {
			diners = append(diners, one.DinerID)
		}
	}
	var guests map[uuid.UUID]Guest
	if s.users != nil && len(diners) > 0 {
		guests, err = s.users.Names(ctx, diners)
		noteDegraded(ctx, "names", err)
	}
	var failed map[uuid.UUID]string
	if s.mails != nil && len(ids) > 0 {
		failed, err = s.mails.Undeliverable(ctx, ids)
		noteDegraded(ctx, "mails", err)
	}
	answer := DayResponse{Items: make([]OwnerReservation, len(p.Items)), NextCursor: p.NextCursor, Slots: slots, Closed: closed}
	for i, one := range p.Items {
		answer.Items[i] = OwnerReservation{Reservation: one, Guest: one.Guest, MailFailed: failed[one.ID]}
		if one.DinerID != uuid.Nil {
			answer.Items[i].Guest = guests[one.DinerID]
		}
	}
	return answer, nil
}

// noteDegraded notes on the access line what an answer had to do without.
func noteDegraded(ctx context.Context, what string, err error) {
	if err != nil {
		telemetry.Note(ctx, slog.String(names.Degraded, what+": "+fault.ReasonOf(err)))
	}
}

// OwnerEntryRequest is a booking that the owner enters. Key is the Idempotency-Key.
type OwnerEntryRequest struct {
	RestaurantID string        `json:"-"`
	SlotID       string        `json:"slot_id"`
	Party        int           `json:"party"`
	Name         secret.String `json:"name"`
	Phone        secret.String `json:"phone"`
	Note         secret.String `json:"note"`
	WalkIn       bool          `json:"walk_in"`
	Key          string        `json:"-"`
}

const (
	maxName  = 100
	maxPhone = 40
)

// Enter books for a guest without an account. Codes: invalid; forbidden;
// not_found slot_not_found; conflict slot_closed, slot_full; unprocessable
// idempotency_key_reused.
func (s *Service) Enter(ctx context.Context, r OwnerEntryRequest) (Outcome, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return Outcome{}, err
	}
	name, phone := r.Name.Reveal(), r.Phone.Reveal()
	if err := (BookRequest{SlotID: r.SlotID, Party: r.Party, Note: r.Note}).validate(); err != nil {
		return Outcome{}, err
	}
	telemetry.Note(ctx, slog.String(names.SlotID, r.SlotID), slog.Int(names.Party, r.Party))
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(name) == "" || n > maxName || strings.ContainsRune(name, 0):
		return Outcome{}, fault.BadField("/name", "name has 1 to %d characters.", maxName)
	case utf8.RuneCountInString(phone) > maxPhone || strings.ContainsRune(phone, 0):
		return Outcome{}, fault.BadField("/phone", "phone has at most %d characters.", maxPhone)
	}
	act, err := s.meta(ctx, r.Key, requestHash(r.RestaurantID, r.SlotID, r.Party, name, phone, r.Note.Reveal(), r.WalkIn))
	if err != nil {
		return Outcome{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Outcome{}, err
	}
	e := OwnerEntry{
		Booking:      Booking{CommandMeta: act, ID: id, SlotID: ParseSlotID(r.SlotID), Party: r.Party, Note: r.Note},
		RestaurantID: r.RestaurantID, Guest: Guest{r.Name, r.Phone}, WalkIn: r.WalkIn,
	}
	return s.execute(ctx, Command{CommandMeta: act, Op: OpEnter, Scope: Scope{Slots: []SlotID{e.SlotID}}, Decide: e.Decide})
}

// Seat says that the party is there. Codes: not_found; conflict not_seatable;
// unprocessable idempotency_key_reused.
func (s *Service) Seat(ctx context.Context, r ReservationRequest) (Outcome, error) {
	return s.recordAttendance(ctx, r, OpSeat)
}

// NoShow says that the party did not come; until the slot ends its covers are
// free again. Codes: not_found; conflict not_no_show; unprocessable
// idempotency_key_reused.
func (s *Service) NoShow(ctx context.Context, r ReservationRequest) (Outcome, error) {
	return s.recordAttendance(ctx, r, OpNoShow)
}

func (s *Service) recordAttendance(ctx context.Context, r ReservationRequest, op string) (Outcome, error) {
	id, act, err := s.reservationCommand(ctx, r)
	if err != nil {
		return Outcome{}, err
	}
	a := Attendance{CommandMeta: act, ID: id, MayTouch: endpoint.IdentityFrom(ctx).MayTouch, NoShow: op == OpNoShow}
	return s.execute(ctx, Command{CommandMeta: act, Op: op, Scope: Scope{ReservationID: id}, Decide: a.Decide})
}
