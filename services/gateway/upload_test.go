package gateway_test

import (
	"io"
	"net/http"
	"testing"

	"jari.example/internal/requestbody/uploadtest"
	"jari.example/internal/serve/servetest"
	"jari.example/telemetry/names"
)

func TestABrokenUploadIsNotOurFailure(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	called := false
	s.upstream = func(http.ResponseWriter, *http.Request) { called = true }
	for name, head := range map[string]string{
		"proxied": "POST /v1/reservations HTTP/1.1\r\nAuthorization: " + headers.Get("Authorization") + "\r\n",
		"own":     "POST /v1/sessions HTTP/1.1\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			uploadtest.Run(t, s.suite.Handler, head+"Content-Type: application/json\r\n", func(t *testing.T, c uploadtest.Case) {
				lines := s.record.Lines(t, names.EventAccess)
				line := lines[len(lines)-1]
				if line[names.HTTPStatus] != float64(c.Status) || line[names.Reason] != c.Reason ||
					line[names.HTTPBodyRead] != false || line[names.SeverityText] != "INFO" {
					t.Errorf("the access log line has %v", line)
				}
			})
		})
	}
	if called {
		t.Error("the service got a request without its body")
	}
	for _, line := range s.record.Lines(t, "") {
		if line[names.SeverityText] != "INFO" {
			t.Errorf("%v", line)
		}
	}
}

func TestTheServiceGetsTheWholeBody(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	var body []byte
	var got *http.Request
	s.upstream = func(_ http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		got = r
	}
	send := func(framing string) {
		t.Helper()
		res, _ := servetest.Exchange(t, s.url,
			"POST /v1/reservations HTTP/1.1\r\nHost: x\r\nAuthorization: "+headers.Get("Authorization")+"\r\n"+framing, false)
		if res.StatusCode != 200 {
			t.Fatalf("%q: status %d", framing, res.StatusCode)
		}
	}
	send("Transfer-Encoding: chunked\r\nTrailer: Jari-User-Id\r\nExpect: 100-continue\r\n\r\n" +
		"3\r\n{\"a\r\n5\r\n\":1} \r\n0\r\nJari-User-Id: forged\r\n\r\n")
	if string(body) != `{"a":1} ` || got.ContentLength != 8 || len(got.TransferEncoding)+len(got.Trailer) > 0 ||
		got.Header.Get("Expect") != "" {
		t.Errorf("the service got %q with length %d, %v, trailers %v, %v", body, got.ContentLength, got.TransferEncoding, got.Trailer, got.Header)
	}
	send("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	if len(body) > 0 || got.ContentLength != 0 {
		t.Errorf("the service got %q with length %d", body, got.ContentLength)
	}
	lines := s.record.Lines(t, names.EventAccess)
	if line := lines[len(lines)-1]; line[names.HTTPBodyRead] != true {
		t.Errorf("the access log line has %v", line)
	}
}
