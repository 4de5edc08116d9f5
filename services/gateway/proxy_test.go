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

func TestAQueryReachesItsServiceAndNoSpanOrLine(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	var asked string
	s.upstream = func(_ http.ResponseWriter, r *http.Request) { asked = r.URL.RawQuery }
	s.do("GET", "/v1/reservations?email=kim@example.com", "", headers).want(t, 200, "")
	s.do("GET", "/nobody/kim@example.com", "", nil).want(t, 404, "no_such_path")
	if asked != "email=kim@example.com" {
		t.Errorf("the service was asked for %q", asked)
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
		t.Error("it reached the log")
	}
}

func TestAnUpstreamThatEndsWithinItsAnswerCountsAsAFailure(t *testing.T) {
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
		if _, err := io.ReadAll(res.Body); err == nil { // which fails only when the gateway is through
			t.Error("half an answer came as a whole one")
		}
		res.Body.Close()
	}
	lines := s.record.Lines(t, names.EventAccess)
	line := lines[len(lines)-1]
	if line[names.HTTPRoute] != "/v1/reservations" || line[names.HTTPStatus] != 502. || line[names.SeverityText] != "ERROR" || line[names.Exception] == nil {
		t.Errorf("the access line says %v", line)
	}
}

// What keeps a crowd that reloads cheap, and two writers apart, is said in headers.
func TestCachesAndVersionsAreTheServicesOwn(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	said := http.Header{"Etag": {`"7"`}, "Cache-Control": {"public, max-age=1"}, "Retry-After": {"9"}, "Location": {"/v1/waitlist/7"}, "Idempotency-Replayed": {"true"}}
	var heard http.Header
	for status, ask := range map[int]struct{ method, path string }{
		200: {"PATCH", "/v1/reservations/7"}, 304: {"GET", "/v1/restaurants/mosu/availability"},
		204: {"DELETE", "/v1/waitlist/7"}, 409: {"POST", "/v1/reservations"},
	} {
		s.upstream = func(w http.ResponseWriter, r *http.Request) {
			heard = r.Header
			maps.Copy(w.Header(), said)
			w.WriteHeader(status)
		}
		mine := headers.Clone()
		mine.Set("If-None-Match", `"6"`)
		mine.Set("If-Match", `"5"`)
		req, err := http.NewRequestWithContext(t.Context(), ask.method, s.url+ask.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = mine
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%d became %d", status, res.StatusCode)
		}
		for name := range said {
			if got := res.Header.Get(name); got != said.Get(name) {
				t.Errorf("%d: %s became %q", status, name, got)
			}
		}
		if heard.Get("If-None-Match") != `"6"` || heard.Get("If-Match") != `"5"` {
			t.Errorf("%d: the service heard %v", status, heard)
		}
	}
}
