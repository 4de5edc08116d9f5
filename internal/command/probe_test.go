package command

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProbeFailsUnlessTheResponseIs200(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	for _, c := range []struct{ args, want string }{
		{server.URL + "/healthz", ""},
		{server.URL + "/readyz", "503"},
		{"http://127.0.0.1:1/healthz", "refused"},
		{"", "usage"},
	} {
		err := Probe(t.Context(), strings.Fields(c.args), io.Discard, io.Discard)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("probe %q: %v, want %q", c.args, err, c.want)
		}
	}
}
