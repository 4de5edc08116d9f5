package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/internal/worker"
)

// rounds runs a loop whose rounds say what play returns, for a while, and counts
// them.
func rounds(t *testing.T, while func(*worker.Loop), play func(n int) (int, bool)) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var loop worker.Loop
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- loop.Run(ctx, func(context.Context) (int, bool) { n++; return play(n) })
		}()
		while(&loop)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestRounds(t *testing.T) {
	idle := func(int) (int, bool) { return 0, true }
	away := func(int) (int, bool) { return 0, false }
	awake := func(l *worker.Loop) {
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			l.Wake()
		}
	}
	asleep := func(*worker.Loop) { time.Sleep(time.Minute) }
	for sentence, c := range map[string]struct {
		while       func(*worker.Loop)
		play        func(int) (int, bool)
		least, most int
	}{
		"it polls while nobody wakes it":             {asleep, idle, 295, 302},
		"it comes when it is woken":                  {awake, idle, 595, 605},
		"it rests while what it needs is away":       {asleep, away, 10, 20},
		"nobody wakes it then":                       {awake, away, 10, 20},
		"it works on without a pause where more is":  {func(*worker.Loop) { time.Sleep(time.Millisecond) }, func(n int) (int, bool) { return max(0, 1000-n), true }, 1000, 1000},
		"it polls again once all is well":            {asleep, func(n int) (int, bool) { return 0, n > 10 }, 125, 140},
		"a wake-up before the first round is kept":   {func(l *worker.Loop) { l.Wake(); synctest.Wait() }, idle, 2, 2},
		"and one alone makes no second round itself": {func(*worker.Loop) { synctest.Wait() }, idle, 1, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			if n := rounds(t, c.while, c.play); n < c.least || n > c.most {
				t.Errorf("%d rounds, want %d to %d", n, c.least, c.most)
			}
		})
	}
}

func TestNothingIsBegunAfterTheEnd(t *testing.T) {
	for range 20 { // which of two that are ready select takes is chance
		var loop worker.Loop
		ctx, stop := context.WithCancel(t.Context())
		n := 0
		err := loop.Run(ctx, func(ctx context.Context) (int, bool) {
			n++
			loop.Wake()
			stop()
			if ctx.Err() != nil {
				t.Error("a round was interrupted")
			}
			return 1, true
		})
		if n != 1 || err != nil {
			t.Fatalf("%d rounds, %v; want one", n, err)
		}
	}
}

func TestBackoffDoublesUpToItsMost(t *testing.T) {
	for attempts, want := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 13: time.Hour, 1 << 20: time.Hour,
	} {
		spread := map[time.Duration]bool{}
		for range 100 {
			d := worker.Backoff(attempts, time.Second, time.Hour)
			if d < want/2 || d > want {
				t.Fatalf("after %d attempts %v, want %v to %v", attempts, d, want/2, want)
			}
			spread[d] = true
		}
		if len(spread) < 50 {
			t.Errorf("after %d attempts only %d different pauses", attempts, len(spread))
		}
	}
}
