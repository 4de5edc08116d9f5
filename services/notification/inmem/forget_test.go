package inmem

import (
	"testing"

	"jari.example/services/notification"
	"jari.example/services/notification/storetest"
)

func TestWhatIsSettledForgetsTheNote(t *testing.T) {
	for want, settle := range map[string]func(*Store, notification.Event) error{
		"sent":            func(s *Store, e notification.Event) error { return s.Sent(t.Context(), e.ID, e.OccurredAt) },
		"failed: refused": func(s *Store, e notification.Event) error { return s.Fail(t.Context(), e.ID, e.OccurredAt, "refused") },
	} {
		s, e := New(), storetest.Event()
		if _, err := s.Add(t.Context(), e, e.OccurredAt); err != nil {
			t.Fatal(err)
		}
		if err := settle(s, e); err != nil {
			t.Fatal(err)
		}
		if r := s.by[e.ID]; r.settled != want || !r.Reservation.Note.IsZero() {
			t.Errorf("%s: note %q", r.settled, r.Reservation.Note.Reveal())
		}
	}
}
