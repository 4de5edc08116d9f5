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
	"time"

	"jari.example/infra/bench/chaostelemetry/delivery"
)

// reloadAgent makes the agent read its settings again while records come in, one
// time after the other.
func reloadAgent(ctx context.Context, p *scenario) error {
	const reloads = 3
	words := map[string]string{collector: "Config updated, restart service", fluentBit: "successful reload done"}[p.sys.host]
	since, before := p.sys.logSizes(), p.sys.Status(agent)
	times, deaths := 0, 0
	e, err := p.emit(ctx, p.allNumbers(), 1, true)
	if err != nil {
		return err
	}
	for range reloads {
		if err := pause(ctx, p.emissionTime()/(reloads+1)); err != nil {
			return err
		}
		if err := p.sys.Signal(agent, syscall.SIGHUP); err != nil {
			return err
		}
		so := times + deaths
		err = waitFor(ctx, "the agent tells of its reload", func() (ok bool, err error) {
			times, err = p.sys.countInLog(since, words)
			deaths = p.sys.Status(agent).Restarts - before.Restarts
			return times+deaths > so, err
		})
		if err = errors.Join(err, p.sys.awaitRecovery(ctx, agent)); err != nil {
			return err
		}
	}
	if err := e.wait(ctx); err != nil {
		return err
	}
	p.faultEnded()
	p.prove("reloads", times)
	if p.sys.host != fluentBit {
		return p.checkSameProcess(before.Pid)
	}
	// Fluent Bit 5.1.1 starts the workers of a Go output twice and ends them
	// once (flb_plugin_proxy.c, flb_output.c): what is left of the old ones
	// crashes it a second or so after a reload. Nothing may be lost by it.
	if err := pause(ctx, 2*time.Second); err != nil {
		return err
	}
	if deaths = p.sys.Status(agent).Restarts - before.Restarts; deaths > 0 {
		p.prove("crashes of Fluent Bit in them", deaths)
	}
	p.sys.deaths[agent] += deaths
	return p.sys.awaitRecovery(ctx, agent)
}

// checkSameProcess wants the agent to be the process that it was.
func (p *scenario) checkSameProcess(pid int) error {
	if now := p.sys.Status(agent); now.Pid != pid {
		return fmt.Errorf("the agent did not survive: process %d is %d now (%s)", pid, now.Pid, now.Note)
	}
	return nil
}

// panicInExports has exports panic until the agent has told of some.
func panicInExports(ctx context.Context, p *scenario) error {
	since, pid := p.sys.logSizes(), p.sys.Status(agent).Pid
	if err := os.WriteFile(p.sys.panics, nil, 0o644); err != nil {
		return err
	}
	defer os.Remove(p.sys.panics)
	if err := p.emitAll(ctx, p.allNumbers(), 1, true); err != nil {
		return err
	}
	words := map[string]string{collector: `"panic in an export"`, fluentBit: `"panic in the plugin"`}[p.sys.host]
	var times int
	err := waitFor(ctx, "exports panic", func() (ok bool, err error) {
		times, err = p.sys.countInLog(since, words)
		return times >= 3, err
	})
	if err = errors.Join(err, os.Remove(p.sys.panics)); err != nil {
		return err
	}
	p.faultEnded()
	p.prove("panics", times)
	return p.checkSameProcess(pid)
}

// killedService kills a process in the middle of a request, each of whose
// records is answered once its line is written. Every line that was written
// must arrive; that every answered one was written is looked up here.
func killedService(ctx context.Context, p *scenario) error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	e, err := p.start(ctx, "-http-addr", addr, "-rate", fmt.Sprint(p.rate))
	if err != nil {
		return err
	}
	var res *http.Response
	err = waitFor(ctx, "the service answers", func() (bool, error) {
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
	written, err := p.writtenLines()
	if err != nil {
		return err
	}
	if written < answered {
		return fmt.Errorf("%d records were answered, but only %d lines are written", answered, written)
	}
	p.expect(delivery.Line, delivery.Numbers{Count: int64(written)})
	p.faultEnded()
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
