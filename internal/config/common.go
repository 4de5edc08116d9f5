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
	Version      *string // service.version; "" for the commit of the build
	OTLPEndpoint *string
	Telemetry    *string // TelemetryOff, TelemetryLogs or TelemetryAll
	TraceCeiling *int    // see telemetry.Config
	LogLevel     *slog.Level
	FaultFlags   *string // see package faultinject; "" for none
}

// Production is the value of -environment in which -fault-flags is refused unless
// -fault-flags-in-production allows it. It is the default, so that a deployment that
// forgets to say where it runs is safe.
const Production = "production"

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
	c.Version = s.String("service-version", "", "the release, service.version in telemetry; empty: the commit that the program was built from")
	c.OTLPEndpoint = s.URL("otlp-endpoint", "", "base URL of the agent's OTLP/HTTP receiver; empty: no spans, no metrics")
	c.Telemetry = s.OneOf("telemetry", TelemetryAll,
		"telemetry that the process sends: off, logs or all; less than all only to measure its cost",
		TelemetryOff, TelemetryLogs, TelemetryAll)
	c.TraceCeiling = s.Int("trace-ceiling", telemetry.DefaultTraceCeiling,
		"traces kept per second, and access log lines of each route of an inner service; above it fewer; negative: all")
	c.LogLevel = s.Level("log-level", slog.LevelInfo, "lowest level to log")
	environment := s.String("environment", Production, "where the process runs, such as production, staging or local")
	c.FaultFlags = s.String("fault-flags", "",
		"JSON file of feature flags that make this process fail on purpose, read again when it changes; empty: none")
	allowed := s.OneOf("fault-flags-in-production", "refused", "whether -fault-flags may be given in production", "refused", "allowed")
	s.checks = append(s.checks, func() {
		s.Require(*environment != "", "-environment must not be empty")
		s.Require(*c.FaultFlags == "" || *environment != Production || *allowed == "allowed",
			"-fault-flags makes the process fail on purpose, and -environment is production: leave the flag out, "+
				"name another environment, or allow it with -fault-flags-in-production allowed")
	})
	return c
}
