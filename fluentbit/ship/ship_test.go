package ship_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
)

func TestSendingAgainCreatesNoDuplicate(t *testing.T) {
	f := shiptest.NewFake(t)
	f.DropResponse = func(n int) bool { return n == 0 } // carried out, but the response is lost
	s := open(t, f.URL, ship.Config{})
	if _, err := s.Ship(t.Context(), docs()); err == nil {
		t.Fatal("no error although the response was lost")
	}
	res, err := s.Ship(t.Context(), docs())
	if want := (ship.Result{Duplicate: 4}); err != nil || res != want {
		t.Errorf("%+v, %v, want %+v", res, err, want)
	}
	if got := len(f.Stored()); got != 4 {
		t.Errorf("%d documents, want 4", got)
	}
}

// The waits between the attempts of one call end with the context.
func TestBackoffEndsWithTheContext(t *testing.T) {
	f := shiptest.NewFake(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the agent stops")
	f.Item = func(string, int) shiptest.Item {
		time.AfterFunc(10*time.Millisecond, func() { cancel(cause) }) // the first wait is at least 50 ms
		return shiptest.Item{Status: 503}
	}
	_, err := open(t, f.URL, ship.Config{}).Ship(ctx, docs("a"))
	ended := errors.Is(err, cause) || errors.Is(err, context.Canceled) // in a wait, or in a late request
	if !ended || f.Sent("a") == 5 {
		t.Errorf("error %v after %d attempts, want %v before the fifth", err, f.Sent("a"), cause)
	}
}

func TestSendsDerivedDocumentsOnce(t *testing.T) {
	f := shiptest.NewFake(t)
	s := open(t, f.URL, ship.Config{})
	edge := docs("edge", "edge")
	edge[0].Derived, edge[1].Derived = true, true
	for range 3 {
		if _, err := s.Ship(t.Context(), edge); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.Sent("edge"); got != 1 {
		t.Errorf("sent %d times, want once", got)
	}
	// Those left out must not count as accepted, or more would be accepted than
	// created, duplicate and dead-lettered together.
	if c := s.Counters(); c.Accepted != 1 || c.Created != 1 {
		t.Errorf("%d accepted and %d created, want one of each", c.Accepted, c.Created)
	}
}

// If somebody deletes our templates, the next day's index must not be made without
// them.
func TestDoesNotCreateAnIndexWithoutTheTemplates(t *testing.T) {
	f := shiptest.NewFake(t)
	s := open(t, f.URL, ship.Config{})
	if _, err := s.Ship(t.Context(), docs("a")); err != nil {
		t.Fatal(err)
	}
	f.Foreign = true
	if _, err := s.Ship(t.Context(), docs("b")); err != nil { // the control: this index exists
		t.Error(err)
	}
	next := docs("c")
	next[0].Index = names.Daily(names.LogIndex, noon.AddDate(0, 0, 1))
	if _, err := s.Ship(t.Context(), next); err == nil || f.Sent("c") != 0 {
		t.Errorf("%v, and it was sent %d times", err, f.Sent("c"))
	}
	f.Foreign = false
	if _, err := s.Ship(t.Context(), next); err != nil {
		t.Error(err)
	}
}
