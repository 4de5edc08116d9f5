package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"

	"jari.example/infra/bench/chaostelemetry/verdict"
	"jari.example/telemetry/names"
)

// reloaded makes the agent read its settings again while records come in.
func reloaded(ctx context.Context, p *play) error {
	const reloads = 3
	since, pid := p.sys.mark(), p.sys.Status(agent).Pid
	e, err := p.emit(ctx, p.all(), 1, true)
	if err != nil {
		return err
	}
	for range reloads {
		if err := pause(ctx, p.lasts()/(reloads+1)); err != nil {
			return err
		}
		if err := p.sys.Signal(agent, syscall.SIGHUP); err != nil {
			return err
		}
	}
	if err := e.wait(ctx); err != nil {
		return err
	}
	words := map[string]string{collector: "Config updated, restart service", fluentBit: "reload"}[p.sys.host]
	var times int
	err = until(ctx, "the agent tells of its reload", func() (ok bool, err error) {
		times, err = p.sys.said(since, words)
		return times > 0, err
	})
	if err != nil {
		return err
	}
	if err := p.sys.back(ctx, agent); err != nil {
		return err
	}
	p.over()
	p.prove("reloads", times)
	if now := p.sys.Status(agent).Pid; now != pid {
		return fmt.Errorf("the agent did not survive its reload: process %d is %d now", pid, now)
	}
	return nil
}

// panicking has exports panic until the agent has told of some.
func panicking(ctx context.Context, p *play) error {
	since, pid := p.sys.mark(), p.sys.Status(agent).Pid
	if err := os.WriteFile(p.sys.panics, nil, 0o644); err != nil {
		return err
	}
	defer os.Remove(p.sys.panics)
	if err := p.emits(ctx, p.all(), 1, true); err != nil {
		return err
	}
	words := map[string]string{collector: `"panic in an export"`, fluentBit: `"panic in the plugin"`}[p.sys.host]
	var times int
	err := until(ctx, "exports panic", func() (ok bool, err error) {
		times, err = p.sys.said(since, words)
		return times >= 3, err
	})
	if err = errors.Join(err, os.Remove(p.sys.panics)); err != nil {
		return err
	}
	p.over()
	p.prove("panics", times)
	if now := p.sys.Status(agent).Pid; now != pid {
		return fmt.Errorf("the agent did not survive a panic: process %d is %d now", pid, now)
	}
	return nil
}

// killedService kills a process in the middle of a request, each of whose
// records is answered once its line is written. Every line that was written
// must arrive; that every answered one was written is looked up here.
func killedService(ctx context.Context, p *play) error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	e, err := p.start(ctx, "-http-addr", addr, "-rate", fmt.Sprint(p.rate))
	if err != nil {
		return err
	}
	var res *http.Response
	err = until(ctx, "the service answers", func() (bool, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+"/records?first=0&count=1000000", nil)
		if err != nil {
			return false, err
		}
		res, err = http.DefaultClient.Do(req)
		return err == nil, nil
	})
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answered := 0
	body := bufio.NewReader(res.Body)
	for ; ; answered++ {
		if int64(answered) == p.records {
			if err := e.cmd.Process.Kill(); err != nil {
				return err
			}
		}
		if _, err = body.ReadString('\n'); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the request ended after %d records, before the kill", answered)
	}
	<-e.done // reports the kill
	written, err := p.lines()
	if err != nil {
		return err
	}
	if written < answered {
		return fmt.Errorf("%d records were answered, but only %d lines are written", answered, written)
	}
	p.expect(verdict.Line, verdict.Numbers{Count: int64(written)})
	p.over()
	p.prove("requests cut off by the kill", 1)
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// eviction fills every buffer on the way: the agent's, which is made small, and
// the emitter's of spans. Lines wait in their file meanwhile. What the emitter
// says it has dropped must be what is lost.
func eviction(ctx context.Context, p *play) error {
	p.world.Evicts = true
	p.evicted = func(ctx context.Context) (int, error) { return p.sys.store.dropped(ctx, p.service) }
	if err := p.sys.set("exporters: {jari: {sending_queue: {queue_size: 4194304}}}\n"); err != nil {
		return err
	}
	if err := p.restart(ctx); err != nil {
		return err
	}
	var fired tally
	p.sys.proxy.play(unavailable(&fired))
	defer p.sys.proxy.play(nil)
	// Four thousand spans of 20 kB, that compress badly, are more than 32 MiB.
	const spans = 4000
	p.rate = 0
	n := verdict.Numbers{Count: min(p.records, spans/20)}
	e, err := p.emit(ctx, n, spans/n.Count, false, "-padding", "20000")
	if err != nil {
		return err
	}
	err = until(ctx, "everything is emitted", func() (bool, error) {
		lines, err := p.lines()
		return int64(lines) == n.Count && fired.times() > 0, err
	})
	if err != nil {
		return err
	}
	p.sys.proxy.play(nil)
	p.over()
	if err := e.wait(ctx); err != nil {
		return err
	}
	p.prove("answers of 503", fired.times())
	if err := p.drain(ctx); err != nil { // before the agent gets its own limit back
		return err
	}
	if err := p.sys.set(""); err != nil {
		return err
	}
	return p.restart(ctx)
}

// restart lets new settings of the agent count.
func (p *play) restart(ctx context.Context) error {
	if err := p.sys.end(agent, syscall.SIGTERM); err != nil {
		return err
	}
	return p.sys.back(ctx, agent)
}

// dropped is how many spans the process has told, as a metric, that it dropped.
func (s *store) dropped(ctx context.Context, service string) (int, error) {
	type highest struct{ Value float64 }
	var total float64
	for _, metric := range []string{names.MetricSpansProcessed, names.MetricSpansExported} {
		var a struct {
			Aggregations struct{ Most highest }
		}
		q := object{"size": 0, "query": filter(term(names.DocServiceName, service), term(names.DocMetricName, metric), object{"exists": object{"field": names.ErrorType}}),
			"aggs": object{"most": object{"max": object{"field": names.DocMetricValue}}}}
		if err := s.ask(ctx, names.MetricIndex+"*/_search?ignore_unavailable=true", q, &a); err != nil {
			return 0, err
		}
		total += max(0, a.Aggregations.Most.Value)
	}
	return int(total), nil
}
