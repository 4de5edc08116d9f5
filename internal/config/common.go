package config

import (
	"log/slog"

	"jari.example/telemetry"
)

// Common holds the flags that every daemon has.
type Common struct {
	HTTPAddr     *string // nil for a daemon that serves no API
	OpsAddr      *string
	Region       *string
	OTLPEndpoint *string
	Telemetry    *string // TelemetryOff, TelemetryLogs or TelemetryAll
	TraceCeiling *int    // see telemetry.Config
	LogLevel     *slog.Level
}

// The values of -telemetry. Off writes no log line, span or metric; it exists
// to measure what the others cost.
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
	c.Telemetry = s.OneOf("telemetry", TelemetryAll,
		"telemetry that the process sends: off, logs or all; less than all only to measure its cost",
		TelemetryOff, TelemetryLogs, TelemetryAll)
	c.TraceCeiling = s.Int("trace-ceiling", telemetry.DefaultTraceCeiling,
		"traces kept per second, and access log lines of each route of an inner service; above it fewer; negative: all")
	c.LogLevel = s.Level("log-level", slog.LevelInfo, "lowest level to log")
	return c
}
