package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/internal/wait"
)

func TestForReturnsAfterTheDurationOrWhenTheContextEnds(t *testing.T) {
	for name, c := range map[string]struct {
		duration, deadline, took time.Duration
		err                      error
	}{
		"the duration passes first": {time.Second, time.Minute, time.Second, nil},
		"the context ends first":    {time.Minute, time.Second, time.Second, context.DeadlineExceeded},
		"no duration":               {0, time.Minute, 0, nil},
		"a context that has ended":  {0, -time.Second, 0, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
				defer cancel()
				start := time.Now()
				if err := wait.For(ctx, c.duration); !errors.Is(err, c.err) {
					t.Errorf("got %v, want %v", err, c.err)
				}
				if took := time.Since(start); took != c.took {
					t.Errorf("took %s, want %s", took, c.took)
				}
			})
		})
	}
}

func TestUntilPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		start := time.Now()
		if err := wait.Until(t.Context(), time.Second, func() bool { calls++; return calls == 3 }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("took %s, want 2s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := wait.Until(ctx, time.Second, func() bool { return false }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}
