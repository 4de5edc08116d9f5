package ship

import (
	"context"
	"time"

	"github.com/google/uuid"

	"jari.example/fluentbit/record"
	"jari.example/telemetry/names"
)

// Agent is the program around a Shipper.
type Agent struct {
	Kind string // fluent-bit, collector

	// Tell asks the agent what it knows and the Shipper does not, by name:
	// names.ShipEvicted, names.ShipBacklogChunks … Nil if there is nothing to ask.
	Tell func(context.Context) (map[string]int64, error)

	Every time.Duration // between heartbeats; 10 s if zero
}

// Pulse begins to write the agent's heartbeats, which Close ends: each a log
// line with the counters as fields, and the counters as metric points. They go
// the way of all documents but are not counted, so that an agent to which
// nobody speaks has counters that rest. One that cannot be written is left out:
// that it is missing is what it has to say.
func (s *Shipper) Pulse(a Agent) {
	p := &pulse{shipper: s, agent: a, start: time.Now().UTC(), instance: uuid.NewString()}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	s.stopPulse = func() { cancel(); <-done }
	go func() {
		defer close(done)
		every := a.Every
		if every <= 0 {
			every = 10 * time.Second
		}
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				p.beat(ctx, now.UTC(), every)
			}
		}
	}()
}

// beat writes one heartbeat. A panic in it must not end the agent, in whose
// process it runs.
func (p *pulse) beat(ctx context.Context, now time.Time, within time.Duration) {
	defer func() { _ = recover() }()
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	_, _ = p.shipper.ship(ctx, p.documents(ctx, now)) // see Pulse
}

type pulse struct {
	shipper  *Shipper
	agent    Agent
	start    time.Time
	instance string
}

// documents is one heartbeat.
func (p *pulse) documents(ctx context.Context, now time.Time) (docs []record.Document) {
	var problem error
	if p.agent.Tell != nil {
		told, err := p.agent.Tell(ctx)
		if problem = err; err == nil {
			p.shipper.counters.told(told)
		}
	}
	counters := p.shipper.Counters().byName()
	line := p.itself()
	line[names.EventName] = names.EventHeartbeat
	line[names.SeverityText], line[names.SeverityNumber] = "INFO", int64(9)
	line[names.Body] = "the agent lives"
	if problem != nil {
		line[names.SeverityText], line[names.SeverityNumber] = "WARN", int64(13)
		line[names.Body] = "the agent lives but does not tell what waits in it and what it gave up"
		line[names.Exception] = problem.Error()
	}
	records := []record.Record{{Signal: record.Log, Time: now, Received: now, Attributes: line}}
	for _, m := range names.Shipping {
		n, known := counters[m.Name]
		if !known {
			continue
		}
		line[m.Name] = n
		point := &record.PointData{Name: m.Name, Type: "counter", Unit: m.Unit, Start: p.start, Value: float64(n)}
		if m.Name == names.ShipBacklogChunks || m.Name == names.ShipBacklogBytes {
			point.Type = "gauge"
		}
		records = append(records, record.Record{Signal: record.Metric, Time: now, Received: now, Attributes: p.itself(), Point: point})
	}
	record.Identify(records)
	for i := range records {
		docs = records[i].Documents(docs)
	}
	return docs
}

// itself is who speaks.
func (p *pulse) itself() map[string]any {
	return map[string]any{
		names.ServiceName: names.ServiceAgent, names.ServiceInstanceID: p.instance, names.AgentKind: p.agent.Kind,
	}
}
