package ship

import (
	"maps"
	"sync"

	"jari.example/telemetry/names"
)

// Counters counts what a Shipper has done since it was opened. names.Shipping
// defines each counter.
type Counters struct {
	Accepted, Created, Duplicate, Retried, DeadLettered, CircuitOpened int64

	// Agent holds the agent's own statistics as last read, by name:
	// names.ShipEvicted, names.ShipBacklogChunks … A statistic that the agent does
	// not have is absent.
	Agent map[string]int64
}

// byName returns every counter under its name.
func (c Counters) byName() map[string]int64 {
	all := map[string]int64{
		names.ShipAccepted:      c.Accepted,
		names.ShipCreated:       c.Created,
		names.ShipDuplicate:     c.Duplicate,
		names.ShipRetried:       c.Retried,
		names.ShipDeadLettered:  c.DeadLettered,
		names.ShipCircuitOpened: c.CircuitOpened,
	}
	maps.Copy(all, c.Agent)
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

// add counts one call of Ship with n documents.
func (c *counters) add(n int, res Result, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.Created += int64(res.Created)
	c.sum.Duplicate += int64(res.Duplicate)
	c.sum.DeadLettered += int64(res.Refused)
	c.sum.Retried += int64(res.Retried)
	if err == nil {
		c.sum.Accepted += int64(n)
	} else {
		c.sum.Retried += int64(n) // the agent sends the whole chunk again
	}
}

func (c *counters) circuitOpened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.CircuitOpened++
}

// setAgent stores the agent's own statistics. The map is not changed afterwards.
func (c *counters) setAgent(stats map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.Agent = stats
}
