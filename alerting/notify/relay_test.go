package notify_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// channel is a Notifier that records its calls and fails on request.
type channel struct {
	calls   []string
	at      []time.Time
	results []error // of the next calls that send; nil, or none left, succeeds
	found   bool    // what Find returns
	// onCall is run at the beginning of each call that sends.
	onCall func()
}

func (c *channel) send(call string, i incident.Incident) (incident.MessageRef, error) {
	if c.onCall != nil {
		c.onCall()
	}
	if !i.Open() {
		call += " resolved"
	}
	c.calls, c.at = append(c.calls, call), append(c.at, time.Now())
	var err error
	if len(c.results) > 0 {
		err, c.results = c.results[0], c.results[1:]
	}
	return incident.MessageRef{Channel: "c", ID: "1"}, err
}

func (c *channel) Post(_ context.Context, i incident.Incident) (incident.MessageRef, error) {
	return c.send("post", i)
}

func (c *channel) Update(_ context.Context, i incident.Incident) error {
	_, err := c.send("update "+i.Message.ID, i)
	return err
}

func (c *channel) Reply(_ context.Context, i incident.Incident, n notify.Note) error {
	_, err := c.send("reply "+i.Message.ID+" "+n.Text, i)
	return err
}

func (c *channel) Find(context.Context, notify.Delivery) (incident.MessageRef, bool, error) {
	c.calls, c.at = append(c.calls, "find"), append(c.at, time.Now())
	return incident.MessageRef{Channel: "c", ID: "1"}, c.found, nil
}

// scenario is an open incident in a store, and a relay to a channel.
type scenario struct {
	store    *inmem.Store
	term     lease.Term
	incident incident.Incident
	channel  channel
	reports  int
}

func newScenario(t *testing.T) *scenario {
	s := &scenario{store: inmem.New(), incident: incident.Incident{ID: "i", Rule: "a", OpenedAt: time.Now()}}
	var err error
	if s.term, _, err = s.store.Acquire(t.Context(), "me", 1000*time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Open(t.Context(), s.term, s.incident, "opened"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *scenario) relay(t *testing.T, length time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	notify.NewRelay(notify.Config{
		Outbox: s.store, Notifier: &s.channel, Interval: time.Second, SpanName: "deliver",
		Report: func(context.Context, notify.Delivery, error) { s.reports++ },
	}).Run(ctx, s.term)
}

func failure(o notify.Outcome) error {
	return &notify.Error{Outcome: o, RetryAfter: time.Minute, Type: "test", Err: errors.New("it failed")}
}

func TestAnOutcomeDecidesHowADeliveryIsRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		result error
		found  bool
		calls  []string
		after  time.Duration // from the first call to the second
	}{
		"delivered":                      {nil, false, []string{"post", "reply 1 opened"}, time.Second},
		"refused: repeat without search": {failure(notify.Refused), false, []string{"post", "post", "reply 1 opened"}, 2 * time.Second},
		"rate limited: repeat later":     {failure(notify.RateLimited), false, []string{"post", "post", "reply 1 opened"}, time.Minute},
		"ambiguous and found: done":      {failure(notify.Ambiguous), true, []string{"post", "find", "reply 1 opened"}, 2 * time.Second},
		"ambiguous, not found: repeat":   {failure(notify.Ambiguous), false, []string{"post", "find", "post", "reply 1 opened"}, 2 * time.Second},
		"any other error is ambiguous":   {errors.New("connection reset"), true, []string{"post", "find", "reply 1 opened"}, 2 * time.Second},
		"gone: dropped":                  {failure(notify.Gone), false, []string{"post", "reply  opened"}, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(t)
				s.channel.results, s.channel.found = []error{c.result}, c.found
				s.relay(t, time.Hour)
				if !reflect.DeepEqual(s.channel.calls, c.calls) {
					t.Fatalf("calls %q, want %q", s.channel.calls, c.calls)
				}
				// The outbox is polled every 250 ms.
				if after := s.channel.at[1].Sub(s.channel.at[0]); after < c.after || after > c.after+250*time.Millisecond {
					t.Errorf("the second call came after %s, want %s", after, c.after)
				}
				if _, due, err := s.store.Next(t.Context(), time.Now().Add(time.Hour)); due || err != nil {
					t.Errorf("the outbox is not empty: %v, %v", due, err)
				}
			})
		})
	}
}

// A change that happens while an update is sent must not be lost, although an
// update is in the outbox already.
func TestAChangeDuringAnUpdateIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		s.relay(t, time.Minute)
		if err := s.store.Update(t.Context(), s.term, s.incident, ""); err != nil {
			t.Fatal(err)
		}
		s.channel.onCall = func() {
			s.channel.onCall = nil
			s.incident.ResolvedAt = time.Now()
			if err := s.store.Update(t.Context(), s.term, s.incident, "resolved"); err != nil {
				t.Error(err)
			}
		}
		s.relay(t, time.Minute)
		want := []string{"post", "reply 1 opened", "update 1", "update 1 resolved", "reply 1 resolved resolved"}
		if !reflect.DeepEqual(s.channel.calls, want) {
			t.Errorf("calls %q, want %q", s.channel.calls, want)
		}
	})
}

func TestCallsAreSpacedByTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		for n := range 5 {
			i := incident.Incident{ID: fmt.Sprint("j", n), Rule: fmt.Sprint("b", n)}
			if err := s.store.Open(t.Context(), s.term, i, "opened"); err != nil {
				t.Fatal(err)
			}
		}
		s.relay(t, time.Minute)
		for n := 1; n < len(s.channel.at); n++ {
			if gap := s.channel.at[n].Sub(s.channel.at[n-1]); gap < time.Second {
				t.Errorf("call %d came %s after the one before", n, gap)
			}
		}
		if len(s.channel.at) != 12 || s.reports != 12 {
			t.Errorf("%d calls, %d reports; want 12 each", len(s.channel.at), s.reports)
		}
	})
}

func TestARelayStopsWhenItsTermHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		if err := s.store.Release(t.Context(), "me"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.store.Acquire(t.Context(), "other", time.Hour); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		s.relay(t, time.Hour)
		if len(s.channel.calls) > 0 || time.Since(began) > time.Minute {
			t.Errorf("calls %q; it stopped after %s", s.channel.calls, time.Since(began))
		}
	})
}
