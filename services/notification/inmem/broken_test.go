package inmem_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/backlog"
	"jari.example/services/notification"
	"jari.example/services/notification/inmem"
	"jari.example/services/notification/storetest"
)

// Stores that are wrong in one way each.
type (
	optimist  struct{ *inmem.Store } // takes a lost answer for none
	pessimist struct{ *inmem.Store } // never learns what became of an attempt
	forgetful struct{ *inmem.Store } // takes the same event twice
	grudging  struct{ *inmem.Store } // remembers a failure after a success
	hasty     struct{ *inmem.Store } // forgets too early
	gloomy    struct{ *inmem.Store } // says that something waits where nothing does
)

func (s optimist) Postpone(ctx context.Context, id uuid.UUID, due time.Time, _ bool) error {
	return s.Store.Postpone(ctx, id, due, true)
}

func (s pessimist) Postpone(ctx context.Context, id uuid.UUID, due time.Time, _ bool) error {
	return s.Store.Postpone(ctx, id, due, false)
}

func (s forgetful) Add(ctx context.Context, e notification.Event, now time.Time) (bool, error) {
	_, err := s.Store.Add(ctx, e, now)
	return true, err
}

func (s grudging) Sent(ctx context.Context, id uuid.UUID, at time.Time) error {
	return s.Store.Fail(ctx, id, at, notification.TooLate)
}

func (s hasty) Sweep(ctx context.Context, before time.Time, n int) (int, error) {
	return s.Store.Sweep(ctx, before.Add(time.Hour), n)
}

func (s gloomy) Backlog(ctx context.Context) (backlog.Backlog, error) {
	b, err := s.Store.Backlog(ctx)
	b.Waiting = max(b.Waiting, 1)
	return b, err
}

func TestTheSuiteConvictsBrokenStores(t *testing.T) {
	for sentence, broken := range map[string]func(*inmem.Store) notification.Store{
		"an attempt is unknown until its outcome is told": func(s *inmem.Store) notification.Store { return optimist{s} },
		"the same event again is the same event":          func(s *inmem.Store) notification.Store { return forgetful{s} },
		"who was not told last can be asked for":          func(s *inmem.Store) notification.Store { return grudging{s} },
		"what is long over is forgotten step by step":     func(s *inmem.Store) notification.Store { return hasty{s} },
		"what waits is counted":                           func(s *inmem.Store) notification.Store { return gloomy{s} },
	} {
		if !storetest.Convicts(t, sentence, broken(inmem.New())) {
			t.Errorf("%q finds nothing wrong with %T", sentence, broken(nil))
		}
		if storetest.Convicts(t, sentence, inmem.New()) {
			t.Errorf("%q finds fault with a store that is right", sentence)
		}
	}
	if !storetest.Convicts(t, "an attempt is unknown until its outcome is told", pessimist{inmem.New()}) {
		t.Error("nobody finds that every attempt stays unknown")
	}
}
