package serve_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"jari.example/internal/serve"
)

func TestHTTPServesHealthAndFinishesRequestsInFlight(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + l.Addr().String()
	arrived, release := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		_, _ = io.WriteString(w, "finished")
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve.HTTP(ctx, slog.New(slog.DiscardHandler), l, h, 10*time.Second) }()

	for path, want := range map[string]string{"/healthz": `{"status":"live"}`, "/readyz": `{"status":"ready"}`} {
		if got := body(t, base+path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	result := make(chan string, 1)
	go func() { result <- body(t, base+"/slow") }()
	<-arrived
	stop()
	close(release)
	if got := <-result; got != "finished" {
		t.Errorf("the request in flight got %q", got)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not stop")
	}
}

func body(t *testing.T, url string) string {
	res, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSpace(string(b))
}
