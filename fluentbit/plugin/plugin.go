// Package plugin is what the Fluent Bit output does, without C: settings in,
// chunks in, one of Fluent Bit's three answers out. package main only
// translates.
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

// ReturnCode is what Fluent Bit is told about a chunk.
type ReturnCode int

// The answers, with Fluent Bit's own numbers.
const (
	Drop  ReturnCode = 0 // FLB_ERROR: never given for a chunk, because it is lost then
	OK    ReturnCode = 1
	Retry ReturnCode = 2
)

// Plugin is one output instance of a Fluent Bit configuration.
type Plugin struct {
	ship    *ship.Shipper
	timeout time.Duration
	log     *slog.Logger
}

// Open reads the settings of an output instance:
//
//	url           of OpenSearch, required
//	index_prefix  before every index name; for tests
//	gzip          on or off (default on: between machines it pays)
//	timeout       of one request (default 20s)
//	agent_metrics where Fluent Bit's own HTTP server is, to be asked how many
//	              records it gave up; not asked if unset
//	heartbeat     how often the agent says what it has shipped (default 10s)
func Open(setting func(key string) string, log *slog.Logger) (*Plugin, error) {
	cfg := ship.Config{URL: setting("url"), Prefix: setting("index_prefix"), Gzip: true, Timeout: 20 * time.Second}
	var errs []error
	if s := setting("gzip"); s != "" {
		on, err := parseSwitch(s)
		cfg.Gzip, errs = on, append(errs, err)
	}
	agent := ship.Agent{Kind: "fluent-bit", Interval: 10 * time.Second}
	for key, d := range map[string]*time.Duration{"timeout": &cfg.Timeout, "heartbeat": &agent.Interval} {
		errs = append(errs, parseDuration(setting(key), d))
	}
	if s := setting("agent_metrics"); s != "" {
		f, err := newAgentStats(s)
		agent.Stats, errs = f.read, append(errs, err)
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
		// The agent must run all the same: it buffers what comes meanwhile.
		log.Warn("OpenSearch is not ready; chunks are kept until it is", names.Exception, err)
	}
	return p, nil
}

// parseDuration reads s, if it is set, as a time to wait.
func parseDuration(s string, into *time.Duration) error {
	if s == "" {
		return nil
	}
	d, err := time.ParseDuration(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%s is no time to wait", s)
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
func (p *Plugin) Flush(chunk []byte, tag string) ReturnCode {
	if err := p.ship.Ready(); err != nil {
		p.log.Warn("chunk will be tried again", names.AgentTag, tag, names.AgentChunk, len(chunk), names.Exception, err)
		return Retry
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	res, err := p.ship.Ship(ctx, p.documents(chunk, tag))
	if res.Refused > 0 {
		p.log.Warn("documents went to the dead-letter index", names.AgentTag, tag, names.ShipDeadLettered, res.Refused)
	}
	if err != nil {
		p.log.Warn("chunk will be tried again", names.AgentTag, tag, names.AgentChunk, len(chunk), names.Exception, err)
		return Retry
	}
	return OK
}

// documents decodes a chunk. Should that panic, the chunk as a whole is a dead
// letter: tried again it would only panic again.
func (p *Plugin) documents(chunk []byte, tag string) (docs []record.Document) {
	defer func() {
		if r := recover(); r != nil {
			p.log.Error("decoding panicked", names.AgentTag, tag, names.EventName, names.EventPanic, names.Exception, r, names.Stacktrace, string(debug.Stack()))
			docs = render(record.UnreadableChunk(chunk, fmt.Sprintf("decoding panicked: %v", r)))
		}
	}()
	records, err := record.Decode(chunk)
	if err != nil {
		p.log.Warn("part of a chunk is unreadable", names.AgentTag, tag, names.Exception, err)
	}
	return render(records)
}

func render(records []record.Record) []record.Document {
	docs := make([]record.Document, 0, len(records))
	for i := range records {
		docs = records[i].Documents(docs)
	}
	return docs
}

// Close ends the instance.
func (p *Plugin) Close() error { return p.ship.Close() }
