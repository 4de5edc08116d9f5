package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/services/reservation"
	"jari.example/services/reservation/storetest/model"
)

// undoesNoShow: a no-show is undone under a key of its own, however often the two
// are repeated, until somebody else has its covers.
func undoesNoShow(t *testing.T, f *fixture) {
	sold := f.sellOut(0)
	late := sold[0]
	start := f.slots[0].Start
	_, err := f.undoNoShow(late, start, "k")
	wantReason(t, err, model.ReasonNotUndoable)
	f.markNoShow(late, start)
	if got := f.coversLeft(0); got != late.Party {
		t.Fatalf("%d covers left after the no-show, want %d", got, late.Party)
	}
	out, err := f.undoNoShow(late, start, "k")
	f.must(err)
	if out.Status != reservation.Confirmed || out.Version != 3 || f.coversLeft(0) != 0 {
		t.Fatalf("undone: %+v, %d covers left", out, f.coversLeft(0))
	}
	f.wantStatus(late, reservation.Confirmed, 0)

	f.markNoShow(late, start.Add(time.Minute)) // the retry of the first undo changes nothing
	again, err := f.undoNoShow(late, start.Add(time.Minute), "k")
	f.must(err)
	if !again.Replayed || again.Status != reservation.Confirmed {
		t.Fatalf("replay: %+v", again)
	}
	f.wantStatus(late, reservation.NoShow, 0)

	f.now = start.Add(2 * time.Minute)
	f.mustEnter(0, 1) // somebody without a booking
	_, err = f.undoNoShow(late, f.now, "l")
	wantReason(t, err, model.ReasonSlotFull)
	f.wantStatus(late, reservation.NoShow, 0)
	_, err = f.undoNoShow(late, f.slots[0].End, "m")
	wantReason(t, err, model.ReasonNotUndoable)
	f.wantCleanAudit()

	var kinds []string
	for _, e := range f.drainOutbox() {
		if e.Reservation.ID == late.ID {
			kinds = append(kinds, e.Kind)
		}
	}
	want := []string{
		reservation.EventConfirmed, reservation.EventNoShow, reservation.EventUndone, reservation.EventNoShow,
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
	onTime := f.newBooking(1, uuid.New(), 2) // whose diner has booked elsewhere meanwhile
	f.mustBook(onTime)
	f.markNoShow(onTime, f.slots[1].Start)
	f.now = f.slots[1].Start
	f.mustBook(f.newBooking(2, onTime.DinerID, 2))
	if _, err := f.undoNoShow(onTime, f.now, "n"); err != nil {
		t.Errorf("undone beside another visit of the diner: %v", err)
	}
}
