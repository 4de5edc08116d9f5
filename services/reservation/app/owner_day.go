package app

import (
	"context"
	"log/slog"
	"slices"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Users looks up diners' names: the user service.
type Users interface {
	// Names returns the accounts it has of ids, by id.
	Names(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]reservation.Guest, error)
}

// Mails reports mails that could not be delivered: the notification service.
type Mails interface {
	// Undeliverable returns, by reservation id, why its mail was given up.
	Undeliverable(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error)
}

// DayRequest asks for a page of the reservations of a restaurant's local day.
type DayRequest struct {
	RestaurantID string
	Date         string
	Status       reservation.Status // "": any
	After        reservation.Position
	Limit        int
}

// DayResponse is a page of the day's reservations, earliest visit first, and all
// slots of the day, also those that have begun.
type DayResponse struct {
	Items      []OwnerReservation
	NextCursor string
	Slots      []reservation.Slot
	Closed     bool
}

// OwnerReservation is a reservation as its owner sees it.
type OwnerReservation struct {
	reservation.Reservation
	Guest      reservation.Guest // the diner's, or of the owner's entry
	MailFailed string            // why the diner got no mail; "" if none is known to have failed
}

// Day lists the reservations of a day. If the user or the notification service is
// unavailable, names or mail failures are left out: tonight's list must not
// depend on them. Codes: invalid; forbidden; not_found schedule_not_found.
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
	list, err := s.store.Day(ctx, reservation.DayQuery{Period: period, Status: r.Status, After: r.After, Limit: r.Limit + 1})
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
	var guests map[uuid.UUID]reservation.Guest
	if s.users != nil && len(diners) > 0 {
		guests, err = s.users.Names(ctx, diners)
		noteDegraded(ctx, "names", err)
	}
	var failed map[uuid.UUID]string
	if s.mails != nil && len(ids) > 0 {
		failed, err = s.mails.Undeliverable(ctx, ids)
		noteDegraded(ctx, "mails", err)
	}
	response := DayResponse{Items: make([]OwnerReservation, len(p.Items)), NextCursor: p.NextCursor, Slots: slots, Closed: closed}
	for i, one := range p.Items {
		response.Items[i] = OwnerReservation{Reservation: one, Guest: one.Guest, MailFailed: failed[one.ID]}
		if one.DinerID != uuid.Nil {
			response.Items[i].Guest = guests[one.DinerID]
		}
	}
	return response, nil
}

// noteDegraded notes in the access log what a response had to leave out.
func noteDegraded(ctx context.Context, what string, err error) {
	if err != nil {
		telemetry.Note(ctx, slog.String(names.Degraded, what+": "+fault.ReasonOf(err)))
	}
}
