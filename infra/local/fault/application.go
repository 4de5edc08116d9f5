package fault

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"jari.example/internal/faultinject"
	"jari.example/internal/flags"
)

// applicationFaults are feature flags in the file of one process, which evaluates them
// itself.
var applicationFaults = []Fault{
	flagged(Fault{
		Name: faultinject.RouteErrors, Service: "reservation", Route: "POST /v1/reservations", Percent: 20,
		What:   "a share of a route's requests gets 500",
		Alerts: []Alert{{Rule: "booking-availability"}},
	}, faultinject.RouteErrors, func(in Injection) any {
		return faultinject.Route{Route: in.Route, Percent: float64(in.Percent)}
	}),
	flagged(Fault{
		Name: faultinject.RouteDelay, Service: "reservation", Route: "POST /v1/reservations", Percent: 100, Delay: 1500 * time.Millisecond,
		What: "a route's requests take longer",
		Alerts: []Alert{
			{Rule: "booking-latency"},
			{Rule: "login-latency", Service: "user", Route: "POST /internal/credentials/verify", Delay: 4 * time.Second},
		},
	}, faultinject.RouteDelay, func(in Injection) any {
		return faultinject.Route{Route: in.Route, Percent: float64(in.Percent), DelayMS: int(in.Delay.Milliseconds())}
	}),
	flagged(Fault{
		Name: faultinject.RoutePanics, Service: "reservation", Route: "POST /v1/reservations", Percent: 10,
		What:   "a share of a route's requests panics",
		Alerts: []Alert{{Rule: "booking-availability"}},
	}, faultinject.RoutePanics, func(in Injection) any {
		return faultinject.Route{Route: in.Route, Percent: float64(in.Percent)}
	}),
	flagged(Fault{
		Name: "outbox-stopped", What: "the relay that delivers the reservation service's events does nothing",
		Alerts: []Alert{{Rule: "outbox-stuck"}},
	}, faultinject.WorkerStopped, func(Injection) any { return faultinject.Worker{Worker: "outbox relay"} }),
	flagged(Fault{
		Name: faultinject.PoolBusy, Service: "reservation",
		What: "callers without any use take connections of a service's pool for 10 ms, again and again: every connection is always in use, " +
			"and at least four callers wait for one",
		Alerts: []Alert{{Rule: "pool-saturated"}},
	}, faultinject.PoolBusy, func(Injection) any { return faultinject.Pool{Waiting: 4, HoldMS: 10} }),
	flagged(Fault{
		Name: faultinject.MemoryLeak, Service: "reservation", What: "a process leaks 20 MiB of memory a second, up to 512 MiB",
	}, faultinject.MemoryLeak, func(Injection) any { return faultinject.Leak{PerSecond: 20 << 20, Limit: 512 << 20} }),
	flagged(Fault{
		Name: faultinject.GoroutineLeak, Service: "reservation", What: "a process leaks 1,000 goroutines a second, up to 100,000",
	}, faultinject.GoroutineLeak, func(Injection) any { return faultinject.Leak{PerSecond: 1000, Limit: 100_000} }),
	flagged(Fault{
		Name: faultinject.LogFlood, Service: "reservation", What: "a process writes 500 log lines a second that say nothing",
	}, faultinject.LogFlood, func(Injection) any { return faultinject.Leak{PerSecond: 500} }),
}

// flagged completes a fault that is a feature flag.
func flagged(f Fault, key string, value func(Injection) any) Fault {
	f.Regional = true
	off := func(t Target, in Injection) error { return SetFlag(t.FaultFlagsFile(in.process()), key, nil) }
	f.begin = func(_ context.Context, t Target, in Injection) (func(context.Context) error, error) {
		end := func(context.Context) error { return off(t, in) }
		return begun(end, SetFlag(t.FaultFlagsFile(in.process()), key, value(in)))
	}
	f.undo = func(_ context.Context, t Target, in Injection) error { return off(t, in) }
	return f
}

// process is the name of the part whose process has the flag.
func (in Injection) process() string {
	if in.Service == "" {
		in.Service = "reservation"
	}
	return in.part()
}

// flagFiles guards the files of all processes: a fault may switch a flag again and again while another one
// changes the same file.
var flagFiles sync.Mutex

// SetFlag switches a flag of a file on with a value, or off with nil. A file without
// flags is removed.
func SetFlag(path, key string, value any) error {
	flagFiles.Lock()
	defer flagFiles.Unlock()
	var file flags.Definitions
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &file)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if file.Flags == nil {
		file.Flags = map[string]flags.Definition{}
	}
	if value == nil {
		delete(file.Flags, key)
	} else {
		file.Flags[key] = flags.Definition{State: "ENABLED", DefaultVariant: "on", Variants: map[string]any{"on": value}}
	}
	if len(file.Flags) > 0 {
		return writeJSON(path, file)
	}
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
