package lease_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
)

// sleepy is a store whose requests hang after the first, as when the process is stopped.
type sleepy struct {
	lease.Store
	asked bool
}

func (s *sleepy) Acquire(ctx context.Context, holder string, ttl time.Duration) (lease.Term, bool, error) {
	if s.asked {
		time.Sleep(time.Hour)
	}
	s.asked = true
	return s.Store.Acquire(ctx, holder, ttl)
}

func TestALeaseThatCouldNotBeRenewedIsNotHeldBeforeWorkHearsOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl = 10 * time.Second
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		e := lease.Elector{Store: &sleepy{Store: inmem.New()}, HolderID: "a", TTL: ttl, Report: func(bool, error) {}}
		e.Run(ctx, func(work context.Context, _ lease.Term) {
			defer cancel()
			time.Sleep(7 * time.Second)
			if !lease.Held(work) {
				t.Error("a lease of 10 s is not held after 7 s")
			}
			time.Sleep(time.Second)
			if lease.Held(work) || work.Err() != nil {
				t.Errorf("after 8 s without a renewal the lease is held, or work has been told: %v", work.Err())
			}
		})
	})
}

func TestALeaseThatIsRenewedIsHeldUntilItsWorkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		e := lease.Elector{Store: inmem.New(), HolderID: "a", TTL: 10 * time.Second, Report: func(bool, error) {}}
		e.Run(ctx, func(work context.Context, _ lease.Term) {
			time.Sleep(time.Hour)
			if !lease.Held(work) {
				t.Error("it is not held")
			}
			cancel()
			if lease.Held(work) {
				t.Error("it is held after the end of its work")
			}
		})
	})
	if !lease.Held(t.Context()) {
		t.Error("what has no lease must not wait for one")
	}
}
