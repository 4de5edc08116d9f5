package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestServesUntilItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"--addr", "127.0.0.1:0"}, func(string) string { return "" }, w, io.Discard)
	}()
	line := make([]byte, 100)
	n, err := r.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "listening on "))
	resp, err := http.Get(address + "/healthz")
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%v %v", resp, err)
	}
	resp.Body.Close()
	if resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("health is reported as %q", resp.Header.Get("Content-Type"))
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestABadAddressIsReportedAtStart(t *testing.T) {
	err := run(t.Context(), []string{"--opensearch-url", "nonsense"}, func(string) string { return "" }, io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "-opensearch-url") {
		t.Error(err)
	}
}
