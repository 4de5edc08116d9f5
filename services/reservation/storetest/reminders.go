package storetest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/telemetry"
)

// oneReminderPerVisit: a visit that is moved to another slot is another visit.
func oneReminderPerVisit(t *testing.T, f *fixture) {
	const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" // of the job
	remind := func(at time.Time, n int) int {
		t.Helper()
		enqueued, err := f.store.EnqueueReminders(telemetry.Continue(t.Context(), traceparent), at, at.Add(reservation.ReminderLead), n)
		f.must(err)
		return enqueued
	}
	booked := f.now
	first, moved, cancelled := f.newBooking(5, uuid.New(), 2), f.newBooking(6, uuid.New(), 2), f.newBooking(7, uuid.New(), 2)
	for _, b := range []reservation.Booking{first, moved, cancelled} {
		f.mustBook(b)
	}
	f.mustCancel(cancelled)
	f.mustEnter(8, 2)
	f.sellOut(9)
	f.mustJoin(9, 1)
	f.drainOutbox()

	// Every slot is at least 24 h ahead: no reminder is due yet.
	if n := remind(booked, 10); n != 0 {
		t.Fatalf("%d reminders more than a day ahead", n)
	}
	f.now = f.starts[7].Add(-reservation.ReminderLead).Add(time.Second)
	f.mustBook(f.newBooking(4, uuid.New(), 2)) // less than a day ahead: needs no reminder
	f.drainOutbox()
	if n := remind(f.now, 1) + remind(f.now, 1) + remind(f.now, 10); n != 2 {
		t.Fatalf("%d reminders, want 2: of the confirmed reservations that were made a day ahead", n)
	}
	for _, e := range f.drainOutbox() {
		if e.Kind != reservation.EventReminder || e.Reservation.ID != first.ID && e.Reservation.ID != moved.ID || e.ID == uuid.Nil ||
			e.Traceparent != traceparent {
			t.Errorf("event %+v", e)
		}
	}
	_, err := f.move(f.newMove(moved, 20, 2))
	f.must(err)
	f.drainOutbox()
	if n := remind(f.now, 10); n != 0 {
		t.Fatalf("%d reminders again", n)
	}
	f.now = f.starts[20].Add(-reservation.ReminderLead).Add(time.Second)
	if n := remind(f.now, 10); n != 5 { // and those of the four parties in slot 9
		t.Fatalf("%d reminders, want 5: of the visit moved to this day and four others", n)
	}
}
