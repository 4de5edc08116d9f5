// Package notificationhttp reaches the notification service over HTTP.
package notificationhttp

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
)

// Client is [reservation.Notifications] at a base URL.
type Client struct {
	url  string
	http *http.Client
}

var _ reservation.Notifications = Client{}

// New makes a Client of the service at base, called through c.
func New(base string, c *http.Client) Client {
	return Client{url: strings.TrimRight(base, "/") + "/internal/events", http: c}
}

// event is the wire form that the notification service defines.
type event struct {
	ID          uuid.UUID `json:"id"`
	Kind        string    `json:"kind"`
	OccurredAt  time.Time `json:"occurred_at"`
	DinerID     uuid.UUID `json:"diner_id"`
	Reservation visit     `json:"reservation"`
	Traceparent string    `json:"traceparent"`
}

type visit struct {
	ID           uuid.UUID `json:"id"`
	RestaurantID string    `json:"restaurant_id"`
	SlotID       string    `json:"slot_id"`
	Start        time.Time `json:"start"`
	TimeZone     string    `json:"time_zone"`
	Party        int       `json:"party"`
	Note         string    `json:"note,omitempty"`
}

// Tell implements [reservation.Notifications].
func (c Client) Tell(ctx context.Context, e reservation.Event) error {
	r := e.Reservation
	_, err := httpjson.Call[struct{}](ctx, c.http, http.MethodPost, c.url, event{
		ID: e.ID, Kind: e.Kind, OccurredAt: e.OccurredAt, DinerID: r.DinerID, Traceparent: e.Traceparent,
		Reservation: visit{
			ID: r.ID, RestaurantID: r.RestaurantID, SlotID: r.SlotID.String(),
			Start: r.Start, TimeZone: r.TimeZone, Party: r.Party, Note: r.Note.Reveal(),
		},
	})
	return err
}
