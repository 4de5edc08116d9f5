package notify_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// suspended is a store whose process is stopped right after the first Begin, and with it
// the renewal of the lease.
type suspended struct {
	*inmem.Store
	until time.Time
}

const stopped = time.Minute

func (s *suspended) Begin(ctx context.Context, term lease.Term, id int64, now time.Time) (notify.Delivery, error) {
	d, err := s.Store.Begin(ctx, term, id, now)
	if s.until.IsZero() {
		s.until = time.Now().Add(stopped)
		time.Sleep(stopped)
	}
	return d, err
}

func (s *suspended) Acquire(ctx context.Context, holder string, ttl time.Duration) (lease.Term, bool, error) {
	if left := time.Until(s.until); left > 0 {
		time.Sleep(left + time.Second) // it notices later than the relay that it may have lost the lease
	}
	return s.Store.Acquire(ctx, holder, ttl)
}

func TestAProcessThatWasStoppedBeforeItsCallDoesNotPostWhatAnotherHasPosted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &suspended{Store: inmem.New()}
		slack := &channel{}
		replica := func(name string, store lease.Store, outbox notify.Outbox) func(context.Context) {
			relay := notify.NewRelay(notify.Config{
				Outbox: outbox, Notifier: slack, Medium: incident.Slack, Interval: time.Second, SpanName: "x",
				Report: func(context.Context, notify.Delivery, error) {},
			})
			e := lease.Elector{Store: store, HolderID: name, TTL: 10 * time.Second, Report: func(bool, error) {}}
			return func(ctx context.Context) { e.Run(ctx, relay.Run) }
		}
		term, _, err := s.Store.Acquire(t.Context(), "a", 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		i := incident.Incident{ID: "i", Rule: "a", OpenedAt: time.Now()}
		if err := s.Open(t.Context(), term, incident.Change{Incident: i, Targets: []incident.Target{pages}}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go replica("a", s, s)(ctx)
		synctest.Wait()
		go replica("b", s.Store, s.Store)(ctx)
		time.Sleep(2 * stopped)
		if want := []string{"find", "post"}; !slices.Equal(slack.calls, want) {
			t.Errorf("the calls are %v, want %v by the other replica alone", slack.calls, want)
		}
	})
}
