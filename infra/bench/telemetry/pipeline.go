package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"jari.example/infra/bench/sandbox"
	"jari.example/infra/local/launch"
)

// pipeline is the path of telemetry, without the services:
//
//	emitters ─► files, OTLP ─► agent ─► tcpProxy ─► OpenSearch
type pipeline struct {
	*sandbox.Sandbox
	proxy     *tcpProxy
	store     store
	agentKind string // "collector" or "fluent-bit"
}

// startPipeline starts everything. OpenSearch is the one at JARI_OPENSEARCH_URL,
// or a new one. stop must be called even after an error.
func startPipeline(ctx context.Context) (p *pipeline, stop func() error, err error) {
	p = &pipeline{}
	stop = func() error { return p.Stop(false) }
	if p.Sandbox, err = sandbox.New("bench-telemetry"); err != nil {
		return p, stop, err
	}
	server, err := p.System(os.Getenv)
	if err != nil {
		return p, stop, err
	}
	p.store.URL = server.OpenSearchURL()
	if p.proxy, err = newTCPProxy(p.store.URL); err != nil {
		return p, stop, err
	}
	p.OnStop(func() error { p.proxy.disconnect(); return nil })
	shipping, err := p.System(func(key string) string {
		if key == "JARI_OPENSEARCH_URL" {
			return "http://" + p.proxy.addr
		}
		return os.Getenv(key)
	})
	if err != nil {
		return p, stop, err
	}
	p.agentKind = shipping.AgentKind()
	list, err := launch.Select(server.Parts(), []string{"opensearch"})
	if err != nil {
		return p, stop, err
	}
	agent, err := launch.Select(shipping.Parts(), []string{"agent"})
	if err != nil {
		return p, stop, err
	}
	return p, stop, p.Up(ctx, append(list, agent...))
}

// emitter is a running telemetryemit, whose log the agent tails.
type emitter struct {
	service string
	cmd     *exec.Cmd
	file    string
	stderr  bytes.Buffer
}

// emit starts a telemetryemit that emits each record as a line and a span.
func (p *pipeline) emit(program, service string, args ...string) (*emitter, error) {
	e := &emitter{service: service, file: filepath.Join(p.Dir, "log", service+".log")}
	out, err := os.OpenFile(e.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	e.cmd = exec.Command(program, append([]string{
		"-service", service, "-otlp-endpoint", p.Ports.URL("agent"), "-spans", "1", "-points=false", "-limit", "15m",
	}, args...)...)
	e.cmd.Stdout, e.cmd.Stderr = out, &e.stderr
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return e, e.cmd.Start()
}

// wait waits until the emitter has emitted everything. If ctx ends before, it
// stops the emitter.
func (e *emitter) wait(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = e.cmd.Process.Signal(syscall.SIGTERM) })()
	if err := e.cmd.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w\n%s", e.service, err, &e.stderr)
	}
	return nil
}

// stop ends the emitter before it has emitted everything.
func (e *emitter) stop() { _ = e.cmd.Process.Signal(syscall.SIGTERM); _ = e.cmd.Wait() }
