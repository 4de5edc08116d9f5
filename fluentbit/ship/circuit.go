package ship

import (
	"errors"
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

func newCircuit(opened func()) circuitbreaker.CircuitBreaker[any] {
	return circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(failuresToOpen).
		WithSuccessThreshold(1).
		WithDelay(openFor).
		OnOpen(func(circuitbreaker.StateChangedEvent) { opened() }).
		Build()
}

// Ready is nil, or ErrOpen while nothing would be sent. A host asks before it
// decodes a chunk, of which an outage brings the same ones again and again.
func (s *Shipper) Ready() error {
	if s.circuit.RemainingDelay() > 0 {
		return ErrOpen
	}
	return nil
}

// through is one try through the circuit. What f returns says whether OpenSearch
// was there: see awayError.
func (s *Shipper) through(f func() error) error {
	if !s.circuit.TryAcquirePermit() {
		return ErrOpen
	}
	away := true // a panic must give the permit back, too
	defer func() {
		if away {
			s.circuit.RecordFailure()
		} else {
			s.circuit.RecordSuccess()
		}
	}()
	err := f()
	_, away = errors.AsType[*awayError](err)
	return err
}
