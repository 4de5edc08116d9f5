package site_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/infra/local/site"
)

func TestAPageEscapesWhatItIsGiven(t *testing.T) {
	w := httptest.NewRecorder()
	site.NewPage(`<p>{{.}}</p>`, nil).Write(w, 404, site.View{Title: "<b>", Refresh: 3, Data: "<script>"})
	body := w.Body.String()
	if w.Code != 404 || !strings.Contains(body, "<p>&lt;script&gt;</p>") || strings.Contains(body, "<title><b>") || !strings.Contains(body, `content="3"`) {
		t.Errorf("%d %s", w.Code, body)
	}
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page may load things from elsewhere")
	}
}

func TestServingEndsWithItsContextAndLetsRequestsFinish(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { close(entered); <-leave; io.WriteString(w, "done") })
	ctx, stop := context.WithCancel(t.Context())
	var out bytes.Buffer
	served := make(chan error, 1)
	go func() { served <- site.ServeOn(ctx, l, h, &out) }()

	base := "http://" + l.Addr().String()
	if resp, err := http.Get(base + "/healthz"); err != nil || resp.StatusCode != 200 {
		t.Fatalf("healthz: %v %v", resp, err)
	}
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get(base + "/slow")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		answer <- string(b)
	}()
	<-entered
	stop()
	close(leave)
	if got := <-answer; got != "done" {
		t.Errorf("the request under way got %q", got)
	}
	select {
	case err := <-served:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not stop")
	}
	if !strings.HasPrefix(out.String(), "listening on http://127.0.0.1:") {
		t.Errorf("it said %q", out.String())
	}
	if err := site.Serve(t.Context(), "127.0.0.1:999999", h, &out); err == nil {
		t.Error("an address that cannot be had must be an error")
	}
}
