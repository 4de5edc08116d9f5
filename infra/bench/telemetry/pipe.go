package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"jari.example/infra/bench/sandbox"
	"jari.example/infra/local/launch"
)

// pipeline is what telemetry goes through, without the services:
//
//	emitters ─► files, OTLP ─► agent ─► door ─► OpenSearch
type pipeline struct {
	*sandbox.Sandbox
	proxy     *tcpProxy
	store     store
	agentKind string // of the agent
}

// startPipeline starts everything. OpenSearch is JARI_OPENSEARCH_URL, or one of our
// own. stop must be called, whether or not it failed.
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
	p.store.url = server.OpenSearchURL()
	if p.proxy, err = newTCPProxy(p.store.url); err != nil {
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

// emitter is a telemetryemit whose lines the agent follows.
type emitter struct {
	service string
	cmd     *exec.Cmd
	file    string
	stderr  bytes.Buffer // on stderr
}

// emit starts a telemetryemit that hands each of its records over as a line
// and a span.
func (p *pipeline) emit(program, service string, args ...string) (*emitter, error) {
	e := &emitter{service: service, file: filepath.Join(p.Dir, "log", service+".log")}
	out, err := os.OpenFile(e.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	e.cmd = exec.Command(program, append([]string{"-service", service, "-otlp-endpoint", p.Ports.URL("agent"), "-spans", "1", "-points=false", "-limit", "15m"}, args...)...)
	e.cmd.Stdout, e.cmd.Stderr = out, &e.stderr
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return e, e.cmd.Start()
}

// wait waits until it has emitted all, or ctx ends; then it is told to stop.
func (e *emitter) wait(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { _ = e.cmd.Process.Signal(syscall.SIGTERM) })()
	if err := e.cmd.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s: %w\n%s", e.service, err, &e.stderr)
	}
	return nil
}

// stop ends it in the middle.
func (e *emitter) stop() { _ = e.cmd.Process.Signal(syscall.SIGTERM); _ = e.cmd.Wait() }

// tcpProxy is the way to OpenSearch: a connection in is a connection out. Shut, it
// refuses.
type tcpProxy struct {
	to, addr string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
}

func newTCPProxy(url string) (*tcpProxy, error) {
	to, err := hostOf(url)
	if err != nil {
		return nil, err
	}
	d := &tcpProxy{to: to, addr: "127.0.0.1:0", open: map[net.Conn]bool{}}
	return d, d.connect()
}

// connect listens, after shut where it did before.
func (d *tcpProxy) connect() error {
	l, err := net.Listen("tcp", d.addr)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listener, d.addr = l, l.Addr().String()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go d.forward(in)
		}
	}()
	return nil
}

func (d *tcpProxy) forward(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", d.to)
	if err != nil {
		return
	}
	defer out.Close()
	d.mu.Lock()
	d.open[in], d.open[out] = true, true
	d.mu.Unlock()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = errors.Join(in.Close(), out.Close()) // HTTP needs no half-open connection
		})
	}
	both.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, in)
	delete(d.open, out)
}

// disconnect refuses connections from now on, and breaks those there are.
func (d *tcpProxy) disconnect() {
	d.mu.Lock()
	defer d.mu.Unlock()
	_ = d.listener.Close()
	for c := range d.open {
		_ = c.Close()
	}
}
