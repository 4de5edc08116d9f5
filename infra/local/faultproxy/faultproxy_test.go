package faultproxy

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/telemetry/names/realpart"
)

// through returns a proxy to the server of a URL, and the URL with its address.
func through(t *testing.T, server string) (*Proxy, string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	p := New("127.0.0.1:0", u.Host)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	u.Host = p.Addr()
	return p, u.String()
}

func TestADatabaseBehindTheProxyIsSlowWhileItHasADelay(t *testing.T) {
	p, server := through(t, realpart.Need(t, realpart.Postgres))
	conn, err := pgx.Connect(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	ask := func() time.Duration {
		t.Helper()
		begin := time.Now()
		var n, length int
		// An answer of some hundred kilobytes, so that its parts must not wait one after the other.
		if err := conn.QueryRow(t.Context(), `SELECT 7, length(repeat('x', 300000))`).Scan(&n, &length); err != nil || n != 7 {
			t.Fatalf("%d, %v", n, err)
		}
		var text string
		if err := conn.QueryRow(t.Context(), `SELECT repeat('x', 300000)`).Scan(&text); err != nil || len(text) != 300000 {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
		return time.Since(begin)
	}
	ask() // prepares the statements
	const delay = 300 * time.Millisecond
	if err := p.SetDelay(delay); err != nil {
		t.Fatal(err)
	}
	if took := ask(); took < 2*delay {
		t.Errorf("with the delay: %s for two answers", took)
	}
	if err := p.SetDelay(0); err != nil {
		t.Fatal(err)
	}
	fast := false // the machine may be busy
	for range 20 {
		fast = fast || ask() < 2*delay
	}
	if !fast {
		t.Error("it is still slow")
	}
}

func TestAConnectionEndsWithItsServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	away := l.Addr().String()
	_ = l.Close()
	_, server := through(t, "postgres://app@"+away+"/postgres?connect_timeout=10")
	if _, err := pgx.Connect(t.Context(), server); err == nil {
		t.Error("a connection to no server was made")
	}
}
