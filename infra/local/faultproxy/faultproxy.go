// Package faultproxy is a TCP proxy that can be made slow. It stands between a service
// and its database while faults are to be injected, since only a network can make a real
// server slow for one of its clients. Toxiproxy does the work, within this process and
// without its own API.
package faultproxy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// Proxy forwards the connections to an address to one server.
type Proxy struct{ proxy *toxiproxy.Proxy }

// New returns a proxy that listens at listen when it is started, and forwards to the
// server at upstream. Both are host:port.
func New(listen, upstream string) *Proxy {
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()) // never listens
	return &Proxy{toxiproxy.NewProxy(api, "fault", listen, upstream)}
}

// Start begins to listen. An address that is in use is an error.
func (p *Proxy) Start() error { return p.proxy.Start() }

// Stop ends the listener and all connections.
func (p *Proxy) Stop() { p.proxy.Stop() }

// Addr is host:port of a proxy that has been started.
func (p *Proxy) Addr() string { return p.proxy.Listen }

// SetDelay makes everything that the server sends arrive that much later, on open
// connections, too. It does not limit how much arrives.
func (p *Proxy) SetDelay(d time.Duration) error {
	p.proxy.Toxics.ResetToxics(context.Background())
	if d == 0 {
		return nil
	}
	latency, err := json.Marshal(map[string]any{
		"name": "delay", "type": "latency", "stream": "downstream", "toxicity": 1,
		"attributes": map[string]any{"latency": d.Milliseconds()},
	})
	if err != nil {
		return err
	}
	if _, err := p.proxy.Toxics.AddToxicJson(bytes.NewReader(latency)); err != nil {
		return fmt.Errorf("delay %s: %w", p.proxy.Upstream, err)
	}
	return nil
}
