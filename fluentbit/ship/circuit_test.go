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

func TestCircuitOpensAfterConsecutiveFailures(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		opens  bool
	}{
		"503": {http.StatusServiceUnavailable, true},
		"429": {http.StatusTooManyRequests, true},
		"500": {http.StatusInternalServerError, true},
		"403": {http.StatusForbidden, false}, // the control: the server is there
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
					t.Fatal("no error although the server fails")
				}
			}
			before := f.Requests()
			_, err := s.Ship(t.Context(), docs())
			opened := errors.Is(err, ship.ErrCircuitOpen)
			if opened != test.opens || opened != (f.Requests() == before) || opened != (s.Ready() != nil) {
				t.Errorf("circuit open: %v (%d more requests, Ready: %v), want %v", err, f.Requests()-before, s.Ready(), test.opens)
			}
			if got := s.Counters().CircuitOpened; got != map[bool]int64{true: 1}[test.opens] {
				t.Errorf("the circuit opened %d times", got)
			}
			failing.Store(false)
			eventually(t, "the next call succeeds", func() bool {
				_, err := s.Ship(t.Context(), docs())
				return err == nil
			})
			if c := s.Counters(); c.Accepted != 4 || c.Created != 4 || c.Retried < 16 {
				t.Errorf("counters %+v", c)
			}
		})
	}
}

// Every failed probe keeps the circuit open; the first that succeeds closes it.
func TestSendsOneProbeAtATime(t *testing.T) {
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
	eventually(t, "a probe may be sent", func() bool { return s.Ready() == nil })
	if _, err := s.Ship(t.Context(), docs()); err != nil {
		t.Errorf("the probe: %v", err)
	}
	if _, err := s.Ship(t.Context(), docs()); err != nil {
		t.Errorf("after the probe: %v", err)
	}
}

// A call during the probe waits for its result instead of going back to the agent.
func TestOtherRequestsWaitForTheProbe(t *testing.T) {
	for name, status := range map[string]int{"the probe succeeds": 0, "the probe fails": http.StatusServiceUnavailable} {
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
			eventually(t, "a probe may be sent", func() bool { return s.Ready() == nil })
			results := make(chan error, 2)
			shipAsync := func() {
				_, err := s.Ship(t.Context(), docs())
				results <- err
			}
			go shipAsync()
			<-probing
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := s.Ship(ctx, docs()); !errors.Is(err, context.DeadlineExceeded) { // it waits until its context ends
				t.Errorf("a call returned before the probe: %v", err)
			}
			go shipAsync()
			close(release)
			first, second := <-results, <-results
			if status == 0 && (first != nil || second != nil) || status != 0 && !errors.Is(errors.Join(first, second), ship.ErrCircuitOpen) {
				t.Errorf("%v, %v", first, second)
			}
		})
	}
}
