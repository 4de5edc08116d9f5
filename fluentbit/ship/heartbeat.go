package ship

import (
	"context"
	"errors"
	"net"
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

	Region    string        // cloud.region; "" if it serves several
	BufferDir string        // the folder of its buffer, whose volume must not fill up; "" if unknown
	Interval  time.Duration // between heartbeats; 10 s if zero
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
	shipper   *Shipper
	agent     Agent
	start     time.Time
	instance  string
	stored    map[string]int64 // the counters in the last line that was stored
	unsettled *attempt         // the last line, if it may be stored or not
}

// attempt is a heartbeat's line on its way.
type attempt struct {
	line     []record.Document
	counters map[string]int64
}

// write writes one heartbeat: its line, then its metric points. They are two requests,
// since their indices can fail apart, for example when one of them is blocked.
// A panic in it must not end the agent, in whose process it runs.
func (h *heartbeat) write(ctx context.Context, now time.Time, timeout time.Duration) {
	defer func() { _ = recover() }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	settled := h.unsettled == nil || h.sendLine(ctx, h.unsettled)
	counters, err := h.counters(ctx)
	line, points := h.documents(now, counters, err) // by how much counters have grown since h.stored
	if settled {
		h.sendLine(ctx, &attempt{line, counters})
	}
	_, _ = h.shipper.ship(ctx, points)
}

// sendLine sends a line and reports whether it is settled: stored, or surely not stored
// and dropped, see StartHeartbeat. One that may be stored is sent again, with the same
// id, before the next one, which would report again by how much counters have grown.
func (h *heartbeat) sendLine(ctx context.Context, a *attempt) (settled bool) {
	again := a == h.unsettled
	_, err := h.shipper.ship(ctx, a.line)
	switch {
	case err == nil:
		h.stored, h.unsettled = a.counters, nil
	case again || maybeStored(err):
		h.unsettled = a
	}
	return h.unsettled == nil
}

// maybeStored reports whether a request that failed may have been carried out.
func maybeStored(err error) bool {
	unavailable, ok := errors.AsType[*unavailableError](err)
	dial, dialed := errors.AsType[*net.OpError](err)
	return ok && unavailable.noResponse && !(dialed && dial.Op == "dial")
}

// counters returns every counter, by name. err says why the agent's own are
// missing or are those of an earlier heartbeat.
func (h *heartbeat) counters(ctx context.Context) (all map[string]int64, err error) {
	if h.agent.Stats != nil {
		var stats map[string]int64
		if stats, err = h.agent.Stats(ctx); err == nil {
			h.shipper.counters.setAgent(stats)
		}
	}
	return h.shipper.Counters().byName(), err
}

// deltas maps counters that must not grow to the fields that say by how much they
// did.
var deltas = map[string]string{
	names.ShipEvicted:      names.ShipEvictedDelta,
	names.ShipDeadLettered: names.ShipDeadLetteredDelta,
}

// documents returns the line of one heartbeat, and its metric points. statsErr is why
// the agent's statistics could not be read.
func (h *heartbeat) documents(now time.Time, counters map[string]int64, statsErr error) (lines, points []record.Document) {
	line := h.identity()
	line[names.EventName] = names.EventHeartbeat
	line[names.SeverityText], line[names.SeverityNumber] = "INFO", int64(9)
	line[names.Body] = "agent alive"
	if statsErr != nil {
		line[names.SeverityText], line[names.SeverityNumber] = "WARN", int64(13)
		line[names.Body] = "agent alive, but its backlog and evictions could not be read"
		line[names.Exception] = statsErr.Error()
	}
	if free, share, ok := freeSpace(h.agent.BufferDir); ok {
		line[names.AgentDiskFree], line[names.AgentDiskFreeShare] = free, share
	}
	var records []record.Record
	for _, m := range names.Shipping {
		n, known := counters[m.Name]
		if !known {
			continue
		}
		line[m.Name] = n
		if field, ok := deltas[m.Name]; ok {
			line[field] = max(n-h.stored[m.Name], 0) // an agent that is configured anew counts from 0 again
		}
		point := &record.PointData{Name: m.Name, Type: "counter", Unit: m.Unit, Start: h.start, Value: float64(n)}
		if m.Name == names.ShipBacklogChunks || m.Name == names.ShipBacklogBytes {
			point.Type = "gauge"
		}
		records = append(records, record.Record{Signal: record.Metric, Time: now, Received: now, Attributes: h.identity(), Point: point})
	}
	record.Identify(records)
	lineRecord := []record.Record{{Signal: record.Log, Time: now, Received: now, Attributes: line}}
	record.Identify(lineRecord)
	return record.Documents(lineRecord), record.Documents(records)
}

// identity returns the attributes that identify the agent.
func (h *heartbeat) identity() map[string]any {
	id := map[string]any{
		names.ServiceName: names.ServiceAgent, names.ServiceInstanceID: h.instance, names.AgentKind: h.agent.Kind,
	}
	if h.agent.Region != "" {
		id[names.CloudRegion] = h.agent.Region
	}
	return id
}
