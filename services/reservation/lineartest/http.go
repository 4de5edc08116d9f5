package lineartest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"jari.example/services/internal/endpoint"
	"jari.example/telemetry/names"
)

// body holds the members of every response; those that a response has not are zero.
type body struct {
	ID         string
	SlotID     string `json:"slot_id"`
	Party      int8
	Status     any // a problem's is a number
	Position   int8
	Reason     string
	Available  int8
	Latched    bool
	Overbooked []struct {
		SlotID string `json:"slot_id"`
		Booked int8
	} `json:"closed"`
}

// send sends one call to one replica. Its result is unknown when the response
// is lost, and when it is a server error.
func (r *round) send(ctx context.Context, replica int, c call) (got response) {
	res, err := r.http.Do(r.request(ctx, replica, c))
	if err != nil {
		got.reason = reasonUnknown
		return got
	}
	defer res.Body.Close()
	var b body
	if res.StatusCode != http.StatusNoContent {
		err = json.NewDecoder(res.Body).Decode(&b)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		got.reason = reasonUnknown
	case err != nil:
		got.reason = "malformed response: " + err.Error()
	case res.StatusCode >= 500:
		got.reason, got.serverError = reasonUnknown, fmt.Sprint(res.StatusCode, " ", b.Reason)
	case res.StatusCode >= 300:
		got.reason, got.fromCache, got.available = b.Reason, b.Latched, b.Available
	case c.op == edit:
		for _, s := range b.Overbooked {
			if at := slices.Index(r.slotIDs[:], s.SlotID); at >= 0 {
				got.overbooked[at] = s.Booked
			}
		}
	case c.op == leave:
		got.reservation = c.reservation
	default:
		got.replayed = res.Header.Get("Idempotency-Replayed") != ""
		got.view = view{
			reservation: r.numberOf(b.ID, c), slot: int8(slices.Index(r.slotIDs[:], b.SlotID)), party: b.Party,
			status: status(slices.Index(statusNames, fmt.Sprint(b.Status))), position: b.Position,
		}
		if etag, err := strconv.Atoi(strings.Trim(res.Header.Get("ETag"), `"`)); err == nil {
			got.version = int8(etag)
		}
	}
	return got
}

// numberOf returns the number of the reservation with this id. The first id
// that a key creates belongs to it. A second id gets no number, which no state
// of the model allows.
func (r *round) numberOf(id string, c call) int8 {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.reservations[id]; !known && c.op.creates() && r.ids[c.key] == "" {
		r.reservations[id], r.ids[c.key] = c.key, id
		r.created = append(r.created, c.key)
	}
	if n, known := r.reservations[id]; known {
		return n
	}
	return none
}

func (r *round) request(ctx context.Context, replica int, c call) *http.Request {
	r.mu.Lock()
	id := uuid.Nil.String()
	if c.reservation != none {
		id = r.ids[c.reservation]
	}
	r.mu.Unlock()
	method, path, fields := "POST", "", map[string]any(nil)
	switch c.op {
	case book, join:
		path = map[op]string{book: "/v1/reservations", join: "/v1/waitlist"}[c.op]
		fields = map[string]any{"slot_id": r.slotIDs[c.slot], "party": c.party}
	case cancel:
		path = "/v1/reservations/" + id + "/cancel"
	case accept, decline:
		path = "/v1/waitlist/" + id + "/" + c.op.String()
	case leave:
		method, path = "DELETE", "/v1/waitlist/"+id
	case get:
		method, path = "GET", "/v1/reservations/"+id
	case move:
		method, path, fields = "PATCH", "/v1/reservations/"+id, map[string]any{}
		if c.slot != none {
			fields["slot_id"] = r.slotIDs[c.slot]
		}
		if c.party != 0 {
			fields["party"] = c.party
		}
	case edit:
		return r.scheduleRequest(ctx, replica, c.covers)
	}
	req := newRequest(ctx, method, r.replicas[replica]+path, fields)
	req.Header.Set(names.HeaderUserID, r.dinerIDs[c.diner])
	req.Header.Set(names.HeaderUserRole, endpoint.RoleDiner)
	if c.version != 0 {
		req.Header.Set("If-Match", fmt.Sprintf("%q", strconv.Itoa(int(c.version))))
	}
	if c.key != none {
		// The name in lower case keeps net/http from repeating the request by
		// itself, which would hide a response from the history.
		req.Header[strings.ToLower(names.HeaderIdempotency)] = []string{r.keyTexts[c.key]}
	}
	return req
}

// newRequest panics for what only a bug in this package can cause.
func newRequest(ctx context.Context, method, url string, fields map[string]any) *http.Request {
	var text string
	if fields != nil {
		encoded, err := json.Marshal(fields)
		if err != nil {
			panic(err)
		}
		text = string(encoded)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(text))
	if err != nil {
		panic(err)
	}
	if fields != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// scheduleRequest sets two slots, the day after tomorrow, so that neither the
// cut-off nor midnight comes near. A visit lasts 90 minutes.
func (r *round) scheduleRequest(ctx context.Context, replica int, covers int8) *http.Request {
	interval := 90
	if r.overlap {
		interval = 30
	}
	closes := time.Date(0, 1, 1, 12, 2*interval, 0, 0, time.UTC).Format("15:04")
	req := newRequest(ctx, "PUT", r.replicas[replica]+"/v1/restaurants/"+r.restaurant+"/schedule", map[string]any{
		"time_zone": "UTC", "interval_minutes": interval, "covers": covers, "days_ahead": 3,
		"party":  map[string]int{"min": 1, "max": largestParty},
		"weekly": []map[string]string{{"day": r.weekday, "opens": "12:00", "closes": closes}},
	})
	req.Header.Set(names.HeaderUserID, uuid.Nil.String())
	req.Header.Set(names.HeaderUserRole, endpoint.RoleOwner)
	req.Header.Set(names.HeaderUserOwn, r.restaurant)
	return req
}
