package lineartest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// runClient sends random calls one after the other. Some time out early, and
// then the client mostly repeats the call. Some are sent together with a
// concurrent call of the same diner.
func (r *round) runClient(ctx context.Context, client int, rng *rand.Rand) {
	var lost *call
	var concurrent sync.WaitGroup
	defer concurrent.Wait()
	for range r.calls {
		if r.pause > 0 {
			time.Sleep(rand.N(r.pause)) // the load of the workload, not a wait for something
		}
		c := r.nextCall(rng)
		if lost != nil && rng.IntN(3) > 0 {
			c = *lost
		}
		timeout := time.Minute
		if rng.IntN(12) == 0 {
			timeout = time.Duration(300+rng.IntN(5000)) * time.Microsecond
		}
		replica := rng.IntN(len(r.replicas))
		if c.op.hasKey() && r.clients > 1 && rng.IntN(5) == 0 {
			other := r.concurrentCall(c, rng)
			concurrent.Go(func() { r.record(ctx, r.clients+client, (replica+1)%len(r.replicas), other, time.Minute) })
		}
		lost = nil
		if got := r.record(ctx, client, replica, c, timeout); got.reason == reasonUnknown && c.op.hasKey() {
			lost = &c
		}
	}
}
