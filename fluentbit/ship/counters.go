package ship

import (
	"sync"

	"jari.example/telemetry/names"
)

// Counters is what a Shipper has done since it was opened; what each counts
// says names.Shipping.
type Counters struct {
	Accepted, Created, Duplicate, Retried, DeadLettered, CircuitOpened int64

	// Agent is what the agent said of itself last, by name: names.ShipEvicted,
	// names.ShipBacklogChunks … What it does not tell is not in it.
	Agent map[string]int64
}

// byName is every counter under its name.
func (c Counters) byName() map[string]int64 {
	all := map[string]int64{
		names.ShipAccepted:      c.Accepted,
		names.ShipCreated:       c.Created,
		names.ShipDuplicate:     c.Duplicate,
		names.ShipRetried:       c.Retried,
		names.ShipDeadLettered:  c.DeadLettered,
		names.ShipCircuitOpened: c.CircuitOpened,
	}
	for name, n := range c.Agent {
		all[name] = n
	}
	return all
}

type counters struct {
	mu  sync.Mutex
	sum Counters
}

// Counters returns a snapshot.
func (s *Shipper) Counters() Counters {
	s.counters.mu.Lock()
	defer s.counters.mu.Unlock()
	return s.counters.sum
}

// add counts a call of Ship over n documents.
func (c *counters) add(n int, res Result, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.Created += int64(res.Created)
	c.sum.Duplicate += int64(res.Duplicate)
	c.sum.DeadLettered += int64(res.Refused)
	c.sum.Retried += int64(res.Repeated)
	if err == nil {
		c.sum.Accepted += int64(n)
	} else {
		c.sum.Retried += int64(n) // the whole chunk comes again
	}
}

func (c *counters) opened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.CircuitOpened++
}

// told keeps what the agent says of itself; the map is not changed afterwards.
func (c *counters) told(agent map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.Agent = agent
}
