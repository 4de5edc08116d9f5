package telemetry

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"jari.example/telemetry/internal/ceiling"
	"jari.example/telemetry/names"
)

// lineCeilings are the ceilings of the access log lines of one process. Only an inner
// service has them: the lines of the gateway and of the edge are what objectives
// count, so each of their requests has one.
type lineCeilings struct {
	limit  int // lines per second of each route of which all are written; negative: all
	logger *slog.Logger

	mu     sync.Mutex
	routes []*server
}

// watch gives a route of an inner service its ceiling.
func (l *lineCeilings) watch(s *server) {
	if l == nil || l.limit < 0 {
		return
	}
	s.lines = ceiling.New(l.limit, ceiling.Share(l.limit, lineFloorDivisor))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.routes = append(l.routes, s)
}

// lineFloorDivisor: however high the load is, a tenth of the limit is written.
const lineFloorDivisor = 10

// leftOut counts the requests of one outcome without a line since the last one that has
// a line. Slow ones are counted apart, so that the weights do not make a slow request
// stand for fast ones.
type leftOut struct{ fast, slow atomic.Int64 }

// slowRequest divides the requests of one outcome. It is where a trace is kept because
// it was slow.
const slowRequest = time.Second

// weight returns how many requests the line of the request e stands for: itself, and
// those of the same outcome that have been left out since the last line. 0 means that
// it is left out, too. A request whose trace is kept has a line.
func (s *server) weight(e *exchange, o outcome, elapsed time.Duration, kept bool) int64 {
	if s.lines == nil {
		return 1
	}
	left := &o.left.fast
	if elapsed >= slowRequest {
		left = &o.left.slow
	}
	switch now := e.start.Add(elapsed); {
	case kept:
		s.lines.Count(now)
	case !s.lines.Admit(lineID(e.span.SpanContext()), now):
		left.Add(1)
		return 0
	}
	return 1 + left.Swap(0)
}

// lineID is what decides above the ceiling, the same in every service: a part of the
// trace's id that is random.
func lineID(span trace.SpanContext) uint64 {
	if !span.IsValid() {
		return rand.Uint64()
	}
	id := span.TraceID()
	return binary.BigEndian.Uint64(id[8:])
}

// flush writes a line for each outcome of which requests are left out, so that their
// number is not missing until the next request with this outcome, or for ever.
func (l *lineCeilings) flush() {
	l.mu.Lock()
	routes := l.routes
	l.mu.Unlock()
	for _, s := range routes {
		for key, o := range s.outcomes.all() {
			for _, left := range []*atomic.Int64{&o.left.fast, &o.left.slow} {
				if n := left.Swap(0); n > 0 {
					l.writeRest(s, key, o, n)
				}
			}
		}
	}
}

// writeRest writes a line without a request of its own: it stands for n that were left
// out. It has no duration and no trace.
func (l *lineCeilings) writeRest(s *server, key outcomeKey, o outcome, n int64) {
	attrs := []any{names.EventName, names.EventAccess, names.HTTPMethod, key.method, names.HTTPStatus, key.status, names.Weight, n}
	if s.route != "" {
		attrs = append(attrs, names.HTTPRoute, s.route)
	}
	l.logger.Log(context.Background(), accessLevel(key.status), o.body+", left out", attrs...)
}
