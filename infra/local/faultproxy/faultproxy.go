// Package faultproxy is a TCP proxy that can be made slow. It stands between a service
// and its database while faults are to be injected, since only a network can make a real
// server slow for one of its clients.
//
// Toxiproxy does the same and more. It is not used as a library, because the last version
// that Go's module proxy has is of 2022 and brings a server, a metrics client and a
// command line with it.
package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy forwards the connections of a listener to one server.
type Proxy struct {
	upstream string
	delay    atomic.Int64 // nanoseconds
}

// New returns a proxy to the server at upstream, host:port.
func New(upstream string) *Proxy { return &Proxy{upstream: upstream} }

// SetDelay makes everything that the server sends arrive that much later, on open
// connections, too. It does not limit how much arrives.
func (p *Proxy) SetDelay(d time.Duration) { p.delay.Store(int64(d)) }

// Serve forwards the connections of l until it is closed.
func (p *Proxy) Serve(l net.Listener) error {
	for {
		client, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go p.forward(client)
	}
}

func (p *Proxy) forward(client net.Conn) {
	defer client.Close()
	server, err := net.DialTimeout("tcp", p.upstream, 10*time.Second)
	if err != nil {
		return // the client sees a connection that ends, as behind any proxy whose server is away
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(server, client); closeWrite(server) })
	both.Go(func() { p.copyDelayed(client, server); closeWrite(client) })
	both.Wait()
}

// chunk is what the server sent at once.
type chunk struct {
	data []byte
	due  time.Time
}

// copyDelayed forwards what the server sends, each part when it is due. What waits is
// bounded: behind it the server waits, too.
func (p *Proxy) copyDelayed(client, server net.Conn) {
	chunks := make(chan chunk, 256)
	go func() {
		defer close(chunks)
		for {
			data := make([]byte, 16<<10)
			n, err := server.Read(data)
			if n > 0 {
				chunks <- chunk{data[:n], time.Now().Add(time.Duration(p.delay.Load()))}
			}
			if err != nil {
				return
			}
		}
	}()
	failed := false
	for c := range chunks { // to its end, or the reader would wait for ever
		if failed {
			continue
		}
		if d := time.Until(c.due); d > 0 {
			time.Sleep(d)
		}
		if _, err := client.Write(c.data); err != nil {
			failed = true
			_ = server.Close()
		}
	}
}

// closeWrite passes the end of one direction on; the other one may still be in use.
func closeWrite(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}
