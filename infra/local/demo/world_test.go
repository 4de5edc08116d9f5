package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// world is a small Jari in memory whose promises can be broken one at a time,
// to see the story notice.
type world struct {
	mu       sync.Mutex
	broken   string // which promise; "" for none
	sold     map[string]int
	bookings map[string][]reservation // by diner
	keys     map[string]reservation
	lines    map[string][]*waiter // by slot
	mails    map[string][]map[string]string
	name     text
	downAt   time.Time
	slack    []map[string]any
	url      string
}

func newWorld(t *testing.T, broken string) (*world, Config) {
	w := &world{
		broken: broken, sold: map[string]int{}, bookings: map[string][]reservation{}, keys: map[string]reservation{},
		lines: map[string][]*waiter{}, mails: map[string][]map[string]string{}, name: text{Ko: "한식당 옹기", En: "Onggi Dining Room"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/users", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, 201, struct{}{}) })
	mux.HandleFunc("POST /v1/sessions", w.logIn)
	mux.HandleFunc("GET /v1/restaurants", w.restaurants)
	mux.HandleFunc("PUT /v1/restaurants/{id}", w.rename)
	mux.HandleFunc("GET /v1/restaurants/{id}/availability", w.availability)
	mux.HandleFunc("POST /v1/reservations", w.book)
	mux.HandleFunc("GET /v1/reservations", w.mine)
	mux.HandleFunc("POST /v1/reservations/{id}/cancel", w.cancel)
	mux.HandleFunc("GET /v1/reservations/{id}", w.look)
	mux.HandleFunc("POST /v1/waitlist", w.join)
	mux.HandleFunc("POST /v1/waitlist/{id}/accept", w.accept)
	mux.HandleFunc("GET /api/messages", w.mailbox)
	mux.HandleFunc("GET /control/messages", w.channel)
	mux.HandleFunc("GET /runbooks/{name}", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, w.unless("dead runbook link", 200, 404), "") })
	mux.HandleFunc("GET /dashboards/{id}", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, 200, "") })
	mux.HandleFunc("GET /traces/{id}", func(rw http.ResponseWriter, _ *http.Request) { reply(rw, 200, "") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	w.url = server.URL
	return w, Config{Edge: server.URL, Mailbox: server.URL, Slack: server.URL, Fault: w.fault, Out: t.Output(), TimeScale: 60}
}

func (w *world) unless(promise string, kept, broken int) int {
	if w.broken == promise {
		return broken
	}
	return kept
}

func reply(rw http.ResponseWriter, status int, v any) {
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(v)
}

func refuse(rw http.ResponseWriter, status int, reason string) {
	reply(rw, status, map[string]any{"status": status, "reason": reason})
}

func who(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") }

func (w *world) logIn(rw http.ResponseWriter, r *http.Request) {
	var in struct{ Email string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	reply(rw, 201, map[string]string{"access_token": in.Email})
}

func (w *world) restaurants(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	zone := "Asia/Seoul"
	if (r.Header.Get("X-Region") == "us" || r.Header.Get("Cloudfront-Viewer-Country") == "US") && w.broken != "regions are mixed up" {
		zone = "America/New_York"
	}
	one := restaurant{ID: "onggi", Name: w.name, TimeZone: zone}
	items := []restaurant{}
	if q := r.FormValue("q"); q == "" || one.says(q) || w.broken == "search ignores the words" {
		items = append(items, one)
	}
	reply(rw, 200, list[restaurant]{items})
}

func (w *world) rename(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in restaurant
	_ = json.NewDecoder(r.Body).Decode(&in)
	if w.broken != "renames are not indexed" {
		w.name = in.Name
	}
	reply(rw, 200, in)
}

func (w *world) availability(rw http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	items := []freeTime{}
	for i := range 3 {
		id := fmt.Sprint("slot-", i)
		items = append(items, freeTime{SlotID: id, Start: time.Now().Add(time.Duration(i+4) * time.Hour), Available: covers - w.sold[id]})
	}
	reply(rw, 200, list[freeTime]{items})
}

func (w *world) book(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in struct {
		SlotID string `json:"slot_id"`
		Party  int
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	diner, key := who(r), who(r)+r.Header.Get("Idempotency-Key")
	limit := w.unless("a slot is oversold", covers, covers+1)
	old, known := w.keys[key]
	switch {
	case !w.downAt.IsZero():
		refuse(rw, 503, "unavailable")
		return
	case known && w.broken != "keys are forgotten":
		reply(rw, 201, old)
		return
	case len(w.bookings[diner]) > 0 && w.broken != "keys are forgotten":
		refuse(rw, 409, "already_booked")
		return
	case w.sold[in.SlotID]+in.Party > limit:
		refuse(rw, w.unless("a refusal is a 500", 409, 500), "slot_full")
		return
	}
	made := reservation{ID: fmt.Sprint("r", len(w.keys), len(w.bookings)), SlotID: in.SlotID, Party: in.Party, Status: "confirmed"}
	w.sold[in.SlotID] += in.Party
	w.keys[key] = made
	if w.broken != "a booking is lost" || len(w.bookings) != 5 {
		w.bookings[diner] = append(w.bookings[diner], made)
	} else {
		w.bookings[diner] = []reservation{}
	}
	w.mail(diner, "확정")
	reply(rw, 201, made)
}

func (w *world) mail(diner, what string) {
	if what == "취소" && w.broken == "the second mail is the first again" {
		what = "확정"
	}
	letter := map[string]string{"subject": w.name.Ko + " " + what}
	w.mails[diner] = append([]map[string]string{letter}, w.mails[diner]...)
}

func (w *world) mine(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reply(rw, 200, list[reservation]{w.bookings[who(r)]})
}

func (w *world) cancel(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	made := w.bookings[who(r)][0]
	made.Status = "cancelled"
	w.mail(who(r), "취소")
	delete(w.bookings, who(r))
	w.sold[made.SlotID] -= made.Party
	w.offer(made.SlotID)
	reply(rw, 200, made)
}

func (w *world) mailbox(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reply(rw, 200, map[string]any{"messages": w.mails[r.FormValue("to")]})
}

func (w *world) channel(rw http.ResponseWriter, _ *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reply(rw, 200, map[string]any{"messages": w.slack})
}
