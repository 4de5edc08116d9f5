package gateway_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestQueryReachesTheServiceButNoSpanOrLog(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	var query string
	s.upstream = func(_ http.ResponseWriter, r *http.Request) { query = r.URL.RawQuery }
	s.do("GET", "/v1/reservations?email=kim@example.com", "", headers).want(t, 200, "")
	s.do("GET", "/nobody/kim@example.com", "", nil).want(t, 404, "no_such_path")
	if query != "email=kim@example.com" {
		t.Errorf("the service got the query %q", query)
	}
	client := s.record.Span(t, "GET reservation")
	if got := fmt.Sprint(telemetrytest.Attr(client, names.URLFull)); !strings.HasSuffix(got, "/v1/reservations") {
		t.Errorf("url.full = %s", got)
	}
	for _, span := range s.record.Spans() {
		if strings.Contains(fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status()), "kim@") {
			t.Errorf("%s: %v", span.Name(), span.Attributes())
		}
	}
	if strings.Contains(s.record.Output(), "kim@") {
		t.Error("the log contains the query")
	}
}

// net/http's proxy drops parameters that it cannot parse; the service would answer
// with a default.
func TestAQueryThatCannotBeReadReachesTheService(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	for _, query := range []string{"q=50%", "q=fish;chips", "a=1&%zz=2&a=3"} {
		var got string
		s.upstream = func(_ http.ResponseWriter, r *http.Request) { got = r.URL.RawQuery }
		s.do("GET", "/v1/reservations?"+query, "", headers).want(t, 200, "")
		if got != query {
			t.Errorf("the service got the query %q, want %q", got, query)
		}
	}
}

func TestATruncatedResponseOfTheUpstreamIsAFailure(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	s.upstream = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half"))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/v1/reservations", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = headers
	if res, err := http.DefaultClient.Do(req); err == nil {
		if _, err := io.ReadAll(res.Body); err == nil { // it returns when the gateway is done
			t.Error("a truncated response arrived without an error")
		}
		res.Body.Close()
	}
	lines := s.record.Lines(t, names.EventAccess)
	line := lines[len(lines)-1]
	if line[names.HTTPRoute] != "/v1/reservations" || line[names.HTTPStatus] != 502. || line[names.SeverityText] != "ERROR" ||
		line[names.Exception] == nil {
		t.Errorf("the access log line has %v", line)
	}
}

// Headers carry caching for clients that poll, and versions for concurrent writers.
func TestForwardsCachingAndVersionHeaders(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	sent := http.Header{"Etag": {`"7"`}, "Cache-Control": {"public, max-age=1"}, "Retry-After": {"9"},
		"Location": {"/v1/waitlist/7"}, "Idempotency-Replayed": {"true"}}
	var got http.Header
	for status, request := range map[int]struct{ method, path string }{
		200: {"PATCH", "/v1/reservations/7"}, 304: {"GET", "/v1/restaurants/mosu/availability"},
		204: {"DELETE", "/v1/waitlist/7"}, 409: {"POST", "/v1/reservations"},
	} {
		s.upstream = func(w http.ResponseWriter, r *http.Request) {
			got = r.Header
			maps.Copy(w.Header(), sent)
			w.WriteHeader(status)
		}
		conditional := headers.Clone()
		conditional.Set("If-None-Match", `"6"`)
		conditional.Set("If-Match", `"5"`)
		req, err := http.NewRequestWithContext(t.Context(), request.method, s.url+request.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = conditional
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%d became %d", status, res.StatusCode)
		}
		for name := range sent {
			want := sent.Get(name)
			if name == "Cache-Control" && status != 304 {
				want = "no-store" // only availability is public
			}
			if got := strings.Join(res.Header.Values(name), ", "); got != want {
				t.Errorf("%d: %s became %q", status, name, got)
			}
		}
		if got.Get("If-None-Match") != `"6"` || got.Get("If-Match") != `"5"` {
			t.Errorf("%d: the service got %v", status, got)
		}
	}
}
