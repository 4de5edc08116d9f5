package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// waiter is somebody in line in the world of these tests.
type waiter struct {
	reservation
	diner string
}

func (w *world) join(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in struct {
		SlotID string `json:"slot_id"`
		Party  int
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	entry := &waiter{diner: who(r), reservation: reservation{
		ID: fmt.Sprint("w", len(w.lines)), SlotID: in.SlotID, Party: in.Party, Status: "waiting",
		Position: w.unless("nobody is told their place", 1, 0),
	}}
	w.lines[in.SlotID] = append(w.lines[in.SlotID], entry)
	w.mail(entry.diner, "대기")
	reply(rw, 201, entry.reservation)
}

// offer gives what has become free to whoever waits for it.
func (w *world) offer(slot string) {
	if w.broken == "seats are offered to nobody" {
		return
	}
	for _, entry := range w.lines[slot] {
		entry.Status, entry.OfferEndsAt = "offered", time.Now().Add(time.Minute)
		w.sold[slot] += entry.Party
		if w.broken != "the offer's mail is lost" {
			w.mail(entry.diner, "자리가 났습니다")
		}
	}
}

func (w *world) entry(id string) *waiter {
	for _, line := range w.lines {
		for _, entry := range line {
			if entry.ID == id {
				return entry
			}
		}
	}
	return &waiter{}
}

func (w *world) look(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	reply(rw, 200, w.entry(r.PathValue("id")).reservation)
}

func (w *world) accept(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.entry(r.PathValue("id"))
	if w.broken != "accepting does nothing" {
		entry.Status = "confirmed"
		w.mail(entry.diner, "확정")
	}
	reply(rw, 200, entry.reservation)
}
