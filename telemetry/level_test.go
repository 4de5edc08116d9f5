package telemetry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestChangesTheLevelWhileTheProcessRuns(t *testing.T) {
	r := telemetrytest.Start(t)
	h := r.Telemetry.LevelHandler()
	request := func(method, body string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, telemetry.LevelPath, strings.NewReader(body)))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	for _, step := range []struct{ method, body, want, logged string }{
		{"GET", "", `{"level":"DEBUG"}`, ""},
		{"PUT", `{"level":"error"}`, `{"level":"ERROR"}`, "log level changed from DEBUG to ERROR"},
		{"PUT", `{"level":"WARN"}`, `{"level":"WARN"}`, "log level changed from ERROR to WARN"},
		{"PUT", `{"level":"Info"}`, `{"level":"INFO"}`, "log level changed from WARN to INFO"},
		{"GET", "", `{"level":"INFO"}`, ""},
	} {
		before := len(r.Lines(t, names.EventLevelChanged))
		if code, got := request(step.method, step.body); code != http.StatusOK || got != step.want {
			t.Errorf("%s %s: %d %s", step.method, step.body, code, got)
		}
		logged := r.Lines(t, names.EventLevelChanged)[before:]
		if step.logged == "" && len(logged) > 0 || step.logged != "" && (len(logged) != 1 || logged[0][names.Body] != step.logged) {
			t.Errorf("%s %s is logged as %v", step.method, step.body, logged)
		}
	}
	r.Logger.Debug("hidden")
	r.Logger.With("k", "v").Info("shown")
	if out := r.Output(); strings.Contains(out, "hidden") || !strings.Contains(out, "shown") {
		t.Error("the level is not applied")
	}
	tooLarge := `{"level":"` + strings.Repeat("x", 2000) + `"}`
	for _, body := range []string{
		"", "debug", `{"level":"loud"}`, `{"level":"INFO+2"}`, `{"level":""}`, `{"Level":4}`, `{"level":"info","for":"1h"}`, tooLarge,
	} {
		want := http.StatusBadRequest
		if body == tooLarge {
			want = http.StatusRequestEntityTooLarge
		}
		code, got := request("PUT", body)
		if code != want || !strings.Contains(got, `\"debug\"`) {
			t.Errorf("%.40s: %d %s", body, code, got)
		}
	}
	if code, _ := request("DELETE", ""); code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", code)
	}
	if _, got := request("GET", ""); got != `{"level":"INFO"}` {
		t.Errorf("after a refused change the level is %s", got)
	}
}
