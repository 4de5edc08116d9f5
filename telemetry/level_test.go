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

func TestTheLevelIsChangedWhileTheProcessRuns(t *testing.T) {
	r := telemetrytest.Start(t)
	h := r.Telemetry.LevelHandler()
	answer := func(method, body string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, telemetry.LevelPath, strings.NewReader(body)))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	for _, step := range []struct{ method, body, want, told string }{
		{"GET", "", `{"level":"DEBUG"}`, ""},
		{"PUT", `{"level":"error"}`, `{"level":"ERROR"}`, "the log level is ERROR now, was DEBUG"},
		{"PUT", `{"level":"WARN"}`, `{"level":"WARN"}`, "the log level is WARN now, was ERROR"},
		{"PUT", `{"level":"Info"}`, `{"level":"INFO"}`, "the log level is INFO now, was WARN"},
		{"GET", "", `{"level":"INFO"}`, ""},
	} {
		before := len(r.Lines(t, names.EventLevelChanged))
		if code, got := answer(step.method, step.body); code != http.StatusOK || got != step.want {
			t.Errorf("%s %s: %d %s", step.method, step.body, code, got)
		}
		told := r.Lines(t, names.EventLevelChanged)[before:]
		if step.told == "" && len(told) > 0 || step.told != "" && (len(told) != 1 || told[0][names.Body] != step.told) {
			t.Errorf("%s %s is told as %v", step.method, step.body, told)
		}
	}
	r.Logger.Debug("hidden")
	r.Logger.With("k", "v").Info("shown")
	if out := r.Output(); strings.Contains(out, "hidden") || !strings.Contains(out, "shown") {
		t.Error("the level does not hold")
	}
	for _, body := range []string{"", "debug", `{"level":"loud"}`, `{"level":"INFO+2"}`, `{"level":""}`, `{"Level":4}`, `{"level":"info","for":"1h"}`, `{"level":"` + strings.Repeat("x", 2000) + `"}`} {
		code, got := answer("PUT", body)
		if code != http.StatusBadRequest || !strings.Contains(got, `\"debug\"`) {
			t.Errorf("%.40s: %d %s", body, code, got)
		}
	}
	if code, _ := answer("DELETE", ""); code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", code)
	}
	if _, got := answer("GET", ""); got != `{"level":"INFO"}` {
		t.Errorf("a refused change left %s", got)
	}
}
