// Package notificationhttp reaches the notification service over HTTP.
package notificationhttp

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
	"jari.example/services/reservation/outbox"
)

// Client is [outbox.Receiver] at a base URL.
type Client struct {
	base string
	http *http.Client
}

var _ outbox.Receiver = Client{}

// New makes a Client of the service at base, called through c.
func New(base string, c *http.Client) Client {
	return Client{base: strings.TrimRight(base, "/"), http: c}
}

// event is the wire form that the notification service defines.
type event struct {
	ID          uuid.UUID          `json:"id"`
	Kind        string             `json:"kind"`
	OccurredAt  time.Time          `json:"occurred_at"`
	DinerID     uuid.UUID          `json:"diner_id"`
	Reason      string             `json:"reason,omitempty"`
	Previous    *reservation.Visit `json:"previous,omitempty"`
	Reservation visit              `json:"reservation"`
	Traceparent string             `json:"traceparent"`
}

type visit struct {
	ID           uuid.UUID          `json:"id"`
	RestaurantID string             `json:"restaurant_id"`
	SlotID       string             `json:"slot_id"`
	Start        time.Time          `json:"start"`
	End          time.Time          `json:"end"`
	TimeZone     string             `json:"time_zone"`
	Party        int                `json:"party"`
	Note         string             `json:"note,omitempty"`
	Status       reservation.Status `json:"status"`
	Version      int                `json:"version"`
	CancelUntil  time.Time          `json:"cancel_until,omitzero"`
	OfferEndsAt  time.Time          `json:"offer_ends_at,omitzero"`
	Position     int                `json:"position,omitempty"`
}

// Deliver implements [outbox.Receiver].
func (c Client) Deliver(ctx context.Context, e reservation.Event) error {
	r := e.Reservation
	_, err := httpjson.Call[struct{}](ctx, c.http, http.MethodPost, c.base+"/internal/events", event{
		ID: e.ID, Kind: e.Kind, OccurredAt: e.OccurredAt, DinerID: r.DinerID, Traceparent: e.Traceparent,
		Reason: e.Reason, Previous: e.Previous,
		Reservation: visit{
			ID: r.ID, RestaurantID: r.RestaurantID, SlotID: r.SlotID.String(),
			Start: r.Start, End: r.End, TimeZone: r.TimeZone, Party: r.Party, Note: r.Note.Reveal(),
			Status: r.Status, Version: r.Version, CancelUntil: r.CancelUntil, OfferEndsAt: r.OfferEndsAt, Position: r.Position,
		},
	})
	return err
}

// maxIDs is how many reservations the service takes per request.
const maxIDs = 200

// Undeliverable returns, by reservation, why its last mail was given up: refused,
// bad_address, unknown_diner or too_late.
func (c Client) Undeliverable(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	type request struct {
		ReservationIDs []uuid.UUID `json:"reservation_ids"`
	}
	type response struct {
		Items []struct {
			ReservationID uuid.UUID `json:"reservation_id"`
			Reason        string    `json:"reason"`
		} `json:"items"`
	}
	why := map[uuid.UUID]string{}
	for some := range slices.Chunk(ids, maxIDs) {
		a, err := httpjson.Call[response](ctx, c.http, http.MethodPost, c.base+"/internal/undeliverable", request{some})
		if err != nil {
			return nil, err
		}
		for _, f := range a.Items {
			why[f.ReservationID] = f.Reason
		}
	}
	return why, nil
}
