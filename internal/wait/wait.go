// Package wait sleeps in a way that a context can end. time.Sleep cannot be
// interrupted, and a bare select leaves the early return to each caller.
package wait

import (
	"context"
	"time"
)

// For returns nil after d, or ctx's error as soon as ctx ends. With d ≤ 0 it
// returns at once, with ctx's error if ctx has ended.
func For(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Until calls done at once and then every interval, until it returns true. It
// returns ctx's error if ctx ends first.
func Until(ctx context.Context, interval time.Duration, done func() bool) error {
	for !done() {
		if err := For(ctx, interval); err != nil {
			return err
		}
	}
	return nil
}
