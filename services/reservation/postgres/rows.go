package postgres

import (
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/telemetry"
)

// row is a row of reservations, as a query returns it and as to_jsonb keeps it
// in a remembered answer and in the outbox.
type row struct {
	ID           uuid.UUID `json:"id"`
	SlotID       int64     `json:"slot_id"`
	DinerID      uuid.UUID `json:"diner_id"`
	RestaurantID string    `json:"restaurant_id"`
	StartsAt     time.Time `json:"starts_at"`
	EndsAt       time.Time `json:"ends_at"`
	TimeZone     string    `json:"time_zone"`
	Party        int       `json:"party"`
	Note         string    `json:"note"`
	Status       string    `json:"status"`
	CreatedAt    time.Time `json:"created_at"`
}

// columns of a row, in the order of its fields' names; pgx matches by name.
const columns = `id, slot_id, diner_id, restaurant_id, starts_at, ends_at, time_zone, party, note, status, created_at`

func (r row) reservation() reservation.Reservation {
	return reservation.Reservation{
		ID: r.ID, SlotID: reservation.SlotID(r.SlotID), DinerID: r.DinerID, RestaurantID: r.RestaurantID,
		Start: r.StartsAt.UTC(), End: r.EndsAt.UTC(), TimeZone: r.TimeZone,
		Party: r.Party, Note: telemetry.NewSecret(r.Note), Status: reservation.Status(r.Status), CreatedAt: r.CreatedAt.UTC(),
	}
}

// slotRow is a row of slots as to_jsonb returns it.
type slotRow struct {
	ID             int64     `json:"id"`
	RestaurantID   string    `json:"restaurant_id"`
	StartsAt       time.Time `json:"starts_at"`
	EndsAt         time.Time `json:"ends_at"`
	TimeZone       string    `json:"time_zone"`
	PartyMin       int       `json:"party_min"`
	PartyMax       int       `json:"party_max"`
	WantedCapacity int       `json:"wanted_capacity"`
	Capacity       int       `json:"capacity"`
	Booked         int       `json:"booked"`
}

func (s slotRow) slot() reservation.Slot {
	return reservation.Slot{
		ID: reservation.SlotID(s.ID), RestaurantID: s.RestaurantID,
		Start: s.StartsAt.UTC(), End: s.EndsAt.UTC(), TimeZone: s.TimeZone,
		Party:  reservation.PartySize{Min: s.PartyMin, Max: s.PartyMax},
		Wanted: s.WantedCapacity, Capacity: s.Capacity, Booked: s.Booked,
	}
}
