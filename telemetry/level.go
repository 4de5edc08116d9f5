package telemetry

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"jari.example/telemetry/names"
)

// LevelPath is the path at which the ops port serves LevelHandler.
const LevelPath = "/loglevel"

var levels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError,
}

// LevelHandler returns and changes the lowest level that is logged, until the
// process ends:
//
//	GET /loglevel                     200 {"level":"INFO"}
//	PUT /loglevel {"level":"debug"}   200 {"level":"DEBUG"}, or 400 with the levels allowed
//
// A change is logged. The handler belongs on the ops port, which users cannot reach.
func (t *Telemetry) LevelHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+LevelPath, func(w http.ResponseWriter, _ *http.Request) { t.writeLevel(w) })
	mux.HandleFunc("PUT "+LevelPath, func(w http.ResponseWriter, r *http.Request) {
		level, err := readLevel(http.MaxBytesReader(w, r.Body, 1<<10))
		if err != nil {
			writeLevelProblem(w, err)
			return
		}
		t.setLevel(r, level)
		t.writeLevel(w)
	})
	return mux
}

func readLevel(body io.Reader) (slog.Level, error) {
	var request struct {
		Level string `json:"level"`
	}
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return 0, fmt.Errorf("the body cannot be decoded: %w", err)
	}
	level, ok := levels[strings.ToUpper(request.Level)]
	if !ok {
		return 0, fmt.Errorf("there is no level %q", request.Level)
	}
	return level, nil
}

// setLevel logs the change at the lower of both levels, or it could be invisible.
func (t *Telemetry) setLevel(r *http.Request, level slog.Level) {
	before := t.Level.Level()
	lower := min(before, level)
	t.Level.Set(lower)
	t.Logger.Log(r.Context(), max(lower, slog.LevelInfo), fmt.Sprintf("log level changed from %s to %s", before, level),
		names.EventName, names.EventLevelChanged)
	t.Level.Set(level)
}

func (t *Telemetry) writeLevel(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"level": t.Level.Level().String()})
}

func writeLevelProblem(w http.ResponseWriter, err error) {
	status, reason := http.StatusBadRequest, "invalid_level"
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		status, reason = http.StatusRequestEntityTooLarge, "body_too_large"
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "reason": reason,
		"detail": err.Error() + `; send {"level": "debug"}, "info", "warn" or "error"`,
	})
}
