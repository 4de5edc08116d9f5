package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// waitlistEntry is an entry in a waitlist of the fake system.
type waitlistEntry struct {
	reservation
	diner string
}

func (w *fakeSystem) join(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var in struct {
		SlotID string `json:"slot_id"`
		Party  int
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	entry := &waitlistEntry{diner: dinerOf(r), reservation: reservation{
		ID: fmt.Sprint("w", len(w.waitlists)), SlotID: in.SlotID, Party: in.Party, Status: "waiting",
		Position: w.ifIntact("the position is missing", 1, 0),
	}}
	w.waitlists[in.SlotID] = append(w.waitlists[in.SlotID], entry)
	w.mail(entry.diner, "대기")
	writeJSON(rw, 201, entry.reservation)
}

// offer offers the covers that have become free to the waitlist entries.
func (w *fakeSystem) offer(slot string) {
	if w.defect == "no offer is made" {
		return
	}
	for _, entry := range w.waitlists[slot] {
		entry.Status, entry.OfferEndsAt = "offered", time.Now().Add(time.Minute)
		w.sold[slot] += entry.Party
		if w.defect != "the offer's mail is lost" {
			w.mail(entry.diner, "자리가 났습니다")
		}
	}
}

func (w *fakeSystem) entry(id string) *waitlistEntry {
	for _, entries := range w.waitlists {
		for _, entry := range entries {
			if entry.ID == id {
				return entry
			}
		}
	}
	return &waitlistEntry{}
}

func (w *fakeSystem) getReservation(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	writeJSON(rw, 200, w.entry(r.PathValue("id")).reservation)
}

func (w *fakeSystem) accept(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.entry(r.PathValue("id"))
	if w.defect != "accepting has no effect" {
		entry.Status = "confirmed"
		w.mail(entry.diner, "확정")
	}
	writeJSON(rw, 200, entry.reservation)
}
