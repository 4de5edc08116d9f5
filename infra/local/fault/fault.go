// Package fault injects faults into the local system, with effects that diners and
// the engineer on call notice.
//
//   - Environment faults are real: a database that refuses connections, a process that
//     hangs, a counter that is wrong. No service simulates anything.
//   - Application faults are feature flags that a service evaluates itself
//     (jari.example/internal/faultinject).
//
// The launcher has a Controller, which begins faults and ends each at its time. A fault
// always has an end: it is ended at the latest when the system is stopped, and after a
// launcher that was killed, when the system is started again.
package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// Fault is one way in which the system can be made to fail.
type Fault struct {
	Name   string
	What   string  // what it does, as a sentence without a subject
	Alerts []Alert // the rules of alerting/slos that it must make fire, under load

	Regional bool          // it is injected into one region; else into what both share
	Service  string        // the default of --service; "": it takes none
	Route    string        // the default of --route; "": it takes none
	Percent  int           // the default of --percent; 0: it takes none
	Delay    time.Duration // the default of --delay; 0: it takes none

	// plan decides what is changed, and stores in in.Undo what undo needs. It changes
	// nothing. nil: there is nothing to decide.
	plan func(ctx context.Context, t Target, in *Injection) error
	// begin makes the system fail until end is called. If it fails, nothing is changed, or
	// end undoes what may be. end is nil where there is nothing to end.
	begin func(ctx context.Context, t Target, in Injection) (end func(context.Context) error, err error)
	// undo ends a fault whose launcher was killed. It may be called for one that never
	// began. nil: the fault ends with its launcher.
	undo func(ctx context.Context, t Target, in Injection) error
	// undoAfter is the part that undo needs.
	undoAfter string
}

// begun is what the begin of a fault returns that changes nothing when it fails.
func begun(end func(context.Context) error, err error) (func(context.Context) error, error) {
	if err != nil {
		return nil, err
	}
	return end, nil
}

// Alert is a rule that a fault makes fire, with these flags; those that are empty have
// their defaults.
type Alert struct {
	Rule    string // metadata.name in alerting/slos, without the region at its end
	Service string
	Route   string
	Delay   time.Duration
}

// Target is the system into which faults are injected.
type Target struct {
	*parts.System
	Launcher
}

// Launcher does to parts what a fault needs; see launch.Supervisor.
type Launcher interface {
	Hold(part string, how launch.Hold, why string) (release func(), err error)
	Change(part string, change func(launch.Command) launch.Command, why string) (release func(), err error)
	Add(ctx context.Context, part launch.Part) (remove func(), err error)
}

// Request asks for a fault. Empty fields mean the fault's defaults.
type Request struct {
	Fault   string        `json:"fault"`
	Region  string        `json:"region,omitempty"` // kr, us or all; of a regional fault, default kr
	Service string        `json:"service,omitempty"`
	Route   string        `json:"route,omitempty"` // "POST /v1/reservations"
	Percent int           `json:"percent,omitempty"`
	Delay   time.Duration `json:"delay,omitempty"`
	For     time.Duration `json:"for,omitempty"`
}

// The limits of Request.For, and its default.
const (
	DefaultFor = 5 * time.Minute
	minFor     = time.Second
	maxFor     = 24 * time.Hour
)

// all is the value of --region for each region.
const all = "all"

// Injection is a fault that is on, in one region.
type Injection struct {
	Fault   string        `json:"fault"`
	Region  string        `json:"region,omitempty"` // "" for what the regions share
	Service string        `json:"service,omitempty"`
	Route   string        `json:"route,omitempty"`
	Percent int           `json:"percent,omitempty"`
	Delay   time.Duration `json:"delay,omitempty"`
	Since   time.Time     `json:"since"`
	Until   time.Time     `json:"until"`
	Problem string        `json:"problem,omitempty"` // why it could not be ended yet

	Undo map[string]string `json:"undo,omitempty"` // what ending it needs after the launcher was killed
}

// part is the name of the process that the injection is about.
func (in Injection) part() string { return in.Service + "-" + in.Region }

// Describe is the fault with its parameters, for people.
func (in Injection) Describe() string {
	text := []string{in.Fault}
	for _, p := range []struct{ name, value string }{
		{"region", in.Region}, {"service", in.Service}, {"route", in.Route},
	} {
		if p.value != "" {
			text = append(text, p.name+" "+p.value)
		}
	}
	if in.Percent > 0 {
		text = append(text, fmt.Sprintf("%d %%", in.Percent))
	}
	if in.Delay > 0 {
		text = append(text, in.Delay.String())
	}
	return strings.Join(text, ", ")
}

// same reports whether two injections fail the same thing in the same way.
func (in Injection) same(other Injection) bool {
	return in.Fault == other.Fault && in.Region == other.Region && in.Service == other.Service
}

// injections checks a request and returns what to inject from now on, one for each
// region. The error says what to write instead.
func (f Fault) injections(r Request, now time.Time) ([]Injection, error) {
	problems := []error{}
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	refuse(!f.Regional && r.Region != "" && r.Region != all, "%s takes no --region: the regions share what it affects", f.Name)
	refuse(f.Regional && r.Region != "" && r.Region != all && !slices.Contains(parts.Regions, r.Region),
		"--region is %q; it must be one of %s", r.Region, strings.Join(append(slices.Clone(parts.Regions), all), ", "))
	refuse(f.Service == "" && r.Service != "", "%s takes no --service", f.Name)
	refuse(f.Service != "" && r.Service != "" && !slices.Contains(services, r.Service),
		"--service is %q; it must be one of %s", r.Service, strings.Join(services, ", "))
	refuse(f.Route == "" && r.Route != "", "%s takes no --route", f.Name)
	refuse(f.Percent == 0 && r.Percent != 0, "%s takes no --percent", f.Name)
	refuse(f.Percent != 0 && (r.Percent < 0 || r.Percent > 100), "--percent is %d; it must be from 1 to 100", r.Percent)
	refuse(f.Delay == 0 && r.Delay != 0, "%s takes no --delay", f.Name)
	refuse(f.Delay != 0 && (r.Delay < 0 || r.Delay > time.Minute), "--delay is %s; it must be up to 1m", r.Delay)
	refuse(r.For != 0 && (r.For < minFor || r.For > maxFor), "--for is %s; it must be from %s to %s", r.For, minFor, maxFor)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	regions := []string{""}
	switch {
	case f.Regional && r.Region == all:
		regions = parts.Regions
	case f.Regional:
		regions = []string{cmp.Or(r.Region, parts.Regions[0])}
	}
	var ins []Injection
	for _, region := range regions {
		ins = append(ins, Injection{
			Fault: f.Name, Region: region,
			Service: cmp.Or(r.Service, f.Service), Route: f.route(r), Percent: cmp.Or(r.Percent, f.Percent),
			Delay: cmp.Or(r.Delay, f.Delay), Since: now, Until: now.Add(cmp.Or(r.For, DefaultFor)),
		})
	}
	return ins, nil
}

// route is the route of a request. The default belongs to the default service; another
// service is affected in all its routes.
func (f Fault) route(r Request) string {
	if r.Route == "" && r.Service != "" && r.Service != f.Service {
		return ""
	}
	return cmp.Or(r.Route, f.Route)
}

// services are the values of --service.
var services = []string{"gateway", "user", "reservation", "search", "indexer", "notification"}
