package ship

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// The circuit breaker for OpenSearch opens after consecutive failures: bulk
// requests without a response, or with a 429 or 5xx as a whole. While it is open
// nothing is sent, and chunks go back to the agent at once instead of after a
// timeout each. Then one request, the probe, finds out whether the outage is
// over. The delay is short, because the circuit can add that much to an outage.
const (
	failuresToOpen = 3
	openFor        = time.Second
)

// ErrCircuitOpen is why a chunk came back without having been sent.
var ErrCircuitOpen = errors.New("circuit open: OpenSearch failed several times in a row, and nothing is sent for a moment")

// circuit is the circuit breaker of one destination.
type circuit struct {
	breaker circuitbreaker.CircuitBreaker[any]

	mu      sync.Mutex
	changed chan struct{} // closed at the next change of state
}

func newCircuit(opened func()) *circuit {
	c := &circuit{changed: make(chan struct{})}
	c.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failuresToOpen).
		WithSuccessThreshold(1).
		WithDelay(openFor).
		OnOpen(func(circuitbreaker.StateChangedEvent) { opened() }).
		OnStateChanged(func(circuitbreaker.StateChangedEvent) { c.notifyWaiters() }).
		Build()
	return c
}

func (c *circuit) notifyWaiters() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

// acquire gets a permit for one request, or ErrCircuitOpen. If the probe is in
// flight it waits for the result: a chunk that went back to the agent now would
// come again much later.
func (c *circuit) acquire(ctx context.Context) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		switch {
		case c.breaker.TryAcquirePermit():
			return nil
		case c.breaker.RemainingDelay() > 0:
			return ErrCircuitOpen
		case !c.breaker.IsHalfOpen():
			continue // the probe has just finished
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the probe of the circuit: %w", context.Cause(ctx))
		}
	}
}

// Ready returns nil, or ErrCircuitOpen while nothing would be sent. An agent calls
// it before it decodes a chunk, because in an outage the same chunks come again
// and again.
func (s *Shipper) Ready() error {
	if s.circuit.breaker.RemainingDelay() > 0 {
		return ErrCircuitOpen
	}
	return nil
}

// withCircuit calls f with a permit of the circuit breaker. An unavailableError
// from f, or a panic, counts as a failure. Any other error is a response of
// OpenSearch and counts as a success.
func (s *Shipper) withCircuit(ctx context.Context, f func() error) error {
	if err := s.circuit.acquire(ctx); err != nil {
		return err
	}
	unavailable := true // a panic must give the permit back, too
	defer func() {
		if unavailable {
			s.circuit.breaker.RecordFailure()
		} else {
			s.circuit.breaker.RecordSuccess()
		}
	}()
	err := f()
	_, unavailable = errors.AsType[*unavailableError](err)
	return err
}
