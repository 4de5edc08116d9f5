package telemetry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestRecoveredLogsAPanicAndRespondsWith500(t *testing.T) {
	r := telemetrytest.Start(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(http.ResponseWriter, *http.Request) { panic("no database") })
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	h := telemetry.Recovered(r.Logger, mux)
	for path, want := range map[string]int{"/readyz": http.StatusInternalServerError, "/healthz": http.StatusOK} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	lines := r.Lines(t, names.EventPanic)
	if len(lines) != 1 || lines[0][names.Body] != "panic in GET /readyz" ||
		lines[0][names.Exception] != "no database" || !strings.Contains(lines[0][names.Stacktrace].(string), "panic_test.go") {
		t.Errorf("got %v", lines)
	}
}
