package serve_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"jari.example/internal/serve/servetest"
)

// The requests are sent to the real net/http: a Go version that writes other
// responses makes these tests fail.
func TestNetHTTPsOwnErrorsAreProblems(t *testing.T) {
	d := servetest.Start(t, program(http.NotFoundHandler(), nil))
	const get, post = "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\n"
	for name, c := range map[string]struct {
		request string
		status  int
		reason  string
	}{
		"no HTTP":                      {"hello\r\n\r\n", 400, "malformed_request"},
		"no Host":                      {"GET / HTTP/1.1\r\n\r\n", 400, "malformed_request"},
		"a malformed Host":             {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "malformed_request"},
		"a malformed header":           {get + "no colon\r\n\r\n", 400, "malformed_request"},
		"a malformed Content-Length":   {post + "Content-Length: 1x\r\n\r\n", 400, "malformed_request"},
		"two lengths":                  {post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed_request"},
		"an unknown expectation":       {post + "Expect: a-reply\r\nContent-Length: 1\r\n\r\nx", 417, "unknown_expectation"},
		"a header that is too large":   {get + "X-Large: " + strings.Repeat("a", 80<<10) + "\r\n\r\n", 431, "header_too_large"},
		"an unknown transfer encoding": {post + "Transfer-Encoding: gzip\r\n\r\n", 501, "unknown_transfer_encoding"},
		"an unknown version of HTTP":   {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505, "unknown_http_version"},
	} {
		for port, url := range map[string]string{"API": d.URL, "ops": d.OpsURL} {
			t.Run(name+", "+port, func(t *testing.T) {
				res, body := exchange(t, url, c.request)
				var p struct {
					Type, Title, Detail, Reason string
					Status                      int
				}
				if err := json.Unmarshal(body, &p); err != nil {
					t.Fatalf("%v: %s", err, body)
				}
				if res.StatusCode != c.status || p.Status != c.status || p.Reason != c.reason || p.Type == "" || p.Title == "" || p.Detail == "" {
					t.Errorf("%s: %s", res.Status, body)
				}
				for header, want := range map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store",
					"X-Content-Type-Options": "nosniff"} {
					if got := res.Header.Get(header); got != want {
						t.Errorf("%s is %q", header, got)
					}
				}
				if !res.Close || res.ContentLength != int64(len(body)) {
					t.Errorf("close %v, length %d", res.Close, res.ContentLength)
				}
			})
		}
	}
}

// exchange sends a request as it stands and returns the response. The server must
// close the connection.
func exchange(t *testing.T, url, request string) (*http.Response, []byte) {
	t.Helper()
	res, rest := servetest.Exchange(t, url, request, false)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := rest.ReadByte(); err == nil {
		t.Errorf("the connection is open after it: %q", b)
	}
	return res, body
}

// What a handler writes is its own, however it looks.
func TestAHandlersErrorsAreNotReplaced(t *testing.T) {
	const text = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	d := servetest.Start(t, program(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		http.Error(w, text, http.StatusBadRequest)
	}), nil))
	res, body := exchange(t, d.URL, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if res.StatusCode != 400 || strings.TrimSpace(string(body)) != text || res.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%v %s", res.Header, body)
	}
}
