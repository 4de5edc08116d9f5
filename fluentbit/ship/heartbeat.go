package ship

import (
	"context"
	"time"

	"github.com/google/uuid"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

// Agent describes the program in which a Shipper runs.
type Agent struct {
	Kind string // fluent-bit, collector

	// Stats reads what the agent counts and the Shipper cannot, by name:
	// names.ShipEvicted, names.ShipBacklogChunks … Nil if the agent has no statistics.
	Stats func(context.Context) (map[string]int64, error)

	Interval time.Duration // between heartbeats; 10 s if zero
}

// StartHeartbeat begins to write the agent's heartbeats; Close ends them. Each is
// a log line with the counters as fields, and the counters as metric points. They
// are delivered like all documents but are not counted, so the counters of an idle
// agent do not change. A heartbeat that cannot be written is dropped: its absence
// is the signal.
func (s *Shipper) StartHeartbeat(a Agent) {
	h := &heartbeat{shipper: s, agent: a, start: time.Now().UTC(), instance: uuid.NewString()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.stopHeartbeat = func() { cancel(); <-done }
	go func() {
		defer close(done)
		interval := a.Interval
		if interval <= 0 {
			interval = 10 * time.Second
		}
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				h.write(ctx, now.UTC(), interval)
			}
		}
	}()
}

type heartbeat struct {
	shipper  *Shipper
	agent    Agent
	start    time.Time
	instance string
}

// write writes one heartbeat. A panic in it must not end the agent, in whose
// process it runs.
func (h *heartbeat) write(ctx context.Context, now time.Time, timeout time.Duration) {
	defer func() { _ = recover() }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, _ = h.shipper.ship(ctx, h.documents(ctx, now)) // dropped if it fails: see StartHeartbeat
}

// documents returns the documents of one heartbeat.
func (h *heartbeat) documents(ctx context.Context, now time.Time) (docs []record.Document) {
	var statsErr error
	if h.agent.Stats != nil {
		stats, err := h.agent.Stats(ctx)
		if statsErr = err; err == nil {
			h.shipper.counters.setAgent(stats)
		}
	}
	counters := h.shipper.Counters().byName()
	line := h.identity()
	line[names.EventName] = names.EventHeartbeat
	line[names.SeverityText], line[names.SeverityNumber] = "INFO", int64(9)
	line[names.Body] = "agent alive"
	if statsErr != nil {
		line[names.SeverityText], line[names.SeverityNumber] = "WARN", int64(13)
		line[names.Body] = "agent alive, but its backlog and evictions could not be read"
		line[names.Exception] = statsErr.Error()
	}
	records := []record.Record{{Signal: record.Log, Time: now, Received: now, Attributes: line}}
	for _, m := range names.Shipping {
		n, known := counters[m.Name]
		if !known {
			continue
		}
		line[m.Name] = n
		point := &record.PointData{Name: m.Name, Type: "counter", Unit: m.Unit, Start: h.start, Value: float64(n)}
		if m.Name == names.ShipBacklogChunks || m.Name == names.ShipBacklogBytes {
			point.Type = "gauge"
		}
		records = append(records, record.Record{Signal: record.Metric, Time: now, Received: now, Attributes: h.identity(), Point: point})
	}
	record.Identify(records)
	for i := range records {
		docs = records[i].Documents(docs)
	}
	return docs
}

// identity returns the attributes that identify the agent.
func (h *heartbeat) identity() map[string]any {
	return map[string]any{
		names.ServiceName: names.ServiceAgent, names.ServiceInstanceID: h.instance, names.AgentKind: h.agent.Kind,
	}
}
