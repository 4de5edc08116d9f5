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
	"jari.example/internal/wait"
)

// reloadAgent makes the agent reload its settings several times while records are
// emitted.
func reloadAgent(ctx context.Context, s *scenario) error {
	const reloads = 3
	message := map[string]string{collector: "Config updated, restart service", fluentBit: "successful reload done"}[s.sys.host]
	since, before := s.sys.logSizes(), s.sys.Status(agent)
	times, crashes := 0, 0
	e, err := s.emit(ctx, s.allNumbers(), 1, true)
	if err != nil {
		return err
	}
	for range reloads {
		if err := wait.For(ctx, s.emissionTime()/(reloads+1)); err != nil {
			return err
		}
		if err := s.sys.Signal(agent, syscall.SIGHUP); err != nil {
			return err
		}
		previous := times + crashes
		err = waitFor(ctx, "the agent logs its reload", func() (ok bool, err error) {
			times, err = s.sys.countInLog(since, message)
			crashes = s.sys.Status(agent).Restarts - before.Restarts
			return times+crashes > previous, err
		})
		if err = errors.Join(err, s.sys.awaitRecovery(ctx, agent)); err != nil {
			return err
		}
	}
	if err := e.wait(ctx); err != nil {
		return err
	}
	s.faultEnded()
	s.prove("reloads", times)
	if s.sys.host != fluentBit {
		return s.checkSameProcess(before.Pid)
	}
	// Fluent Bit 5.1.1 starts the workers of a Go output twice and ends them
	// once (flb_plugin_proxy.c, flb_output.c): the remaining ones crash it about a
	// second after a reload. Nothing may be lost by that.
	if err := wait.For(ctx, 2*time.Second); err != nil {
		return err
	}
	if crashes = s.sys.Status(agent).Restarts - before.Restarts; crashes > 0 {
		s.prove("crashes of Fluent Bit in them", crashes)
	}
	s.sys.restarts[agent] += crashes
	return s.sys.awaitRecovery(ctx, agent)
}

// checkSameProcess fails if the agent was restarted.
func (s *scenario) checkSameProcess(pid int) error {
	if now := s.sys.Status(agent); now.Pid != pid {
		return fmt.Errorf("the agent was restarted: its process was %d and is %d (%s)", pid, now.Pid, now.Note)
	}
	return nil
}

// panicInExports makes exports panic until the agent has logged some panics.
func panicInExports(ctx context.Context, s *scenario) error {
	since, pid := s.sys.logSizes(), s.sys.Status(agent).Pid
	if err := os.WriteFile(s.sys.panics, nil, 0o644); err != nil {
		return err
	}
	defer os.Remove(s.sys.panics)
	if err := s.emitAll(ctx, s.allNumbers(), 1, true); err != nil {
		return err
	}
	message := map[string]string{collector: `"panic in an export"`, fluentBit: `"panic in the plugin"`}[s.sys.host]
	var times int
	err := waitFor(ctx, "exports panic", func() (ok bool, err error) {
		times, err = s.sys.countInLog(since, message)
		return times >= 3, err
	})
	if err = errors.Join(err, os.Remove(s.sys.panics)); err != nil {
		return err
	}
	s.faultEnded()
	s.prove("panics", times)
	return s.checkSameProcess(pid)
}

// killService kills a process in the middle of a request. The process confirms
// each record in the response once its line is written. Every written line must
// arrive, and every confirmed record must have been written.
func killService(ctx context.Context, s *scenario) error {
	addr, err := freeAddress()
	if err != nil {
		return err
	}
	e, err := s.start(ctx, "-http-addr", addr, "-rate", fmt.Sprint(s.rate))
	if err != nil {
		return err
	}
	var res *http.Response
	err = waitFor(ctx, "the service responds", func() (bool, error) {
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
	confirmed := 0
	body := bufio.NewReader(res.Body)
	for ; ; confirmed++ {
		if int64(confirmed) == s.records {
			if err := e.cmd.Process.Kill(); err != nil {
				return err
			}
		}
		if _, err = body.ReadString('\n'); err != nil {
			break
		}
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the request ended after %d records, before the kill", confirmed)
	}
	<-e.done // its error is the kill
	written, err := s.writtenLines()
	if err != nil {
		return err
	}
	if written < confirmed {
		return fmt.Errorf("%d records were confirmed, but only %d lines are written", confirmed, written)
	}
	s.expect(delivery.Line, delivery.Numbers{Count: int64(written)})
	s.faultEnded()
	s.prove("requests cut off by the kill", 1)
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
