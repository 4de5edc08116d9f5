package lease_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
)

// flaky is a store that one replica cannot always reach.
type flaky struct {
	lease.Store
	mu   sync.Mutex
	down bool
}

func (f *flaky) set(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

func (f *flaky) Acquire(ctx context.Context, holder string, ttl time.Duration) (lease.Term, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return 0, false, errors.New("unreachable")
	}
	return f.Store.Acquire(ctx, holder, ttl)
}

// acting counts who works at the same time.
type acting struct {
	mu   sync.Mutex
	now  map[string]lease.Term
	most int
}

func (a *acting) work(who string) func(context.Context, lease.Term) {
	return func(ctx context.Context, term lease.Term) {
		a.mu.Lock()
		a.now[who] = term
		a.most = max(a.most, len(a.now))
		a.mu.Unlock()
		<-ctx.Done()
		a.mu.Lock()
		delete(a.now, who)
		a.mu.Unlock()
	}
}

func (a *acting) who() (names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for n := range a.now {
		names = append(names, n)
	}
	return names
}

func TestOneReplicaActsAndAnotherTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := inmem.New()
		first := &flaky{Store: store}
		a := &acting{now: map[string]lease.Term{}}
		ctx, cancel := context.WithCancel(t.Context())
		var both sync.WaitGroup
		both.Go(func() {
			lease.Elector{Store: first, HolderID: "first", TTL: 10 * time.Second, Report: func(bool, error) {}}.Run(ctx, a.work("first"))
		})
		synctest.Wait()
		secondCtx, stopSecond := context.WithCancel(ctx)
		both.Go(func() {
			lease.Elector{Store: store, HolderID: "second", TTL: 10 * time.Second, Report: func(bool, error) {}}.Run(secondCtx, a.work("second"))
		})
		time.Sleep(time.Minute)
		if who := a.who(); len(who) != 1 || who[0] != "first" {
			t.Fatalf("acting: %v", who)
		}
		// Cut off from the store it must stop before its lease ends.
		first.set(true)
		time.Sleep(15 * time.Second)
		if who := a.who(); len(who) != 1 || who[0] != "second" {
			t.Fatalf("after the first was cut off: %v", who)
		}
		first.set(false)
		// An orderly stop hands over without waiting for the lease's end.
		stopSecond()
		time.Sleep(3 * time.Second)
		if who := a.who(); len(who) != 1 || who[0] != "first" {
			t.Fatalf("after the second stopped: %v", who)
		}
		if a.most > 1 {
			t.Errorf("%d acted at once", a.most)
		}
		cancel()
		both.Wait()
	})
}
