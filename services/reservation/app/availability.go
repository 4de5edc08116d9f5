package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"jari.example/internal/fault"
	"jari.example/internal/zone"
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Window asks for the times of one restaurant in [From, To) that suit a party.
type Window struct {
	RestaurantID string
	From, To     time.Time
	Party        int
	IfNoneMatch  string // the ETag that the client has
}

// DateQuery asks for the times of up to MaxRestaurants restaurants on a local day,
// each in its own time zone.
type DateQuery struct {
	RestaurantIDs []string
	Date          string
	Party         int
	IfNoneMatch   string
}

// MaxRestaurants is how many restaurants one query may name: a page of search
// results.
const MaxRestaurants = 50

// Availability is a response body as JSON, with its ETag. NotModified reports that
// the client has it already.
type Availability struct {
	Body        json.RawMessage
	ETag        string
	NotModified bool
}

// Time is an open slot that seats parties of that size, and what a diner can do
// with it now: see [reservation.Booking.Action].
type Time struct {
	SlotID    reservation.SlotID `json:"slot_id"`
	Start     time.Time          `json:"start"`
	Available int                `json:"available"`
	Action    reservation.Action `json:"action"`
	Reason    string             `json:"reason,omitempty"`  // why there is none
	OpensAt   time.Time          `json:"opens_at,omitzero"` // when it can first be booked, if that is in the future
}

// listing is the answer about one restaurant. TimeZone is that of its schedule, ""
// without one.
type listing struct {
	TimeZone string `json:"time_zone,omitempty"`
	Items    []Time `json:"items"`
}

// Availability lists the future times of one restaurant, earliest first. An unknown
// restaurant has none. The result may be a second old.
func (s *Service) Availability(ctx context.Context, w Window) (Availability, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, w.RestaurantID), slog.Int(names.Party, w.Party))
	slots, err := s.slots.slots(ctx, []string{w.RestaurantID}, w.From, w.To)
	if err != nil {
		return Availability{}, err
	}
	zones, err := s.slots.zones(ctx, []string{w.RestaurantID}, slots)
	if err != nil {
		return Availability{}, err
	}
	items := times(slots, w.Party, s.now(), func(slot reservation.Slot) bool { return !slot.Start.Before(w.From) && slot.Start.Before(w.To) })
	return withETag(listing{zones[w.RestaurantID], items}, w.IfNoneMatch)
}

// Date lists each restaurant's times on its own local day, in the order of the
// query. The result may be a second old. Codes: invalid.
func (s *Service) Date(ctx context.Context, q DateQuery) (Availability, error) {
	telemetry.Note(ctx, slog.Int(names.Count, len(q.RestaurantIDs)), slog.Int(names.Party, q.Party))
	day, err := schedule.ParseDate(q.Date)
	if err != nil {
		return Availability{}, fault.BadField("/date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	// Time zones reach from UTC+14 to UTC-12.
	slots, err := s.slots.slots(ctx, q.RestaurantIDs, day.Add(-14*time.Hour), day.Add(36*time.Hour))
	if err != nil {
		return Availability{}, err
	}
	zones, err := s.slots.zones(ctx, q.RestaurantIDs, slots)
	if err != nil {
		return Availability{}, err
	}
	type restaurant struct {
		RestaurantID string `json:"restaurant_id"`
		TimeZone     string `json:"time_zone,omitempty"`
		Times        []Time `json:"times"`
	}
	now, items := s.now(), make([]restaurant, len(q.RestaurantIDs))
	for i, id := range q.RestaurantIDs {
		items[i] = restaurant{id, zones[id], times(slots, q.Party, now, func(slot reservation.Slot) bool {
			loc, err := zone.Load(slot.TimeZone)
			return err == nil && slot.RestaurantID == id && dateIn(slot.Start, loc) == q.Date
		})}
	}
	return withETag(map[string]any{"items": items}, q.IfNoneMatch)
}

func times(slots []reservation.Slot, party int, now time.Time, wanted func(reservation.Slot) bool) []Time {
	list := []Time{}
	for _, slot := range slots {
		if slot.Closed() || !slot.Start.After(now) || party < slot.Party.Min || party > slot.Party.Max || !wanted(slot) {
			continue
		}
		b := reservation.Booking{CommandMeta: reservation.CommandMeta{At: now}, SlotID: slot.ID, Party: party}
		action, refusal := b.Action(&slot)
		t := Time{SlotID: slot.ID, Start: slot.Start, Available: slot.Left(), Action: action}
		if refusal != nil {
			t.Reason = fault.ReasonOf(refusal)
		}
		if slot.OpensAt.After(now) {
			t.OpensAt = slot.OpensAt
		}
		list = append(list, t)
	}
	return list
}

// withETag encodes the body and derives the ETag from its content, so that all
// replicas agree on it.
func withETag(body any, have string) (a Availability, err error) {
	if a.Body, err = json.Marshal(body); err != nil {
		return a, err
	}
	sum := sha256.Sum256(a.Body)
	a.ETag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	a.NotModified = matches(have, a.ETag)
	return a, nil
}

// matches reports whether an If-None-Match or If-Match names tag, RFC 9110 §13.1.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return header != ""
		}
	}
	return false
}
