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

// body is every answer's; what one of them has not is zero.
type body struct {
	ID        string
	SlotID    string `json:"slot_id"`
	Party     int8
	Status    any // a problem's is a number
	Position  int8
	Reason    string
	Available int8
	Latched   bool
	Closed    []struct {
		SlotID string `json:"slot_id"`
		Booked int8
	}
	Items []struct {
		SlotID string `json:"slot_id"`
		Start  time.Time
	}
}

// ask sends one request to one replica. What came of it is unknown when the
// answer is lost, and when it is an excuse.
func (w *world) ask(ctx context.Context, replica int, c call) (r reply) {
	res, err := w.client.Do(w.request(ctx, replica, c))
	if err != nil {
		r.reason = unknown
		return r
	}
	defer res.Body.Close()
	var got body
	if res.StatusCode != http.StatusNoContent {
		err = json.NewDecoder(res.Body).Decode(&got)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		r.reason = unknown
	case err != nil:
		r.reason = "garbled: " + err.Error()
	case res.StatusCode >= 500:
		r.reason, r.failed = unknown, fmt.Sprint(res.StatusCode, " ", got.Reason)
	case res.StatusCode >= 300:
		r.reason, r.latched, r.available = got.Reason, got.Latched, got.Available
	case c.op == edit:
		for _, s := range got.Closed {
			if at := slices.Index(w.slots[:], s.SlotID); at >= 0 {
				r.closed[at] = s.Booked
			}
		}
	case c.op == leave:
		r.row = c.row
	default:
		r.replayed = res.Header.Get("Idempotency-Replayed") != ""
		r.shown = shown{
			row: w.bind(got.ID, c), slot: int8(slices.Index(w.slots[:], got.SlotID)), party: got.Party,
			status: status(slices.Index(statuses, fmt.Sprint(got.Status))), position: got.Position,
		}
		if etag, err := strconv.Atoi(strings.Trim(res.Header.Get("ETag"), `"`)); err == nil {
			r.version = int8(etag)
		}
	}
	return r
}

// bind returns the number of the row with this id. The first id that a key made
// is its row's; a second one is nobody's, and so convicted.
func (w *world) bind(id string, c call) int8 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.rows[id]; !known && (c.op == book || c.op == join) && w.ids[c.key] == "" {
		w.rows[id], w.ids[c.key] = c.key, id
		w.known = append(w.known, c.key)
	}
	if row, known := w.rows[id]; known {
		return row
	}
	return none
}

func (w *world) request(ctx context.Context, replica int, c call) *http.Request {
	w.mu.Lock()
	id := uuid.Nil.String()
	if c.row != none {
		id = w.ids[c.row]
	}
	w.mu.Unlock()
	method, path, fields := "POST", "", map[string]any(nil)
	switch c.op {
	case book, join:
		path = map[op]string{book: "/v1/reservations", join: "/v1/waitlist"}[c.op]
		fields = map[string]any{"slot_id": w.slots[c.slot], "party": c.party}
	case cancel:
		path = "/v1/reservations/" + id + "/cancel"
	case accept, decline:
		path = "/v1/waitlist/" + id + "/" + c.op.String()
	case leave:
		method, path = "DELETE", "/v1/waitlist/"+id
	case look:
		method, path = "GET", "/v1/reservations/"+id
	case move:
		method, path, fields = "PATCH", "/v1/reservations/"+id, map[string]any{}
		if c.slot != none {
			fields["slot_id"] = w.slots[c.slot]
		}
		if c.party != 0 {
			fields["party"] = c.party
		}
	case edit:
		return w.schedule(ctx, replica, c.covers)
	}
	req := w.plain(ctx, method, w.replicas[replica]+path, fields)
	req.Header.Set(names.HeaderUserID, w.diners[c.diner])
	req.Header.Set(names.HeaderUserRole, endpoint.RoleDiner)
	if c.version != 0 {
		req.Header.Set("If-Match", fmt.Sprintf("%q", strconv.Itoa(int(c.version))))
	}
	if c.key != none {
		// Written like this it does not make net/http repeat the request by itself,
		// which would hide an answer from the history.
		req.Header[strings.ToLower(names.HeaderIdempotency)] = []string{w.text[c.key]}
	}
	return req
}

// plain builds a request; what it panics at is this file's fault.
func (w *world) plain(ctx context.Context, method, url string, fields map[string]any) *http.Request {
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

// schedule seats people twice, the day after tomorrow, so that neither cut-off
// nor midnight comes near. A table is taken for 90 minutes.
func (w *world) schedule(ctx context.Context, replica int, covers int8) *http.Request {
	interval := 90
	if w.overlap {
		interval = 30
	}
	req := w.plain(ctx, "PUT", w.replicas[replica]+"/v1/restaurants/"+w.restaurant+"/schedule", map[string]any{
		"time_zone": "UTC", "interval_minutes": interval, "covers": covers, "days_ahead": 3,
		"party":  map[string]int{"min": 1, "max": most},
		"weekly": []map[string]string{{"day": w.day, "opens": "12:00", "closes": time.Date(0, 1, 1, 12, 2*interval, 0, 0, time.UTC).Format("15:04")}},
	})
	req.Header.Set(names.HeaderUserID, uuid.Nil.String())
	req.Header.Set(names.HeaderUserRole, endpoint.RoleOwner)
	req.Header.Set(names.HeaderUserOwn, w.restaurant)
	return req
}
