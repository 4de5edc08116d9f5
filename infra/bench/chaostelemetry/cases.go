package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/internal/wait"
)

// faultCase is one row of the table. run emits records, injects the fault and
// adds evidence that it was injected.
type faultCase struct {
	fault   string // its name in the table
	slug    string // its name in service.name and in charts
	host    string // what ships; "": the agent
	control delivery.Control
	run     func(ctx context.Context, s *scenario) error
}

// faultCases is every fault, in the order of the table. Faults in the data come
// first, since they do not affect others.
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
		{fault: "503", slug: "503", run: injectWhileEmitting("responses with 503", 5, unavailable)},
		{fault: "refused connections", slug: "refused", run: refuseConnections},
		{fault: "applied, reply lost", slug: "deaf", run: injectWhileEmitting("replies lost", 3, dropReply)},
		{fault: "429 for half the items", slug: "half", run: injectWhileEmitting("items with 429", 20, rejectHalf)},
		// Once may be all, because the shipper then sends smaller requests.
		{fault: "413", slug: "413",
			run: injectWhileEmitting("requests refused with 413", 1, func(t *counter) fault { return rejectLarge(8<<10, t) })},
		{fault: "kill -9 of OpenSearch", slug: "oskill", run: killOpenSearch},
		{fault: "kill -9 of the agent", slug: "kill", run: endAgent("kills", syscall.SIGKILL)},
		{fault: "SIGTERM of the agent", slug: "term", run: endAgent("SIGTERMs", syscall.SIGTERM)},
		{fault: "reload of the agent", slug: "reload", run: reloadAgent},
		{fault: "panic inside an export", slug: "panic", run: panicInExports},
		{fault: "kill -9 of a service in mid-request", slug: "service", run: killService},
		{fault: "eviction", slug: "eviction", run: eviction},
		{fault: "shipping without ids, reply lost", slug: "nameless", control: delivery.MustDuplicate,
			run: injectWhileEmitting("replies lost", 3, func(t *counter) fault { return withoutIDs(dropReply(t)) })},
		{fault: "a bulk request swallowed", slug: "swallow", control: delivery.MustLose,
			run: injectWhileEmitting("requests swallowed", 1, acknowledgeOnly)},
	}
}

// injectWhileEmitting injects a fault in the proxy while records are emitted, and
// until it was injected at least so many times.
func injectWhileEmitting(what string, least int, with func(*counter) fault) func(context.Context, *scenario) error {
	return func(ctx context.Context, s *scenario) error {
		var injected counter
		s.sys.proxy.inject(with(&injected))
		defer s.sys.proxy.inject(nil)
		if err := s.emitAll(ctx, s.allNumbers(), 1, true); err != nil {
			return err
		}
		err := waitFor(ctx, what, func() (bool, error) { return injected.times() >= least, nil })
		s.sys.proxy.inject(nil)
		s.faultEnded()
		s.prove(what, injected.times())
		return err
	}
}

// refuseConnections makes the proxy refuse connections while records are emitted.
func refuseConnections(ctx context.Context, s *scenario) error {
	since := s.sys.logSizes()
	if err := s.sys.proxy.disconnect(); err != nil {
		return err
	}
	if err := s.emitAll(ctx, s.allNumbers(), 1, true); err != nil {
		return err
	}
	var times int
	err := waitFor(ctx, "the agent logs refused connections", func() (ok bool, err error) {
		times, err = s.sys.countInLog(since, "connection refused")
		return times > 0, err
	})
	if err != nil {
		return err
	}
	err = s.sys.proxy.connect(s.sys.proxy.addr)
	s.faultEnded()
	s.prove("refused connections in the agent's log", times)
	return err
}

// killOpenSearch kills the server while records are emitted.
func killOpenSearch(ctx context.Context, s *scenario) error {
	e, err := s.emit(ctx, s.allNumbers(), 1, true)
	if err != nil {
		return err
	}
	if err := wait.For(ctx, s.emissionTime()/4); err != nil {
		return err
	}
	if err := s.awaitInFlight(ctx, s.writtenLines); err != nil {
		return err
	}
	if err := s.sys.killPart(openSearch, syscall.SIGKILL); err != nil {
		return err
	}
	if err := s.sys.awaitRecovery(ctx, openSearch); err != nil {
		return err
	}
	s.faultEnded()
	s.prove("kills", 1)
	s.prove("lines in flight at it", s.inFlight)
	return e.wait(ctx)
}

// emissionTime is how long it takes to emit all records.
func (s *scenario) emissionTime() time.Duration {
	return time.Duration(float64(s.records) / s.rate * float64(time.Second))
}

// endAgent ends the agent with a signal several times, and emits a part of the
// records for each, so that there are lines in flight each time even if a restart
// takes long.
func endAgent(what string, sig syscall.Signal) func(context.Context, *scenario) error {
	return func(ctx context.Context, s *scenario) error {
		rounds := max(3, s.records/500)
		for i := range rounds {
			first := s.records * i / rounds
			e, err := s.emit(ctx, delivery.Numbers{First: first, Count: s.records*(i+1)/rounds - first}, 1, true)
			if err != nil {
				return err
			}
			if err := wait.For(ctx, s.emissionTime()/time.Duration(4*rounds)); err != nil {
				return err
			}
			if err := s.awaitInFlight(ctx, s.writtenLines); err != nil {
				return err
			}
			if err := s.sys.killPart(agent, sig); err != nil {
				return fmt.Errorf("round %d: %w", i+1, err)
			}
			if err := s.sys.awaitRecovery(ctx, agent); err != nil {
				return err
			}
			s.faultEnded() // the drain includes what is emitted from here on
			if err := e.wait(ctx); err != nil {
				return err
			}
		}
		s.prove(what, int(rounds))
		s.prove("lines in flight at each, at least", s.inFlight)
		return nil
	}
}
