package replay

import (
	"context"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

// Counted returns a Replay of the events of source, which the production counter
// counts when they have arrived.
func Counted(source *counttest.Fake, set slo.Set, timing count.Timing, period count.Span) Replay {
	var counter *count.Counter
	feed := func(ctx context.Context, store count.Store, term lease.Term, now time.Time) error {
		if counter == nil {
			counter = &count.Counter{Source: source, Store: store, Timing: timing}
		}
		source.Now = func() time.Time { return now }
		return counter.Count(ctx, term, set, now)
	}
	return Replay{Set: set, Timing: timing, Period: period, Feed: feed}
}
