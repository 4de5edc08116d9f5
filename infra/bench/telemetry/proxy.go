package main

import (
	"errors"
	"io"
	"net"
	"sync"
)

// tcpProxy forwards connections to OpenSearch, so that the benchmark can make it
// unreachable.
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
	p := &tcpProxy{to: to, addr: "127.0.0.1:0", open: map[net.Conn]bool{}}
	return p, p.connect()
}

// connect accepts connections, after disconnect on the same port as before.
func (p *tcpProxy) connect() error {
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listener, p.addr = l, l.Addr().String()
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			go p.forward(in)
		}
	}()
	return nil
}

func (p *tcpProxy) forward(in net.Conn) {
	defer in.Close()
	out, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer out.Close()
	p.mu.Lock()
	p.open[in], p.open[out] = true, true
	p.mu.Unlock()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = errors.Join(in.Close(), out.Close()) // HTTP needs no half-open connection
		})
	}
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, in)
	delete(p.open, out)
}

// disconnect refuses new connections and closes the open ones.
func (p *tcpProxy) disconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for c := range p.open {
		_ = c.Close()
	}
}
