package config

import (
	"log/slog"

	"jari.example/telemetry"
)

// Common is what every daemon can be told.
type Common struct {
	HTTPAddr     *string // nil for a daemon that serves no API
	OpsAddr      *string
	Region       *string
	OTLPEndpoint *string
	Telemetry    *string // TelemetryOff, TelemetryLogs or TelemetryAll
	TraceCeiling *int    // telemetry.Config's
	LogLevel     *slog.Level
}

// How much a process says of itself. Off is for measuring what the others cost:
// no line, no span, no metric.
const (
	TelemetryOff  = "off"
	TelemetryLogs = "logs"
	TelemetryAll  = "all"
)

// Common defines the flags of every daemon. An empty httpAddr defines no
// -http-addr.
func (s *Set) Common(httpAddr, opsAddr string) Common {
	var c Common
	if httpAddr != "" {
		c.HTTPAddr = s.Addr("http-addr", httpAddr, "address the API listens on")
	}
	c.OpsAddr = s.Addr("ops-addr", opsAddr, "address of /healthz, /readyz, /loglevel and /debug/pprof/")
	c.Region = s.String("cloud-region", "ap-northeast-2", "AWS region id, cloud.region in telemetry")
	c.OTLPEndpoint = s.URL("otlp-endpoint", "", "base URL of the agent's OTLP/HTTP receiver; empty: no spans, no metrics")
	c.Telemetry = s.OneOf("telemetry", TelemetryAll, "how much the process says of itself: off, logs or all; less only to measure what it costs",
		TelemetryOff, TelemetryLogs, TelemetryAll)
	c.TraceCeiling = s.Int("trace-ceiling", telemetry.DefaultTraceCeiling, "traces kept per second whatever becomes of them, above it only what fails or takes a second; negative: all")
	c.LogLevel = s.Level("log-level", slog.LevelInfo, "lowest level that is logged")
	return c
}
