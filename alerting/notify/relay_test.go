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

func (c *channel) send(call string, d notify.Delivery) (incident.MessageRef, error) {
	if c.onCall != nil {
		c.onCall()
	}
	if !d.Incident.Open() {
		call += " resolved"
	}
	c.calls, c.at = append(c.calls, call), append(c.at, time.Now())
	var err error
	if len(c.results) > 0 {
		err, c.results = c.results[0], c.results[1:]
	}
	return incident.MessageRef{Channel: "c", ID: "1"}, err
}

func (c *channel) Post(_ context.Context, d notify.Delivery) (incident.MessageRef, error) {
	if d.Kind == notify.Notice {
		return c.send("notice "+d.Note.Text, d)
	}
	return c.send("post", d)
}

func (c *channel) Update(_ context.Context, d notify.Delivery) error {
	_, err := c.send("update "+d.Message.ID, d)
	return err
}

func (c *channel) Reply(_ context.Context, d notify.Delivery) error {
	_, err := c.send("reply "+d.Message.ID+" "+d.Note.Text, d)
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
	s.open(t, s.incident)
	return s
}

var pages = incident.Target{Medium: incident.Slack, Address: incident.Pages}

func (s *scenario) open(t *testing.T, i incident.Incident, targets ...incident.Target) {
	c := incident.Change{Incident: i, Targets: targets, Entries: []incident.Entry{{Kind: incident.EntryOpened, Text: "opened"}}}
	if len(targets) == 0 {
		c.Targets = []incident.Target{pages}
	}
	if err := s.store.Open(t.Context(), s.term, c); err != nil {
		t.Fatal(err)
	}
}

func (s *scenario) update(t *testing.T, note string) {
	if err := s.store.Update(t.Context(), s.term, incident.Change{
		Incident: s.incident, Entries: []incident.Entry{{Kind: incident.EntryOpened, Text: note}},
	}); err != nil {
		t.Error(err)
	}
}

func (s *scenario) relay(t *testing.T, length time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	notify.NewRelay(notify.Config{
		Outbox: s.store, Notifier: &s.channel, Medium: incident.Slack, Interval: time.Second, SpanName: "deliver",
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
		"rate limited: search, repeat":   {failure(notify.RateLimited), false, []string{"post", "find", "post", "reply 1 opened"}, time.Minute},
		"accepted, although limited":     {failure(notify.RateLimited), true, []string{"post", "find", "reply 1 opened"}, time.Minute},
		"ambiguous and found: done":      {failure(notify.Ambiguous), true, []string{"post", "find", "reply 1 opened"}, 2 * time.Second},
		"ambiguous, not found: repeat":   {failure(notify.Ambiguous), false, []string{"post", "find", "post", "reply 1 opened"}, 2 * time.Second},
		"any other error is ambiguous":   {errors.New("connection reset"), true, []string{"post", "find", "reply 1 opened"}, 2 * time.Second},
		"misconfigured: repeat later":    {failure(notify.Misconfigured), false, []string{"post", "post", "reply 1 opened"}, 30 * time.Second},
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
				if _, due, err := s.store.Next(t.Context(), incident.Slack, nil, time.Now().Add(time.Hour)); due || err != nil {
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
		s.update(t, "")
		s.channel.onCall = func() {
			s.channel.onCall = nil
			s.incident.ResolvedAt = time.Now()
			s.update(t, "resolved")
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
			s.open(t, incident.Incident{ID: fmt.Sprint("j", n), Rule: fmt.Sprint("b", n)})
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

func TestWhatIsRefusedForGoodHoldsNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		results []error // of the post, its note, the edit
		want    []string
	}{
		"a post":                           {[]error{failure(notify.Never)}, []string{"post"}},
		"a post of a message that is gone": {[]error{failure(notify.Gone)}, []string{"post"}},
		"a note": {[]error{nil, failure(notify.Never)},
			[]string{"post", "reply 1 opened", "update 1 resolved", "reply 1 over resolved"}},
		"an edit": {[]error{nil, nil, failure(notify.Never)}, []string{
			"post", "reply 1 opened", "update 1 resolved", "reply 1 over resolved",
			"reply 1 The message above cannot be edited any more (test). What happens next is written here. resolved",
		}},
		"an edit of a message that is gone": {[]error{nil, nil, failure(notify.Gone)}, []string{
			"post", "reply 1 opened", "update 1 resolved", "reply 1 over resolved",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(t)
				s.channel.results = c.results
				s.relay(t, time.Minute)
				s.incident.ResolvedAt = time.Now()
				s.update(t, "over")
				s.relay(t, time.Hour)
				if !reflect.DeepEqual(s.channel.calls, c.want) {
					t.Errorf("calls %q, want %q", s.channel.calls, c.want)
				}
			})
		})
	}
}

// A target that is limited, and one that is misconfigured, hold no other target.
func TestTargetsDoNotWaitForEachOther(t *testing.T) {
	for name, outcome := range map[string]notify.Outcome{"rate limited": notify.RateLimited, "misconfigured": notify.Misconfigured} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScenario(t)
				s.open(t, incident.Incident{ID: "j", Rule: "b"}, incident.Target{Medium: incident.Slack, Address: incident.Tickets})
				s.channel.results = []error{failure(outcome)}
				s.relay(t, 10*time.Second)
				if want := []string{"post", "post", "reply 1 opened"}; !reflect.DeepEqual(s.channel.calls, want) {
					t.Fatalf("calls %q, want %q", s.channel.calls, want)
				}
				if gap := s.channel.at[1].Sub(s.channel.at[0]); gap > time.Second {
					t.Errorf("the other target waited %s", gap)
				}
			})
		})
	}
}

// A holder of the lease that comes later keeps a Retry-After, also for what was
// queued after it began.
func TestALaterHolderKeepsARetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		s.channel.results = []error{failure(notify.RateLimited)}
		s.relay(t, time.Second)
		s.open(t, incident.Incident{ID: "j", Rule: "b"})
		s.relay(t, 10*time.Minute)
		if gap := s.channel.at[1].Sub(s.channel.at[0]); gap < time.Minute || len(s.channel.calls) != 6 {
			t.Errorf("called again after %s, Retry-After is 1m: %q", gap, s.channel.calls)
		}
	})
}

func TestANoticeIsSentAndSearchedForLikeAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScenario(t)
		s.relay(t, time.Minute)
		if err := s.store.Notice(t.Context(), s.term, pages, notify.Note{Text: "digest"}); err != nil {
			t.Fatal(err)
		}
		s.channel.results, s.channel.found = []error{failure(notify.Ambiguous)}, true
		s.relay(t, time.Minute)
		if want := []string{"post", "reply 1 opened", "notice digest", "find"}; !reflect.DeepEqual(s.channel.calls, want) {
			t.Errorf("calls %q, want %q", s.channel.calls, want)
		}
	})
}
