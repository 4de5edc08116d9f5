package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeSystem is a small in-memory implementation of the APIs that the demo uses. It
// can have one defect, which the demo must detect.
type fakeSystem struct {
	mu         sync.Mutex
	defect     string // the one defect; "" for none
	sold       map[string]int
	bookings   map[string][]reservation // by diner
	keys       map[string]reservation
	waitlists  map[string][]*waitlistEntry // by slot
	mails      map[string][]map[string]string
	name       text
	downAt     time.Time
	stale      bool // availability may be one second old
	answer     availability
	answeredAt time.Time
	alerting   *fakeAlerting
}

func newFakeSystem(t *testing.T, defect string) (*fakeSystem, Config) {
	w := &fakeSystem{
		defect: defect, sold: map[string]int{}, bookings: map[string][]reservation{}, keys: map[string]reservation{},
		waitlists: map[string][]*waitlistEntry{}, mails: map[string][]map[string]string{},
		name: text{Ko: "한식당 옹기", En: "Onggi Dining Room"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/users", func(rw http.ResponseWriter, _ *http.Request) { writeJSON(rw, 201, struct{}{}) })
	mux.HandleFunc("POST /v1/sessions", w.logIn)
	mux.HandleFunc("GET /v1/restaurants", w.restaurants)
	mux.HandleFunc("PUT /v1/restaurants/{id}", w.rename)
	mux.HandleFunc("GET /v1/restaurants/{id}/availability", w.availability)
	mux.HandleFunc("POST /v1/reservations", w.book)
	mux.HandleFunc("GET /v1/reservations", w.listReservations)
	mux.HandleFunc("POST /v1/reservations/{id}/cancel", w.cancel)
	mux.HandleFunc("GET /v1/reservations/{id}", w.getReservation)
	mux.HandleFunc("POST /v1/waitlist", w.join)
	mux.HandleFunc("POST /v1/waitlist/{id}/accept", w.accept)
	mux.HandleFunc("GET /api/messages", w.mailbox)
	mux.HandleFunc("GET /runbooks/{name}", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, w.ifIntact("the runbook link is dead", 200, 404), "")
	})
	mux.HandleFunc("GET /traces/{id}", func(rw http.ResponseWriter, _ *http.Request) { writeJSON(rw, 200, "") })
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	alerting, slack := newFakeAlerting(t, server, defect)
	w.alerting = alerting
	mux.HandleFunc("POST /slack/actions", alerting.actions)
	mux.HandleFunc("GET /dashboards/{id}", alerting.dashboard)
	mux.HandleFunc("GET /status", func(rw http.ResponseWriter, _ *http.Request) {
		if defect != "the status page lacks it" {
			fmt.Fprint(rw, `<section id="ii-1">`)
		}
	})
	return w, Config{
		Edge: server.URL, Mailbox: server.URL, Slack: slack, Fault: w.fault, Out: t.Output(), TimeScale: 60,
		OnCall: func(context.Context) (Person, error) { return Person{Name: "Jun", SlackID: "U2"}, nil },
	}
}

// ifIntact returns correct, or wrong if the system has the defect.
func (w *fakeSystem) ifIntact(defect string, correct, wrong int) int {
	if w.defect == defect {
		return wrong
	}
	return correct
}

func writeJSON(rw http.ResponseWriter, status int, v any) {
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(v)
}

func writeProblem(rw http.ResponseWriter, status int, reason string) {
	writeJSON(rw, status, map[string]any{"status": status, "reason": reason})
}

func dinerOf(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func (w *fakeSystem) logIn(rw http.ResponseWriter, r *http.Request) {
	var in struct{ Email string }
	_ = json.NewDecoder(r.Body).Decode(&in)
	writeJSON(rw, 201, map[string]string{"access_token": in.Email})
}

func (w *fakeSystem) restaurants(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := restaurant{ID: "onggi", Name: w.name}
	items := []restaurant{}
	if q := r.FormValue("q"); q == "" || one.mentions(q) || w.defect == "search ignores the words" {
		items = append(items, one)
	}
	writeJSON(rw, 200, list[restaurant]{items})
}

func (w *fakeSystem) rename(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in restaurant
	_ = json.NewDecoder(r.Body).Decode(&in)
	if w.defect != "renames are not indexed" {
		w.name = in.Name
	}
	writeJSON(rw, 200, in)
}

func (w *fakeSystem) availability(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	zone := "Asia/Seoul"
	if (r.Header.Get("X-Region") == "us" || r.Header.Get("Cloudfront-Viewer-Country") == "US") && w.defect != "the region is ignored" {
		zone = "America/New_York"
	}
	items := []freeTime{}
	for i := range 3 {
		id := fmt.Sprint("slot-", i)
		items = append(items, freeTime{SlotID: id, Start: time.Now().Add(time.Duration(i+4) * time.Hour), Available: covers - w.sold[id]})
	}
	answer := availability{zone, items}
	// like the edge's cache of one second
	if w.stale && time.Since(w.answeredAt) < time.Second {
		answer = w.answer
	} else {
		w.answer, w.answeredAt = answer, time.Now()
	}
	writeJSON(rw, 200, answer)
}

func (w *fakeSystem) book(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in struct {
		SlotID string `json:"slot_id"`
		Party  int
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	diner, key := dinerOf(r), dinerOf(r)+r.Header.Get("Idempotency-Key")
	limit := w.ifIntact("a slot is oversold", covers, covers+1)
	old, known := w.keys[key]
	switch {
	case !w.downAt.IsZero():
		writeProblem(rw, 503, "unavailable")
		return
	case known && w.defect != "keys are ignored":
		writeJSON(rw, 201, old)
		return
	case len(w.bookings[diner]) > 0 && w.defect != "keys are ignored":
		writeProblem(rw, 409, "already_booked")
		return
	case w.sold[in.SlotID]+in.Party > limit:
		writeProblem(rw, w.ifIntact("a refusal is a 500", 409, 500), "slot_full")
		return
	}
	booked := reservation{ID: fmt.Sprint("r", len(w.keys), len(w.bookings)), SlotID: in.SlotID, Party: in.Party, Status: "confirmed"}
	w.sold[in.SlotID] += in.Party
	w.keys[key] = booked
	if w.defect != "a booking is lost" || len(w.bookings) != 5 {
		w.bookings[diner] = append(w.bookings[diner], booked)
	} else {
		w.bookings[diner] = []reservation{}
	}
	w.mail(diner, "확정")
	writeJSON(rw, 201, booked)
}

func (w *fakeSystem) mail(diner, what string) {
	if what == "취소" && w.defect == "the first mail is sent twice" {
		what = "확정"
	}
	mail := map[string]string{"subject": w.name.Ko + " " + what}
	w.mails[diner] = append([]map[string]string{mail}, w.mails[diner]...)
}

func (w *fakeSystem) listReservations(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	writeJSON(rw, 200, list[reservation]{w.bookings[dinerOf(r)]})
}

func (w *fakeSystem) cancel(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	cancelled := w.bookings[dinerOf(r)][0]
	cancelled.Status = "cancelled"
	w.mail(dinerOf(r), "취소")
	delete(w.bookings, dinerOf(r))
	w.sold[cancelled.SlotID] -= cancelled.Party
	w.offer(cancelled.SlotID)
	writeJSON(rw, 200, cancelled)
}

func (w *fakeSystem) mailbox(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	writeJSON(rw, 200, map[string]any{"messages": w.mails[r.FormValue("to")]})
}
