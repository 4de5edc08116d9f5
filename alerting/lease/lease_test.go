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

// unreliable is a store that one replica cannot always reach.
type unreliable struct {
	lease.Store
	mu   sync.Mutex
	down bool
}

func (u *unreliable) setDown(down bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.down = down
}

func (u *unreliable) Acquire(ctx context.Context, holder string, ttl time.Duration) (lease.Term, bool, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.down {
		return 0, false, errors.New("unreachable")
	}
	return u.Store.Acquire(ctx, holder, ttl)
}

// workers counts the replicas that work at the same time.
type workers struct {
	mu   sync.Mutex
	now  map[string]lease.Term
	most int
}

func (w *workers) work(replica string) func(context.Context, lease.Term) {
	return func(ctx context.Context, term lease.Term) {
		w.mu.Lock()
		w.now[replica] = term
		w.most = max(w.most, len(w.now))
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		delete(w.now, replica)
		w.mu.Unlock()
	}
}

func (w *workers) active() (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := range w.now {
		names = append(names, n)
	}
	return names
}

func TestOneReplicaIsActiveAndAnotherTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := inmem.New()
		first := &unreliable{Store: store}
		w := &workers{now: map[string]lease.Term{}}
		ctx, cancel := context.WithCancel(t.Context())
		var both sync.WaitGroup
		both.Go(func() {
			lease.Elector{Store: first, HolderID: "first", TTL: 10 * time.Second, Report: func(bool, error) {}}.Run(ctx, w.work("first"))
		})
		synctest.Wait()
		secondCtx, stopSecond := context.WithCancel(ctx)
		both.Go(func() {
			lease.Elector{Store: store, HolderID: "second", TTL: 10 * time.Second, Report: func(bool, error) {}}.Run(secondCtx, w.work("second"))
		})
		time.Sleep(time.Minute)
		if active := w.active(); len(active) != 1 || active[0] != "first" {
			t.Fatalf("active: %v", active)
		}
		// Disconnected from the store it must stop before its lease expires.
		first.setDown(true)
		time.Sleep(15 * time.Second)
		if active := w.active(); len(active) != 1 || active[0] != "second" {
			t.Fatalf("after the first was disconnected: %v", active)
		}
		first.setDown(false)
		// An orderly stop releases the lease, so that nobody waits for its TTL.
		stopSecond()
		time.Sleep(3 * time.Second)
		if active := w.active(); len(active) != 1 || active[0] != "first" {
			t.Fatalf("after the second stopped: %v", active)
		}
		if w.most > 1 {
			t.Errorf("%d were active at the same time", w.most)
		}
		cancel()
		both.Wait()
	})
}
