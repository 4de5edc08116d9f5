package main

import (
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"jari.example/internal/fault"
	"jari.example/internal/serve/servetest"
	"jari.example/services/gateway"
	"jari.example/services/internal/httpjson"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func TestReportsAllMistakesTogether(t *testing.T) {
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), []string{"--user-url", "x", "--redis-url", "y", "--refresh-key-file", short},
		func(string) string { return "" }, io.Discard, io.Discard)
	for _, want := range []string{"user-url", "redis-url", "refresh-key-file"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not reported in: %v", want, err)
		}
	}
	if err := run(t.Context(), []string{"--signing-key-file", short}, func(string) string { return "" }, io.Discard,
		io.Discard); err == nil || !strings.Contains(err.Error(), "signing-key-file") {
		t.Errorf("a bad signing key: %v", err)
	}
}

func TestServesWithoutOtherServices(t *testing.T) {
	redis := miniredis.RunT(t)
	d := servetest.Start(t, run, "--redis-url", "redis://"+redis.Addr(), "--user-url", "http://127.0.0.1:1", "--search-url",
		"http://127.0.0.1:1")
	keys, err := httpjson.Call[gateway.KeySet](t.Context(), http.DefaultClient, "GET", d.URL+"/.well-known/jwks.json", nil)
	if err != nil || len(keys.Keys) != 1 || keys.Keys[0].Alg != "ES256" {
		t.Errorf("got %+v, %v", keys, err)
	}
	for _, c := range []struct {
		method, path string
		body         any
		want         fault.Code
	}{
		{"POST", "/v1/sessions", map[string]string{"email": "a@b.c", "password": "x"}, fault.Unavailable},
		{"GET", "/v1/restaurants", nil, fault.Unavailable},
		{"GET", "/v1/reservations", nil, fault.Unauthenticated},
		{"GET", "/internal/users/x", nil, fault.NotFound},
	} {
		if _, err := httpjson.Call[any](t.Context(), http.DefaultClient, c.method, d.URL+c.path, c.body); fault.CodeOf(err) != c.want {
			t.Errorf("%s %s: %v, want %s", c.method, c.path, err, c.want)
		}
	}
}
