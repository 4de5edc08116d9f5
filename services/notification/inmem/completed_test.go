package inmem

import (
	"testing"

	"jari.example/services/notification"
	"jari.example/services/notification/storetest"
)

func TestACompletedEventLosesItsTexts(t *testing.T) {
	for want, complete := range map[notification.Reason]func(*Store, notification.Event) error{
		"": func(s *Store, e notification.Event) error { return s.Sent(t.Context(), e.ID, e.OccurredAt) },
		notification.Refused: func(s *Store, e notification.Event) error {
			return s.Fail(t.Context(), e.ID, e.OccurredAt, notification.Refused)
		},
	} {
		s, e := New(), storetest.Event()
		if _, err := s.Add(t.Context(), e, e.OccurredAt); err != nil {
			t.Fatal(err)
		}
		if err := complete(s, e); err != nil {
			t.Fatal(err)
		}
		if r := s.by[e.ID]; r.completed.IsZero() || r.reason != want || !r.Reservation.Note.IsZero() || !r.ClosureReason.IsZero() {
			t.Errorf("%q: note %q, words %q", want, r.Reservation.Note.Reveal(), r.ClosureReason.Reveal())
		}
	}
}
