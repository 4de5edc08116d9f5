package site_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"jari.example/infra/local/site"
)

func TestServePrintsItsAddressAndHasHealthEndpoints(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, stdout := io.Pipe()
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "a page") })
	ended := make(chan error, 1)
	go func() { ended <- site.Serve(ctx, "127.0.0.1:0", h, stdout, io.Discard) }()
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("it printed %q, %v", line, err)
	}
	for path, want := range map[string]string{"/healthz": `{"status":"live"}`, "/readyz": `{"status":"ready"}`, "/else": "a page"} {
		resp, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := strings.TrimSpace(string(b)); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestServeRefusesAnImpossibleAddress(t *testing.T) {
	if err := site.Serve(t.Context(), "127.0.0.1:999999", http.NotFoundHandler(), io.Discard, io.Discard); err == nil {
		t.Error("no error")
	}
}
