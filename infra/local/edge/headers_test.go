package edge_test

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/local/edge"
)

func TestThePageLoadsOnlyItsOwnFilesAndIsNeverFramed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.html", "<!doctype html><title>Jari</title>")
	write(t, filepath.Join(dir, "assets"), "app-1a2b.js", "1")
	at := start(t, edge.Config{Web: dir, Origins: map[string]*url.URL{"us-east-1": parse(t, "http://127.0.0.1:1")}})
	for _, path := range []string{"/", "/reservations", "/assets/app-1a2b.js", "/assets/gone.js"} {
		h, _ := request(t, "GET", at+path)
		policy := h.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'",
			"frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || h.Header.Get("X-Content-Type-Options") != "nosniff" ||
			h.Header.Get("Referrer-Policy") != "same-origin" || h.Header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: %v", path, h.Header)
		}
	}
	if h, _ := request(t, "GET", at+"/v1/restaurants"); h.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a problem of the edge: %v", h.Header)
	}
}
