package app

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/text"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// maxSlots bounds the slots that one edit of a schedule writes.
const maxSlots = 10_000

func forbidden() error {
	return fault.New(fault.Forbidden, "forbidden", "This restaurant is not yours.")
}

// authorizeOwner returns forbidden unless the caller may change the restaurant.
func authorizeOwner(ctx context.Context, restaurant string) error {
	telemetry.Note(ctx, slog.String(names.RestaurantID, restaurant))
	if !endpoint.IdentityFrom(ctx).MayTouch(restaurant) {
		return forbidden()
	}
	return nil
}

// ScheduleRequest sets a restaurant's schedule.
type ScheduleRequest struct {
	RestaurantID string
	schedule.Schedule
}

// ScheduleResponse says how many slots the schedule has, and which slots hold more
// covers than it gives: those take no booking.
type ScheduleResponse struct {
	Slots  int                      `json:"slots"`
	Closed []reservation.ShrunkSlot `json:"closed"`
}

// PutSchedule stores the schedule and creates the slots of the coming days. It is
// idempotent, and no booked guest loses a seat. Codes: invalid, forbidden.
func (s *Service) PutSchedule(ctx context.Context, r ScheduleRequest) (ScheduleResponse, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return ScheduleResponse{}, err
	}
	if err := r.Validate(); err != nil {
		return ScheduleResponse{}, err
	}
	meta, err := s.meta(ctx, "", nil)
	if err != nil {
		return ScheduleResponse{}, err
	}
	if n := len(r.Slots(nil, meta.At)); n > maxSlots {
		return ScheduleResponse{}, fault.New(fault.Invalid, "too_many_slots",
			"This schedule has %d slots, %d at most: state a longer interval, shorter drops or fewer days ahead.", n, maxSlots).
			At("/interval_minutes")
	}
	var response ScheduleResponse
	_, err = s.execute(ctx, reservation.Command{
		CommandMeta: meta, Scope: reservation.Scope{Period: reservation.SlotsFrom(r.RestaurantID, meta.At)},
		Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
			want := reservation.PlannedSlots(r.RestaurantID, r.Schedule, u.IsClosed, meta.At)
			u.SetSchedule(r.Schedule, want)
			response = ScheduleResponse{Slots: len(want), Closed: u.ShrunkSlots()}
			return reservation.Reservation{}, nil
		},
	})
	return response, err
}

// StatedSchedule is the owner's schedule and the dates of the closures.
type StatedSchedule struct {
	schedule.Schedule
	Closures []string `json:"closures"`
}

// GetSchedule returns the schedule. Codes: forbidden; not_found
// schedule_not_found.
func (s *Service) GetSchedule(ctx context.Context, restaurant string) (StatedSchedule, error) {
	if err := authorizeOwner(ctx, restaurant); err != nil {
		return StatedSchedule{}, err
	}
	plan, closed, err := s.store.Schedule(ctx, restaurant)
	return StatedSchedule{plan, append([]string{}, closed...)}, err
}

// ClosureRequest closes a restaurant's local day, or with Open opens it again.
type ClosureRequest struct {
	RestaurantID string `json:"-"`
	Date         string `json:"date"` // YYYY-MM-DD
	Reason       string `json:"reason"`
	Open         bool   `json:"-"`
}

// ClosureResponse says what the closure changed.
type ClosureResponse struct {
	Date      string `json:"date"`
	Slots     int    `json:"slots"`     // slots of the day, all closed now
	Cancelled int    `json:"cancelled"` // reservations; their diners get a mail
}

const maxReason = 200

// Close closes a day and cancels its reservations, offers and waitlist entries;
// their diners get a mail. With Open it creates the day's slots again. Codes:
// invalid; forbidden; not_found schedule_not_found.
func (s *Service) Close(ctx context.Context, r ClosureRequest) (ClosureResponse, error) {
	if err := authorizeOwner(ctx, r.RestaurantID); err != nil {
		return ClosureResponse{}, err
	}
	if err := text.Clean(&r.Reason, "/reason", text.Line("A reason", 0, maxReason)); err != nil {
		return ClosureResponse{}, err
	}
	meta, err := s.meta(ctx, "", nil)
	if err != nil {
		return ClosureResponse{}, err
	}
	period, _, err := s.day(ctx, r.RestaurantID, r.Date)
	if err != nil {
		return ClosureResponse{}, err
	}
	if r.Date < dateIn(meta.At.Add(-24*time.Hour), time.UTC) {
		return ClosureResponse{}, fault.BadField("/date", "This day is over.")
	}
	response := ClosureResponse{Date: r.Date}
	_, err = s.execute(ctx, reservation.Command{
		CommandMeta: meta, Scope: reservation.Scope{Period: period, AllReservations: true},
		Decide: func(u *reservation.UnitOfWork) (reservation.Reservation, error) {
			if r.Open {
				u.ReopenDay(r.RestaurantID, r.Date)
				return reservation.Reservation{}, nil
			}
			response.Slots = len(u.Slots)
			response.Cancelled = u.CloseDay(reservation.Closure{Date: r.Date, Reason: r.Reason})
			return reservation.Reservation{}, nil
		},
	})
	return response, err
}

// day returns the period of a restaurant's local day, and whether it is closed.
func (s *Service) day(ctx context.Context, restaurant, date string) (reservation.Period, bool, error) {
	if _, err := schedule.ParseDate(date); err != nil { // before a missing schedule is not found
		return reservation.Period{}, false, fault.BadField("/date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	plan, closed, err := s.store.Schedule(ctx, restaurant)
	if err != nil {
		return reservation.Period{}, false, err
	}
	from, to, err := schedule.DayBounds(date, plan.TimeZone)
	return reservation.Period{RestaurantID: restaurant, From: from, To: to}, slices.Contains(closed, date), err
}

func dateIn(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }
