package ship

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// The circuit to OpenSearch opens after failures on end: bulk requests that were
// not answered, or by a 429 or 5xx as a whole. Then nothing is sent for a moment,
// chunks go back to the agent at once instead of after a timeout each, and one
// request finds out whether it is over. The moment is short, because it is what
// the circuit can add to the end of an outage.
const (
	failuresToOpen = 3
	openFor        = time.Second
)

// ErrOpen is why a chunk came back without having been sent.
var ErrOpen = errors.New("OpenSearch has failed several times on end and is left alone for a moment")

// circuit is one destination's.
type circuit struct {
	breaker circuitbreaker.CircuitBreaker[any]

	mu      sync.Mutex
	changed chan struct{} // closed when it opens or closes next
}

func newCircuit(opened func()) *circuit {
	c := &circuit{changed: make(chan struct{})}
	c.breaker = circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failuresToOpen).
		WithSuccessThreshold(1).
		WithDelay(openFor).
		OnOpen(func(circuitbreaker.StateChangedEvent) { opened() }).
		OnStateChanged(func(circuitbreaker.StateChangedEvent) { c.tell() }).
		Build()
	return c
}

func (c *circuit) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.changed)
	c.changed = make(chan struct{})
}

// enter waits for the request that finds out whether it is over, if one is
// under way: sent back to the agent now, a chunk would come again much later.
func (c *circuit) enter(ctx context.Context) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		switch {
		case c.breaker.TryAcquirePermit():
			return nil
		case c.breaker.RemainingDelay() > 0:
			return ErrOpen
		case !c.breaker.IsHalfOpen():
			continue // it has just been found out
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the request that tries the circuit: %w", context.Cause(ctx))
		}
	}
}

// Ready is nil, or ErrOpen while nothing would be sent. A host asks before it
// decodes a chunk, of which an outage brings the same ones again and again.
func (s *Shipper) Ready() error {
	if s.circuit.breaker.RemainingDelay() > 0 {
		return ErrOpen
	}
	return nil
}

// through is one try through the circuit. What f returns says whether OpenSearch
// was there: see awayError.
func (s *Shipper) through(ctx context.Context, f func() error) error {
	if err := s.circuit.enter(ctx); err != nil {
		return err
	}
	away := true // a panic must give the permit back, too
	defer func() {
		if away {
			s.circuit.breaker.RecordFailure()
		} else {
			s.circuit.breaker.RecordSuccess()
		}
	}()
	err := f()
	_, away = errors.AsType[*awayError](err)
	return err
}
