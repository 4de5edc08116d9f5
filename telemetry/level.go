package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"jari.example/telemetry/names"
)

// LevelPath is where LevelHandler wants to be on the ops port.
const LevelPath = "/loglevel"

var levels = map[string]slog.Level{
	"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError,
}

// LevelHandler tells and changes the lowest level that is logged, until the
// process ends:
//
//	GET /loglevel                     200 {"level":"INFO"}
//	PUT /loglevel {"level":"debug"}   200 {"level":"DEBUG"}, or 400 with what is allowed
//
// A change is logged. It belongs on the ops port, where no user comes.
func (t *Telemetry) LevelHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+LevelPath, func(w http.ResponseWriter, _ *http.Request) { t.tellLevel(w) })
	mux.HandleFunc("PUT "+LevelPath, func(w http.ResponseWriter, r *http.Request) {
		level, err := readLevel(http.MaxBytesReader(w, r.Body, 1<<10))
		if err != nil {
			refuseLevel(w, err)
			return
		}
		t.setLevel(r, level)
		t.tellLevel(w)
	})
	return mux
}

func readLevel(body io.Reader) (slog.Level, error) {
	var asked struct {
		Level string `json:"level"`
	}
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		return 0, fmt.Errorf("the body cannot be read: %w", err)
	}
	level, ok := levels[strings.ToUpper(asked.Level)]
	if !ok {
		return 0, fmt.Errorf("there is no level %q", asked.Level)
	}
	return level, nil
}

// setLevel says so while the finer of both levels holds, or nobody would read it.
func (t *Telemetry) setLevel(r *http.Request, level slog.Level) {
	before := t.Level.Level()
	finer := min(before, level)
	t.Level.Set(finer)
	t.Logger.Log(r.Context(), max(finer, slog.LevelInfo), fmt.Sprintf("the log level is %s now, was %s", level, before),
		names.EventName, names.EventLevelChanged)
	t.Level.Set(level)
}

func (t *Telemetry) tellLevel(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"level": t.Level.Level().String()})
}

func refuseLevel(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"type": "about:blank", "title": http.StatusText(http.StatusBadRequest), "status": http.StatusBadRequest, "reason": "invalid_level",
		"detail": err.Error() + `; send {"level": "debug"}, "info", "warn" or "error"`,
	})
}
