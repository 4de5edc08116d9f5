package postgres

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"jari.example/internal/secret"
	"jari.example/internal/zone"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
)

// row is a row of reservations, as a query returns it and as to_jsonb stores it
// in idempotency records and in the outbox.
type row struct {
	ID           uuid.UUID  `json:"id"`
	SlotID       int64      `json:"slot_id"`
	DinerID      *uuid.UUID `json:"diner_id"`
	RestaurantID string     `json:"restaurant_id"`
	StartsAt     time.Time  `json:"starts_at"`
	EndsAt       time.Time  `json:"ends_at"`
	TimeZone     string     `json:"time_zone"`
	Party        int        `json:"party"`
	Note         string     `json:"note"`
	Status       string     `json:"status"`
	CreatedAt    time.Time  `json:"created_at"`
	CancelUntil  time.Time  `json:"cancel_until"`
	OfferEndsAt  *time.Time `json:"offer_ends_at"`
	Line         *int64     `json:"line"`
	Version      int        `json:"version"`
	GuestName    string     `json:"guest_name"`
	GuestPhone   string     `json:"guest_phone"`
	Position     int        `json:"position,omitempty" db:"-"` // not a column: computed
}

// columns of a row; pgx matches them by name.
const columns = `id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party, note, status, created_at,
  cancel_until, offer_ends_at, line, version, guest_name, guest_phone`

func (r row) reservation() reservation.Reservation {
	found := reservation.Reservation{
		ID: r.ID, SlotID: reservation.SlotID(r.SlotID), RestaurantID: r.RestaurantID,
		Start: r.StartsAt.UTC(), End: r.EndsAt.UTC(), TimeZone: zone.Repaired(r.TimeZone),
		Party: r.Party, Note: secret.New(r.Note), Status: reservation.Status(r.Status), CreatedAt: r.CreatedAt.UTC(),
		CancelUntil: r.CancelUntil.UTC(), Version: r.Version, Position: r.Position,
		Guest: reservation.Guest{Name: secret.New(r.GuestName), Phone: secret.New(r.GuestPhone)},
	}
	if r.DinerID != nil {
		found.DinerID = *r.DinerID
	}
	if r.OfferEndsAt != nil {
		found.OfferEndsAt = r.OfferEndsAt.UTC()
	}
	if r.Line != nil {
		found.WaitlistOrder = *r.Line
	}
	return found
}

func rowOf(r reservation.Reservation) row {
	made := row{
		ID: r.ID, SlotID: int64(r.SlotID), RestaurantID: r.RestaurantID,
		StartsAt: r.Start, EndsAt: r.End, TimeZone: r.TimeZone,
		Party: r.Party, Note: r.Note.Reveal(), Status: string(r.Status), CreatedAt: r.CreatedAt,
		CancelUntil: r.CancelUntil, Version: r.Version, Position: r.Position,
		GuestName: r.Guest.Name.Reveal(), GuestPhone: r.Guest.Phone.Reveal(),
	}
	if r.DinerID != uuid.Nil {
		made.DinerID = &r.DinerID
	}
	if !r.OfferEndsAt.IsZero() {
		made.OfferEndsAt = &r.OfferEndsAt
	}
	if r.WaitlistOrder != 0 {
		made.Line = &r.WaitlistOrder
	}
	return made
}

// collect reads rows of [columns].
func collect(rows pgx.Rows) ([]reservation.Reservation, error) {
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (reservation.Reservation, error) {
		found, err := pgx.RowToStructByName[row](r)
		return found.reservation(), err
	})
}

// slotRow is a row of slots, as a query or to_jsonb returns it.
type slotRow struct {
	ID             int64      `json:"id"`
	RestaurantID   string     `json:"restaurant_id"`
	StartsAt       time.Time  `json:"starts_at"`
	EndsAt         time.Time  `json:"ends_at"`
	TimeZone       string     `json:"time_zone"`
	PartyMin       int        `json:"party_min"`
	PartyMax       int        `json:"party_max"`
	WantedCapacity int        `json:"wanted_capacity"`
	Capacity       int        `json:"capacity"`
	Booked         int        `json:"booked"`
	OpensAt        *time.Time `json:"opens_at"`
	CancelUntil    time.Time  `json:"cancel_until"`
}

// slotColumns of a slotRow; pgx matches them by name.
const slotColumns = `id, restaurant_id, starts_at, ends_at, time_zone, party_min, party_max, wanted_capacity, capacity, booked,
  opens_at, cancel_until`

func (s slotRow) slot() reservation.Slot {
	found := reservation.Slot{
		ID: reservation.SlotID(s.ID), RestaurantID: s.RestaurantID,
		Start: s.StartsAt.UTC(), End: s.EndsAt.UTC(), TimeZone: zone.Repaired(s.TimeZone),
		Party:  schedule.PartySize{Min: s.PartyMin, Max: s.PartyMax},
		Wanted: s.WantedCapacity, Capacity: s.Capacity, Booked: s.Booked,
		CancelUntil: s.CancelUntil.UTC(),
	}
	if s.OpensAt != nil {
		found.OpensAt = s.OpensAt.UTC()
	}
	return found
}

func slotRowOf(s reservation.Slot) slotRow {
	made := slotRow{
		ID: int64(s.ID), RestaurantID: s.RestaurantID, StartsAt: s.Start, EndsAt: s.End, TimeZone: s.TimeZone,
		PartyMin: s.Party.Min, PartyMax: s.Party.Max, WantedCapacity: s.Wanted, Capacity: s.Capacity, Booked: s.Booked,
		CancelUntil: s.CancelUntil,
	}
	if !s.OpensAt.IsZero() {
		made.OpensAt = &s.OpensAt
	}
	return made
}
