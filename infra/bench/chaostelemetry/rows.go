package main

import (
	"context"
	"fmt"
	"syscall"
	"time"

	"jari.example/infra/bench/chaostelemetry/verdict"
)

// row is one fault: what it does while records are emitted, and what it proves.
type row struct {
	fault   string
	slug    string // in service.name
	host    string // "": the agent
	control verdict.Control
	play    func(ctx context.Context, p *play) error
}

// rows is every fault, in the order of the table. Those that only the data make
// come first, since they break nothing for others.
func rows() []row {
	return []row{
		{fault: "midnight in the middle", slug: "midnight", play: midnight},
		{fault: "clock skew of ±1 h", slug: "skew", play: skew},
		{fault: "int64 beyond 2^53", slug: "int64", play: beyond53},
		{fault: "group markers", slug: "groups", play: groups},
		{fault: "both forward layouts in one chunk", slug: "layouts", host: plugin, play: flushed("layouts")},
		{fault: "pieces of FireLens", slug: "pieces", host: plugin, play: flushed("pieces")},
		{fault: "group markers", slug: "markers", host: plugin, play: flushed("groups")},
		{fault: "byte-identical lines", slug: "alike", play: identical},
		{fault: "poison among good ones", slug: "poison", play: poison},
		{fault: "503", slug: "503", play: tricked("answers of 503", 5, unavailable)},
		{fault: "refused connections", slug: "refused", play: refused},
		{fault: "applied, reply lost", slug: "deaf", play: tricked("replies lost", 3, deaf)},
		{fault: "429 for half the items", slug: "half", play: tricked("items answered 429", 20, busyHalf)},
		// Once may be all: the shipper learns to send less.
		{fault: "413", slug: "413", play: tricked("requests answered 413", 1, func(t *tally) trick { return tooLarge(8<<10, t) })},
		{fault: "kill -9 of OpenSearch", slug: "oskill", play: killedOpenSearch},
		{fault: "kill -9 of the agent", slug: "kill", play: ended("kills", syscall.SIGKILL)},
		{fault: "SIGTERM of the agent", slug: "term", play: ended("SIGTERMs", syscall.SIGTERM)},
		{fault: "reload of the agent", slug: "reload", play: reloaded},
		{fault: "panic inside an export", slug: "panic", play: panicking},
		{fault: "kill -9 of a service in mid-request", slug: "service", play: killedService},
		{fault: "eviction", slug: "eviction", play: eviction},
		{fault: "shipping without ids, reply lost", slug: "nameless", control: verdict.MustDouble,
			play: tricked("replies lost", 3, func(t *tally) trick { return nameless(deaf(t)) })},
		{fault: "a bulk request swallowed", slug: "swallow", control: verdict.MustLose, play: tricked("requests swallowed", 1, swallow)},
	}
}

// tricked has the proxy misbehave while records are emitted, and until it has
// done so least times.
func tricked(what string, least int, with func(*tally) trick) func(context.Context, *play) error {
	return func(ctx context.Context, p *play) error {
		var fired tally
		p.sys.proxy.play(with(&fired))
		defer p.sys.proxy.play(nil)
		if err := p.emits(ctx, p.all(), 1, true); err != nil {
			return err
		}
		err := until(ctx, what, func() (bool, error) { return fired.times() >= least, nil })
		p.sys.proxy.play(nil)
		p.over()
		p.prove(what, fired.times())
		return err
	}
}

func refused(ctx context.Context, p *play) error {
	since := p.sys.mark()
	if err := p.sys.proxy.shut(); err != nil {
		return err
	}
	if err := p.emits(ctx, p.all(), 1, true); err != nil {
		return err
	}
	var times int
	err := until(ctx, "the agent complains of refused connections", func() (ok bool, err error) {
		times, err = p.sys.said(since, "connection refused")
		return times > 0, err
	})
	if err != nil {
		return err
	}
	err = p.sys.proxy.open(p.sys.proxy.addr)
	p.over()
	p.prove("refused connections that the agent tells of", times)
	return err
}

// killedOpenSearch kills the server while records come in.
func killedOpenSearch(ctx context.Context, p *play) error {
	e, err := p.emit(ctx, p.all(), 1, true)
	if err != nil {
		return err
	}
	if err := pause(ctx, p.lasts()/4); err != nil {
		return err
	}
	if err := p.caught(ctx, p.lines); err != nil {
		return err
	}
	if err := p.sys.end(openSearch, syscall.SIGKILL); err != nil {
		return err
	}
	if err := p.sys.back(ctx, openSearch); err != nil {
		return err
	}
	p.over()
	p.prove("kills", 1)
	p.prove("lines underway at it", p.flying)
	return e.wait(ctx)
}

// lasts is how long the play's emission takes.
func (p *play) lasts() time.Duration {
	return time.Duration(float64(p.records) / p.rate * float64(time.Second))
}

// ended ends the agent several times, each while a part of the records comes
// in: a machine slow enough to emit all during one restart must not leave the
// others with nothing underway.
func ended(what string, sig syscall.Signal) func(context.Context, *play) error {
	return func(ctx context.Context, p *play) error {
		deaths := max(3, p.records/500)
		for i := range deaths {
			first := p.records * i / deaths
			e, err := p.emit(ctx, verdict.Numbers{First: first, Count: p.records*(i+1)/deaths - first}, 1, true)
			if err != nil {
				return err
			}
			if err := pause(ctx, p.lasts()/time.Duration(4*deaths)); err != nil {
				return err
			}
			if err := p.caught(ctx, p.lines); err != nil {
				return err
			}
			if err := p.sys.end(agent, sig); err != nil {
				return fmt.Errorf("death %d: %w", i+1, err)
			}
			if err := p.sys.back(ctx, agent); err != nil {
				return err
			}
			p.over() // what is emitted from here on is part of what drains
			if err := e.wait(ctx); err != nil {
				return err
			}
		}
		p.prove(what, int(deaths))
		p.prove("lines underway at each, at least", p.flying)
		return nil
	}
}
