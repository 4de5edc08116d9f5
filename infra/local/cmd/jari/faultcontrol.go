package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// faultsFile keeps the injected faults of the system in dir that are on.
func faultsFile(dir string) string { return filepath.Join(dir, "run", "faults.json") }

// injection is what the launcher needs to inject faults.
type injection struct {
	*fault.Controller
	launcher struct{ *launch.Supervisor } // set before a fault can begin
}

// newInjection lets the start of all, which has not begun, undo what an earlier launcher
// left on.
func newInjection(sys *parts.System, all []launch.Part) (*injection, error) {
	if err := os.MkdirAll(sys.LogDir(), 0o755); err != nil {
		return nil, err
	}
	// The agent follows it, as it does the logs of services: parts.System.LogGlob.
	out, err := os.OpenFile(filepath.Join(sys.LogDir(), "launcher-events.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	i := &injection{}
	i.Controller = fault.NewController(fault.Faults(), fault.Target{System: sys, Launcher: &i.launcher}, faultsFile(sys.Dir), reporter(out))
	return i, i.UndoAtStart(all)
}

// reporter writes a line for each change of a fault.
func reporter(out io.Writer) func(on bool, in fault.Injection) {
	loggers := map[string]*slog.Logger{"": telemetry.NewLogger(out, names.ServiceLauncher, "")}
	for _, region := range parts.Regions {
		loggers[region] = telemetry.NewLogger(out, names.ServiceLauncher, names.Regions[region])
	}
	return func(on bool, in fault.Injection) {
		event, text := names.EventFaultEnded, "injected fault ended: "
		if on {
			event, text = names.EventFaultBegan, "injected fault began: "
		}
		loggers[in.Region].Warn(text+in.Describe(), names.EventName, event, names.Fault, in.Fault, names.FaultUntil, in.Until)
	}
}
