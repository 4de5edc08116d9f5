package worker_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/internal/worker"
)

// rounds counts the rounds of a loop while during runs. The n-th round returns
// round(n).
func rounds(t *testing.T, during func(*worker.Loop), round func(n int) (int, bool)) (n int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var loop worker.Loop
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			ended <- loop.Run(ctx, func(context.Context) (int, bool) { n++; return round(n) })
		}()
		during(&loop)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return n
}

func TestLoopPacesItsRounds(t *testing.T) {
	idle := func(int) (int, bool) { return 0, true }
	unhealthy := func(int) (int, bool) { return 0, false }
	recovers := func(n int) (int, bool) { return 0, n > 10 }
	backlogOf1000 := func(n int) (int, bool) { return max(0, 1000-n), true }
	wakeOften := func(l *worker.Loop) {
		for range 600 {
			time.Sleep(100 * time.Millisecond)
			l.Wake()
		}
	}
	oneMinute := func(*worker.Loop) { time.Sleep(time.Minute) }
	oneMillisecond := func(*worker.Loop) { time.Sleep(time.Millisecond) }
	firstRound := func(*worker.Loop) { synctest.Wait() }
	for name, c := range map[string]struct {
		during   func(*worker.Loop)
		round    func(int) (int, bool)
		min, max int
	}{
		"polls without wake-ups":                     {oneMinute, idle, 295, 302},
		"runs a round for each wake-up":              {wakeOften, idle, 595, 605},
		"backs off while unhealthy":                  {oneMinute, unhealthy, 10, 20},
		"ignores wake-ups while unhealthy":           {wakeOften, unhealthy, 10, 20},
		"does not pause while there is work":         {oneMillisecond, backlogOf1000, 1000, 1000},
		"polls again after recovery":                 {oneMinute, recovers, 125, 140},
		"remembers a wake-up before the first round": {func(l *worker.Loop) { l.Wake(); synctest.Wait() }, idle, 2, 2},
		"runs one round without a wake-up":           {firstRound, idle, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if n := rounds(t, c.during, c.round); n < c.min || n > c.max {
				t.Errorf("%d rounds, want %d to %d", n, c.min, c.max)
			}
		})
	}
}

func TestStartsNoRoundAfterTheContextEnds(t *testing.T) {
	for range 20 { // select chooses at random between ready cases
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

func TestBackoffDoublesUpToItsLimit(t *testing.T) {
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
			t.Errorf("after %d attempts only %d different delays", attempts, len(spread))
		}
	}
}
