package telemetry

import (
	"io"
	"log/slog"

	"github.com/google/uuid"

	"jari.example/telemetry/jsonlog"
)

// NewLogger returns a logger whose lines are those of Start, for a program that
// has no other telemetry. region may be "".
func NewLogger(w io.Writer, service, region string) *slog.Logger {
	id := jsonlog.Identity{Service: service, Instance: uuid.NewString(), Version: buildVersion(), Region: region}
	return slog.New(jsonlog.New(w, id, slog.LevelInfo))
}
