// Package uploadtest sends requests whose body is broken, over raw connections,
// because an HTTP client would refuse to send them.
package uploadtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/internal/requestbody"
	"jari.example/internal/serve/servetest"
)

// Case is one broken upload.
type Case struct {
	Name   string
	Status int    // which the response and the access line must have
	Reason string // which the problem must have

	framing, body string // header fields that state the length, and what is sent after the header
	stalls        bool   // the server's ReadTimeout ends it
	ends          bool   // the client closes its side after the body
}

// Cases are all broken uploads.
var Cases = []Case{
	{Name: "half a body, then a closed connection", Status: 499, Reason: "body_incomplete",
		framing: "Content-Length: 100", body: `{"a":`, ends: true},
	{Name: "no body at all, then a closed connection", Status: 499, Reason: "body_incomplete",
		framing: "Content-Length: 100", ends: true},
	{Name: "half a chunk, then a closed connection", Status: 499, Reason: "body_incomplete",
		framing: "Transfer-Encoding: chunked", body: "10\r\n{\"a\":", ends: true},
	{Name: "no last chunk, then a closed connection", Status: 499, Reason: "body_incomplete",
		framing: "Transfer-Encoding: chunked", body: "2\r\n{}\r\n", ends: true},
	{Name: "half a trailer, then a closed connection", Status: 499, Reason: "body_incomplete",
		framing: "Transfer-Encoding: chunked", body: "2\r\n{}\r\n0\r\n", ends: true},
	{Name: "a chunk with a malformed size", Status: 400, Reason: "body_unreadable",
		framing: "Transfer-Encoding: chunked", body: "zz\r\n{}\r\n0\r\n\r\n"},
	{Name: "a chunk that is longer than its size", Status: 400, Reason: "body_unreadable",
		framing: "Transfer-Encoding: chunked", body: "2\r\n{}{}\r\n0\r\n\r\n"},
	{Name: "a stalled body", Status: 408, Reason: "body_timeout",
		framing: "Content-Length: 100", body: `{"a":`, stalls: true},
	{Name: "a stalled chunk", Status: 408, Reason: "body_timeout",
		framing: "Transfer-Encoding: chunked", body: "10\r\n{\"a\":", stalls: true},
	{Name: "a body that waits for 100 and does not come", Status: 408, Reason: "body_timeout",
		framing: "Expect: 100-continue\r\nContent-Length: 100", stalls: true},
	{Name: "a body that is declared too large", Status: 413, Reason: "body_too_large",
		framing: "Content-Length: 2000000", body: `{"a":`},
	{Name: "a body that becomes too large", Status: 413, Reason: "body_too_large",
		framing: "Transfer-Encoding: chunked", body: "200000\r\n" + strings.Repeat(" ", requestbody.Limit+1<<19)},
}

// Run sends every case to h, each in a subtest with a server of its own, and checks
// that the response is the case's problem and that the connection is closed after
// it. head is the request line and the header without the length, each line with its
// end. check is called after the server has ended.
func Run(t *testing.T, h http.Handler, head string, check func(*testing.T, Case)) {
	for _, c := range Cases {
		t.Run(c.Name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(h)
			server.Config.ReadHeaderTimeout = time.Minute // for the header, which ReadTimeout would include
			if c.stalls {
				server.Config.ReadTimeout = 50 * time.Millisecond
			}
			server.Start()
			c.Send(t, server.Listener.Addr().String(), head)
			server.Close() // waits for the handler
			check(t, c)
		})
	}
}

// Send sends the case to the server at addr (host:port) and checks the response as
// [Run] does. A stalled body lasts as long as the server's ReadTimeout.
func (c Case) Send(t *testing.T, addr, head string) {
	t.Helper()
	res, rest := servetest.Exchange(t, addr, head+"Host: jari.example\r\n"+c.framing+"\r\n\r\n"+c.body, c.ends)
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Status int
		Reason string
	}
	_ = json.Unmarshal(raw, &p)
	if res.StatusCode != c.Status || p.Status != c.Status || p.Reason != c.Reason ||
		res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("status %d, want %d %s: %s", res.StatusCode, c.Status, c.Reason, raw)
	}
	if b, err := rest.ReadByte(); err == nil {
		t.Errorf("the connection is open after it: %q", b)
	}
}
