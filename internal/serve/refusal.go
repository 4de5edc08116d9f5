package serve

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"strings"

	"jari.example/internal/problem"
)

// listener accepts connections on which the responses that net/http writes before
// it calls a handler, such as a 431, are problem+json as all others are.
type listener struct{ net.Listener }

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &conn{tcp}, err
	}
	return c, err
}

// conn replaces net/http's own responses. It has all methods of its TCPConn, so
// that net/http can send files and close one direction.
type conn struct{ *net.TCPConn }

// Write implements io.Writer. net/http writes a response of its own in one call.
func (c *conn) Write(b []byte) (int, error) {
	p, own := refusal(b)
	if !own {
		return c.TCPConn.Write(b)
	}
	if _, err := c.TCPConn.Write(p.Raw()); err != nil {
		return 0, err
	}
	return len(b), nil
}

const (
	maxRefusal = 512 // bytes, more than any of them has
	statusLine = "HTTP/1.1 "
	// rawHeader is the whole header of what net/http writes straight to the
	// connection. A handler's response has a Date.
	rawHeader = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
)

// reasons are the reasons of the statuses with which net/http refuses a request.
var reasons = map[int]string{
	http.StatusBadRequest:                  "malformed_request",
	http.StatusExpectationFailed:           "unknown_expectation",
	http.StatusRequestHeaderFieldsTooLarge: "header_too_large",
	http.StatusNotImplemented:              "unknown_transfer_encoding",
	http.StatusHTTPVersionNotSupported:     "unknown_http_version",
}

// refusal returns the problem in place of b, and whether b is a response of
// net/http's own (server.go, conn.serve). Only the start of other data is read.
func refusal(b []byte) (p problem.Problem, own bool) {
	if len(b) < len(statusLine)+3 || len(b) > maxRefusal || string(b[:len(statusLine)]) != statusLine || b[len(statusLine)] < '4' {
		return p, false
	}
	status, err := strconv.Atoi(string(b[len(statusLine) : len(statusLine)+3]))
	reason, known := reasons[status]
	if err != nil || !known {
		return p, false
	}
	line, _, _ := bytes.Cut(b, []byte("\r\n"))
	_, detail, _ := strings.Cut(string(line), ": ")
	switch {
	case status == http.StatusExpectationFailed: // the only one that has a Date; no handler of ours writes it
		detail = "Only the expectation 100-continue is known."
	case !bytes.HasPrefix(b[len(line):], []byte(rawHeader)):
		return p, false
	case detail == "":
		detail = "The request is not well-formed HTTP, or exceeds a limit."
	}
	return problem.New(status, reason, detail), true
}
