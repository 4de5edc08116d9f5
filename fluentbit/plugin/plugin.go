// Package plugin is the Fluent Bit output without its C interface. Open reads the
// settings of an output instance; Flush takes a chunk and returns one of Fluent
// Bit's return codes. Package main only translates between C and this package.
//
// Decoding is in package record, delivery in package ship, whose documentation
// draws the way of a chunk.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"jari.example/fluentbit/record"
	"jari.example/fluentbit/ship"
	"jari.example/telemetry/names"
)

// ReturnCode is the result of a flush, with Fluent Bit's own numbers.
type ReturnCode int

// The return codes.
const (
	Drop  ReturnCode = 0 // FLB_ERROR: never returned for a chunk, because Fluent Bit then drops it
	OK    ReturnCode = 1
	Retry ReturnCode = 2
)

// Plugin is one output instance of a Fluent Bit configuration.
type Plugin struct {
	ship    *ship.Shipper
	timeout time.Duration
	log     *slog.Logger
	outage  ship.Outage
}

// Open reads the settings of an output instance:
//
//	url           of OpenSearch, required
//	index_prefix  before every index name; for tests
//	gzip          on or off (default on: between machines it pays)
//	timeout       of one request (default 90s)
//	agent_metrics address of Fluent Bit's own HTTP server, from which the evicted
//	              records and the backlog are read; not read if unset
//	heartbeat     interval of the agent's heartbeats (default 10s)
//	region        cloud.region of the heartbeats; none if unset
//	buffer_dir    folder of the agent's buffer, whose free space the heartbeats
//	              report; not reported if unset
func Open(setting func(key string) string, log *slog.Logger) (*Plugin, error) {
	cfg := ship.Config{URL: setting("url"), Prefix: setting("index_prefix"), Gzip: true, Timeout: ship.DefaultTimeout}
	var errs []error
	if s := setting("gzip"); s != "" {
		on, err := parseSwitch(s)
		cfg.Gzip, errs = on, append(errs, err)
	}
	agent := ship.Agent{
		Kind: "fluent-bit", Region: setting("region"), BufferDir: setting("buffer_dir"), Interval: 10 * time.Second,
	}
	for key, d := range map[string]*time.Duration{"timeout": &cfg.Timeout, "heartbeat": &agent.Interval} {
		errs = append(errs, parseDuration(setting(key), d))
	}
	if s := setting("agent_metrics"); s != "" {
		stats, err := newAgentStats(s)
		agent.Stats, errs = stats.read, append(errs, err)
	}
	shipper, err := ship.Open(cfg)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, fmt.Errorf("settings of the jari output: %w", err)
	}
	p := &Plugin{ship: shipper, timeout: 3 * cfg.Timeout, log: log}
	shipper.StartHeartbeat(agent)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := shipper.Setup(ctx); err != nil {
		// The agent must start all the same, to buffer what arrives meanwhile.
		log.Warn("OpenSearch not ready; chunks are buffered until it is", names.Exception, err)
	}
	return p, nil
}

// parseDuration parses s, if it is set, as a positive duration.
func parseDuration(s string, into *time.Duration) error {
	if s == "" {
		return nil
	}
	d, err := time.ParseDuration(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%s is not a positive duration", s)
	}
	*into = d
	return err
}

func parseSwitch(s string) (bool, error) {
	switch s {
	case "on", "yes":
		return true, nil
	case "off", "no":
		return false, nil
	}
	return strconv.ParseBool(s)
}

// Flush ships a chunk. OK means that every record in it is indexed or, with the
// reason, in the dead-letter index.
func (p *Plugin) Flush(chunk, tag string) ReturnCode {
	if err := p.ship.Ready(); err != nil {
		return p.retry(chunk, tag, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	res, err := p.ship.Ship(ctx, p.decode(chunk, tag))
	if res.Refused > 0 {
		p.log.Warn("documents stored as dead letters", names.AgentTag, tag, names.ShipDeadLettered, res.Refused)
	}
	if err != nil {
		return p.retry(chunk, tag, err)
	}
	if failures, lasted, over := p.outage.Succeeded(time.Now()); over {
		p.log.Info(fmt.Sprintf("chunks are delivered again, %v after the first failure", lasted.Round(time.Second)), names.Count, failures)
	}
	return OK
}

// retry logs a failed flush, unless enough was logged about this outage.
func (p *Plugin) retry(chunk, tag string, err error) ReturnCode {
	if failures, report := p.outage.Failed(time.Now()); report {
		p.log.Warn("chunk will be retried; until it is over, this is repeated once a minute with the number of failures",
			names.Count, failures, names.AgentTag, tag, names.AgentChunk, len(chunk), names.Exception, err)
	}
	return Retry
}

// decode returns the documents of a chunk. If decoding panics, the whole chunk
// becomes a dead letter: a retry would only panic again.
func (p *Plugin) decode(chunk, tag string) (docs []record.Document) {
	defer func() {
		if r := recover(); r != nil {
			p.log.Error("panic in decoding", names.AgentTag, tag, names.EventName, names.EventPanic,
				names.Exception, r, names.Stacktrace, string(debug.Stack()))
			docs = record.Documents(record.UnreadableChunk([]byte(chunk), fmt.Sprintf("panic in decoding: %v", r)))
		}
	}()
	records, err := record.Decode(chunk)
	if err != nil {
		p.log.Warn("part of a chunk is unreadable; it becomes a dead letter", names.AgentTag, tag, names.Exception, err)
	}
	return record.Documents(records)
}

// Close stops the heartbeat and closes the connections to OpenSearch.
func (p *Plugin) Close() error { return p.ship.Close() }
