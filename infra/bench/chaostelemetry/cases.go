package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"jari.example/infra/bench/chaostelemetry/delivery"
)

// faultCase is one fault: what it does while records are emitted, and what it proves.
type faultCase struct {
	fault   string
	slug    string // in service.name
	host    string // "": the agent
	control delivery.Control
	run     func(ctx context.Context, p *scenario) error
}

// faultCases is every fault, in the order of the table. Those that only the data make
// come first, since they break nothing for others.
func faultCases() []faultCase {
	return []faultCase{
		{fault: "midnight in the middle", slug: "midnight", run: midnight},
		{fault: "clock skew of ±1 h", slug: "skew", run: clockSkew},
		{fault: "int64 beyond 2^53", slug: "int64", run: beyondFloat64},
		{fault: "group markers", slug: "groups", run: groupMarkers},
		{fault: "both forward layouts in one chunk", slug: "layouts", host: plugin, run: flushPlugin("layouts")},
		{fault: "pieces of FireLens", slug: "pieces", host: plugin, run: flushPlugin("pieces")},
		{fault: "group markers", slug: "markers", host: plugin, run: flushPlugin("groups")},
		{fault: "byte-identical lines", slug: "alike", run: identicalLines},
		{fault: "poison among good ones", slug: "poison", run: poisonDocuments},
		{fault: "503", slug: "503", run: injectWhileEmitting("answers of 503", 5, unavailable)},
		{fault: "refused connections", slug: "refused", run: refuseConnections},
		{fault: "applied, reply lost", slug: "deaf", run: injectWhileEmitting("replies lost", 3, dropReply)},
		{fault: "429 for half the items", slug: "half", run: injectWhileEmitting("items answered 429", 20, rejectHalf)},
		// Once may be all: the shipper learns to send less.
		{fault: "413", slug: "413", run: injectWhileEmitting("requests answered 413", 1, func(t *counter) fault { return rejectLarge(8<<10, t) })},
		{fault: "kill -9 of OpenSearch", slug: "oskill", run: killedOpenSearch},
		{fault: "kill -9 of the agent", slug: "kill", run: endAgent("kills", syscall.SIGKILL)},
		{fault: "SIGTERM of the agent", slug: "term", run: endAgent("SIGTERMs", syscall.SIGTERM)},
		{fault: "reload of the agent", slug: "reload", run: reloadAgent},
		{fault: "panic inside an export", slug: "panic", run: panicInExports},
		{fault: "kill -9 of a service in mid-request", slug: "service", run: killedService},
		{fault: "eviction", slug: "eviction", run: eviction},
		{fault: "shipping without ids, reply lost", slug: "nameless", control: delivery.MustDuplicate,
			run: injectWhileEmitting("replies lost", 3, func(t *counter) fault { return withoutIDs(dropReply(t)) })},
		{fault: "a bulk request swallowed", slug: "swallow", control: delivery.MustLose, run: injectWhileEmitting("requests swallowed", 1, acknowledgeOnly)},
	}
}

// injectWhileEmitting has the proxy misbehave while records are emitted, and until it has
// done so least times.
func injectWhileEmitting(what string, least int, with func(*counter) fault) func(context.Context, *scenario) error {
	return func(ctx context.Context, p *scenario) error {
		var fired counter
		p.sys.proxy.inject(with(&fired))
		defer p.sys.proxy.inject(nil)
		if err := p.emitAll(ctx, p.allNumbers(), 1, true); err != nil {
			return err
		}
		err := waitFor(ctx, what, func() (bool, error) { return fired.times() >= least, nil })
		p.sys.proxy.inject(nil)
		p.faultEnded()
		p.prove(what, fired.times())
		return err
	}
}

func refuseConnections(ctx context.Context, p *scenario) error {
	since := p.sys.logSizes()
	if err := p.sys.proxy.disconnect(); err != nil {
		return err
	}
	if err := p.emitAll(ctx, p.allNumbers(), 1, true); err != nil {
		return err
	}
	var times int
	err := waitFor(ctx, "the agent complains of refused connections", func() (ok bool, err error) {
		times, err = p.sys.countInLog(since, "connection refused")
		return times > 0, err
	})
	if err != nil {
		return err
	}
	err = p.sys.proxy.connect(p.sys.proxy.addr)
	p.faultEnded()
	p.prove("refused connections that the agent tells of", times)
	return err
}

// killedOpenSearch kills the server while records come in.
func killedOpenSearch(ctx context.Context, p *scenario) error {
	e, err := p.emit(ctx, p.allNumbers(), 1, true)
	if err != nil {
		return err
	}
	if err := pause(ctx, p.emissionTime()/4); err != nil {
		return err
	}
	if err := p.awaitInFlight(ctx, p.writtenLines); err != nil {
		return err
	}
	if err := p.sys.killPart(openSearch, syscall.SIGKILL); err != nil {
		return err
	}
	if err := p.sys.awaitRecovery(ctx, openSearch); err != nil {
		return err
	}
	p.faultEnded()
	p.prove("kills", 1)
	p.prove("lines underway at it", p.inFlight)
	return e.wait(ctx)
}

// emissionTime is how long the play's emission takes.
func (p *scenario) emissionTime() time.Duration {
	return time.Duration(float64(p.records) / p.rate * float64(time.Second))
}

// endAgent ends the agent several times, each while a part of the records comes
// in: a machine slow enough to emit all during one restart must not leave the
// others with nothing underway.
func endAgent(what string, sig syscall.Signal) func(context.Context, *scenario) error {
	return func(ctx context.Context, p *scenario) error {
		deaths := max(3, p.records/500)
		for i := range deaths {
			first := p.records * i / deaths
			e, err := p.emit(ctx, delivery.Numbers{First: first, Count: p.records*(i+1)/deaths - first}, 1, true)
			if err != nil {
				return err
			}
			if err := pause(ctx, p.emissionTime()/time.Duration(4*deaths)); err != nil {
				return err
			}
			if err := p.awaitInFlight(ctx, p.writtenLines); err != nil {
				return err
			}
			if err := p.sys.killPart(agent, sig); err != nil {
				return fmt.Errorf("death %d: %w", i+1, err)
			}
			if err := p.sys.awaitRecovery(ctx, agent); err != nil {
				return err
			}
			p.faultEnded() // what is emitted from here on is part of what drains
			if err := e.wait(ctx); err != nil {
				return err
			}
		}
		p.prove(what, int(deaths))
		p.prove("lines underway at each, at least", p.inFlight)
		return nil
	}
}
