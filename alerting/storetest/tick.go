package storetest

import (
	"testing"
	"time"

	"jari.example/alerting/lease"
)

func lastTick(t *testing.T, s Store, term lease.Term) {
	last := func() time.Time {
		got, err := s.LastTick(t.Context())
		must(t, err)
		return got
	}
	if got := last(); !got.IsZero() {
		t.Errorf("before the first tick: %s", got)
	}
	for _, m := range []int{3, 4} {
		must(t, s.TickSucceeded(t.Context(), term, at(m)))
		if got := last(); got != at(m) {
			t.Errorf("got %s, want %s", got, at(m))
		}
	}
}
