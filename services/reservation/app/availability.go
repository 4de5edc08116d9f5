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
	"jari.example/services/reservation"
	"jari.example/services/reservation/schedule"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Window asks which times one restaurant has for a party in [From, To).
type Window struct {
	RestaurantID string
	From, To     time.Time
	Party        int
	IfNoneMatch  string // ETag of what the client has
}

// DateQuery asks which times up to MaxDecorated restaurants have on a day, each
// in its own zone.
type DateQuery struct {
	RestaurantIDs []string
	Date          string
	Party         int
	IfNoneMatch   string
}

// MaxDecorated is how many restaurants one question may name: a page of search.
const MaxDecorated = 50

// Availability is an answer as JSON, with its ETag. A client that has it already
// gets no body.
type Availability struct {
	Body        json.RawMessage
	ETag        string
	NotModified bool
}

// Time is a slot that takes the party's size and is not closed. Available may be
// less than the party: sold out, but there is a line to join.
type Time struct {
	SlotID    reservation.SlotID `json:"slot_id"`
	Start     time.Time          `json:"start"`
	Available int                `json:"available"`
	OpensAt   time.Time          `json:"opens_at,omitzero"` // when it can first be booked, while that is to come
}

// Availability lists the times to come of one restaurant, earliest first; one
// that nobody knows has none. It may be a second old.
func (s *Service) Availability(ctx context.Context, w Window) (Availability, error) {
	telemetry.Note(ctx, slog.String(names.RestaurantID, w.RestaurantID), slog.Int(names.Party, w.Party))
	slots, err := s.slots.slots(ctx, []string{w.RestaurantID}, w.From, w.To)
	if err != nil {
		return Availability{}, err
	}
	now := s.now()
	items := times(slots, w.Party, now, func(slot reservation.Slot) bool { return !slot.Start.Before(w.From) && slot.Start.Before(w.To) })
	return withETag(map[string]any{"items": items}, w.IfNoneMatch)
}

// Date lists what each restaurant has on its own local day, in the order asked.
// It may be a second old. Codes: invalid.
func (s *Service) Date(ctx context.Context, q DateQuery) (Availability, error) {
	telemetry.Note(ctx, slog.Int(names.Count, len(q.RestaurantIDs)), slog.Int(names.Party, q.Party))
	day, err := schedule.ParseDate(q.Date)
	if err != nil {
		return Availability{}, fault.BadField("/date", "date is a day of the calendar, YYYY-MM-DD.")
	}
	// No clock is further from UTC than 14 hours one way, 12 the other.
	slots, err := s.slots.slots(ctx, q.RestaurantIDs, day.Add(-14*time.Hour), day.Add(36*time.Hour))
	if err != nil {
		return Availability{}, err
	}
	type restaurant struct {
		RestaurantID string `json:"restaurant_id"`
		Times        []Time `json:"times"`
	}
	now, items := s.now(), make([]restaurant, len(q.RestaurantIDs))
	for i, id := range q.RestaurantIDs {
		items[i] = restaurant{id, times(slots, q.Party, now, func(slot reservation.Slot) bool {
			zone, err := schedule.Location(slot.TimeZone)
			return err == nil && slot.RestaurantID == id && dateIn(slot.Start, zone) == q.Date
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
		t := Time{SlotID: slot.ID, Start: slot.Start, Available: slot.Left()}
		if slot.OpensAt.After(now) {
			t.OpensAt = slot.OpensAt
		}
		list = append(list, t)
	}
	return list
}

// withETag marks the body by what it says, so that the mark holds on every
// replica.
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
