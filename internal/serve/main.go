package serve

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"

	"jari.example/internal/command"
	"jari.example/internal/config"
	"jari.example/internal/faultinject"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Program is a daemon's run function: what main does, independent of the
// process. It returns nil after a graceful stop and flag.ErrHelp after -help.
type Program func(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) error

// Main runs a program in the process that telemetry.Main sets up.
//
// It sets GOGC to 400 unless the environment has it: a service's live heap is
// some tens of megabytes and most garbage is per request, so the heap may grow
// to five times its live size before a collection (Go's default is two).
// Measured: a fifth more bookings a second over 1,000 slots.
//
// With the arguments `probe URL` the process asks that URL and ends: a container's health check
// has no other program than this one.
func Main(service string, run Program) {
	if len(os.Args) > 1 && os.Args[1] == "probe" {
		command.Main("probe", func(ctx context.Context, args []string, stdout, stderr io.Writer) error {
			return command.Probe(ctx, args[1:], stdout, stderr)
		})
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	telemetry.Main(service, func(ctx context.Context) error {
		return run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	})
}

// WithTelemetry starts telemetry as the common flags configure it, calls run, and
// flushes telemetry last.
func WithTelemetry(ctx context.Context, service string, c config.Common, stdout io.Writer, run func(*telemetry.Telemetry) error) error {
	endpoint := *c.OTLPEndpoint
	if *c.Telemetry != config.TelemetryAll {
		endpoint = ""
	}
	t, stop, err := telemetry.Start(ctx, telemetry.Config{
		Service: service, Version: *c.Version, Region: *c.Region, Endpoint: endpoint, Level: *c.LogLevel, Output: stdout,
		TraceCeiling: *c.TraceCeiling, Off: *c.Telemetry == config.TelemetryOff,
	})
	if err != nil {
		return err
	}
	stopFaults, err := startFaults(*c.FaultFlags, t)
	if err != nil {
		return errors.Join(err, stop(context.Background()))
	}
	runErr := run(t)
	stopFaults()
	// A failed flush loses the last spans of a process that ends anyway. It does
	// not make a graceful stop a failure.
	if err := stop(context.Background()); err != nil {
		t.Logger.Warn("telemetry flush failed", names.Exception, err.Error())
	}
	return runErr
}

// Migrated ends a process that was started to migrate its database's schema, after it has
// opened it.
func Migrated(t *telemetry.Telemetry) error {
	t.Logger.Info("the schema of the database is up to date")
	return nil
}

// startFaults lets the process fail as the flags of a file say, if there is one.
func startFaults(file string, t *telemetry.Telemetry) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	return faultinject.Start(file, t.Logger)
}
