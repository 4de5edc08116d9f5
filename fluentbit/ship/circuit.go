package ship

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
)

// The circuit to OpenSearch opens after failures on end: a request that was not
// answered, or by a 429 or 5xx as a whole. Then nothing is sent for a moment,
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

// request is what do performs.
type request struct {
	method, path string
	contentType  string
	gzipped      bool
	body         []byte
}

// do performs one request and reads the answer, both within the timeout and
// through the circuit.
func (s *Shipper) do(ctx context.Context, r request) (status int, answer []byte, err error) {
	if !s.circuit.TryAcquirePermit() {
		return 0, nil, ErrOpen
	}
	failed := true // a panic in between must give the permit back, too
	defer func() {
		if failed {
			s.circuit.RecordFailure()
		} else {
			s.circuit.RecordSuccess()
		}
	}()
	status, answer, err = s.perform(ctx, r)
	failed = err != nil || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
	return status, answer, err
}

func (s *Shipper) perform(ctx context.Context, r request) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, nil, err
	}
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", r.contentType)
	} else {
		req.Body = nil
	}
	if r.gzipped {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := s.client.Stream(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("read the answer: %w", err)
	}
	return resp.StatusCode, answer, nil
}
