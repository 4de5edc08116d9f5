package ship_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
)

// eventually polls until done; nothing here takes longer than the circuit is open.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

func TestAServerThatFailsIsLeftAloneForAMoment(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		opens  bool
	}{
		"not ready":                 {http.StatusServiceUnavailable, true},
		"overwhelmed":               {http.StatusTooManyRequests, true},
		"a fault of its own":        {http.StatusInternalServerError, true},
		"it answers, without doing": {http.StatusForbidden, false}, // the control: no reason to stop asking
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var failing atomic.Bool
			failing.Store(true)
			f := shiptest.NewFake(t)
			f.Request = func(int, int) int {
				if failing.Load() {
					return test.status
				}
				return 0
			}
			s := open(t, f.URL, ship.Config{})
			for range 3 {
				if _, err := s.Ship(t.Context(), docs()); err == nil {
					t.Fatal("it was told to fail")
				}
			}
			before := f.Requests()
			_, err := s.Ship(t.Context(), docs())
			if opened := errors.Is(err, ship.ErrOpen); opened != test.opens || opened != (f.Requests() == before) || opened != (s.Ready() != nil) {
				t.Errorf("open: %v (%d requests more, ready: %v), want %v", err, f.Requests()-before, s.Ready(), test.opens)
			}
			if got := s.Counters().CircuitOpened; got != map[bool]int64{true: 1}[test.opens] {
				t.Errorf("opened %d times", got)
			}
			failing.Store(false)
			eventually(t, "everything is shipped again", func() bool {
				_, err := s.Ship(t.Context(), docs())
				return err == nil
			})
			if c := s.Counters(); c.Accepted != 4 || c.Created != 4 || c.Retried < 16 {
				t.Errorf("counted %+v", c)
			}
		})
	}
}

// A probe that is not answered keeps the circuit open, however often; one that
// is closes it at once.
func TestOneProbeAtATime(t *testing.T) {
	f := shiptest.NewFake(t)
	var failing atomic.Bool
	failing.Store(true)
	f.Request = func(int, int) int { return map[bool]int{true: http.StatusServiceUnavailable}[failing.Load()] }
	s := open(t, f.URL, ship.Config{})
	eventually(t, "the circuit has opened three times", func() bool {
		_, _ = s.Ship(t.Context(), docs())
		return s.Counters().CircuitOpened == 3
	})
	if got := f.Requests(); got != 3+2 {
		t.Errorf("%d requests, want three that opened it and two probes", got)
	}
	failing.Store(false)
	eventually(t, "the server is asked again", func() bool { return s.Ready() == nil })
	if _, err := s.Ship(t.Context(), docs()); err != nil {
		t.Errorf("the probe: %v", err)
	}
	if _, err := s.Ship(t.Context(), docs()); err != nil {
		t.Errorf("after the probe: %v", err)
	}
}

// Who comes while the probe is under way shares its fate instead of going back.
func TestTheOthersWaitForTheProbe(t *testing.T) {
	for name, status := range map[string]int{"it is over": 0, "it is not": http.StatusServiceUnavailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := shiptest.NewFake(t)
			probing, release := make(chan struct{}), make(chan struct{})
			f.Request = func(n, _ int) int {
				switch {
				case n < 3:
					return http.StatusServiceUnavailable
				case n == 3:
					close(probing)
					<-release
				}
				return status
			}
			s := open(t, f.URL, ship.Config{})
			for range 3 {
				_, _ = s.Ship(t.Context(), docs())
			}
			eventually(t, "the server may be asked again", func() bool { return s.Ready() == nil })
			results := make(chan error, 2)
			goes := func() {
				_, err := s.Ship(t.Context(), docs())
				results <- err
			}
			go goes()
			<-probing
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := s.Ship(ctx, docs()); !errors.Is(err, context.DeadlineExceeded) { // it waits as long as it may
				t.Errorf("one went back before the probe was answered: %v", err)
			}
			go goes()
			close(release)
			first, second := <-results, <-results
			if status == 0 && (first != nil || second != nil) || status != 0 && !errors.Is(errors.Join(first, second), ship.ErrOpen) {
				t.Errorf("%v, %v", first, second)
			}
		})
	}
}
