package notify_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/notify"
)

func TestWhatIsNotDeliveredIsDeletedTwoWeeksLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := inmem.New()
		term, _, err := store.Acquire(t.Context(), "me", 1e6*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		target := incident.Target{Medium: incident.Slack, Address: incident.Pages}
		if err := store.Notice(t.Context(), term, target, notify.Note{Text: "x"}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		pruner := notify.Pruner{Outbox: store, Report: func(_ context.Context, err error) { t.Error(err) }}
		go pruner.Run(ctx, term)
		for _, c := range []struct {
			after time.Duration
			want  int
		}{{14*24*time.Hour - time.Minute, 1}, {2 * time.Hour, 0}} {
			time.Sleep(c.after)
			synctest.Wait()
			if waiting, err := store.Waiting(ctx); err != nil || len(waiting) != c.want {
				t.Errorf("%d targets wait, want %d: %v", len(waiting), c.want, err)
			}
		}
		done := make(chan struct{})
		go func() { pruner.Run(ctx, term-1); close(done) }()
		<-done // a term that has ended
	})
}
