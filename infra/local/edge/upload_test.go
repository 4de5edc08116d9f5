package edge_test

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"jari.example/infra/local/edge"
	"jari.example/internal/requestbody/uploadtest"
)

func TestABrokenUploadIsNotTheGatewaysFailure(t *testing.T) {
	called := false
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	t.Cleanup(origin.Close)
	var logged bytes.Buffer
	s, err := edge.New(edge.Config{Country: "KR", Log: log.New(&logged, "", 0),
		Origins: map[string]*url.URL{"ap-northeast-2": parse(t, origin.URL)}})
	if err != nil {
		t.Fatal(err)
	}
	uploadtest.Run(t, s, "POST /v1/reservations HTTP/1.1\r\nContent-Type: application/json\r\n", func(*testing.T, uploadtest.Case) {})
	if called || logged.Len() > 0 {
		t.Errorf("the gateway got a part of a request: %v; the log has %s", called, &logged)
	}
}

// With nothing written, net/http would respond 200 to a viewer that has closed only its own side.
func TestAViewerThatDisconnectsIsNotToldOfASuccess(t *testing.T) {
	release := make(chan struct{})
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(origin.Close)
	t.Cleanup(func() { close(release) })
	at := start(t, edge.Config{Country: "KR", Origins: map[string]*url.URL{"ap-northeast-2": parse(t, origin.URL)}})
	for _, path := range []string{"/v1/reservations", "/v1/availability"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(at, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 499 ") {
			t.Errorf("%s: %s %v", path, got, err)
		}
	}
}

func TestAViewerCannotRemoveTheRegionThatTheFunctionChose(t *testing.T) {
	at := start(t, edge.Config{Country: "KR", Origins: map[string]*url.URL{"ap-northeast-2": gateway(t, "seoul")}})
	for _, headers := range [][]string{
		{"Connection", "keep-alive, jari-edge-region"},
		{"Connection", "Jari-Edge-Region", "Jari-Edge-Region", "ap-northeast-2"},
		{"Connection", "X-Forwarded-For"},
	} {
		_, body := request(t, "GET", at+"/v1/restaurants?party=9;x&q=50%", headers...)
		if !strings.HasPrefix(body, "seoul GET /v1/restaurants?party=9;x&q=50% mark=ap-northeast-2 for=127.0.0.1 ") {
			t.Errorf("%v: %q", headers, body)
		}
	}
}
