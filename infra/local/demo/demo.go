// Package demo runs one scenario, with requests of diners and owners and an outage,
// against a running system. It prints each step with figures, and checks each: the first
// check that fails ends the demo with an error that has the expected and the
// observed result.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"jari.example/internal/wait"
)

// Config has the addresses of the running system, and the faults that the demo may
// inject.
type Config struct {
	Edge, Mailbox, Slack, OpenSearch string // base URLs
	OwnerEmail, OwnerPassword        string // of the owner that the seed created in the Korean region
	TimeScale                        int    // the factor by which the alerting windows are shortened

	OnCall func(ctx context.Context) (Person, error) // who is on call now, by the rota
	Fault  func(ctx context.Context, on bool) error  // on: the reservation database refuses connections
	// Kill kills a reservation process with SIGKILL during the rush; nil: no fault.
	// recovered waits until the launcher has restarted it, and returns its state.
	Kill func(ctx context.Context) (recovered func(context.Context) (state string, err error), err error)

	Out io.Writer

	hurry time.Duration // divides how long the demo waits, for tests; 0: nothing is divided
}

func (c Config) shorter(d time.Duration) time.Duration { return d / max(c.hurry, 1) }

// Person is somebody of the rota.
type Person struct{ Name, SlackID string }

// chapters in the order they run. Later ones use the state of earlier ones (diners
// who are logged in).
var chapters = []struct {
	name, title string
	run         func(*scenario, context.Context) error
}{
	{"diner", "A diner books a table and cancels", (*scenario).diner},
	{"line", "A sold-out slot and its waitlist", (*scenario).waitlist},
	{"rush", "300 diners book 20 covers at once", (*scenario).rush},
	{"rename", "An owner renames a restaurant", (*scenario).rename},
	{"regions", "The edge routes to two regions", (*scenario).regions},
	{"trace", "A booking's trace and log lines", (*scenario).trace},
	{"incident", "The database refuses connections: alert, acknowledgement and recovery", (*scenario).incident},
}

// Names lists the names of the chapters.
func Names() string {
	var names []string
	for _, c := range chapters {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// Run runs the chapters named in only, or all of them if it is empty.
func Run(ctx context.Context, cfg Config, only ...string) error {
	known := map[string]bool{}
	for _, c := range chapters {
		known[c.name] = true
	}
	selected := map[string]bool{}
	for _, name := range only {
		if !known[name] {
			return fmt.Errorf("there is no chapter %q; the chapters are: %s", name, Names())
		}
		selected[name] = true
	}
	start := time.Now()
	sc := &scenario{Config: cfg, runID: fmt.Sprintf("%06x", rand.N(1<<24)), chosen: map[string]bool{}}
	fmt.Fprintf(cfg.Out, "Demo: requests of diners and owners, and an outage, each with its checks, on the system at %s\n", cfg.Edge)
	done := 0
	for _, c := range chapters {
		if len(selected) > 0 && !selected[c.name] {
			continue
		}
		done++
		fmt.Fprintf(cfg.Out, "\n%d. %s\n", done, c.title)
		if err := c.run(sc, ctx); err != nil {
			fmt.Fprintf(cfg.Out, "   ✗ %v\n", err)
			return fmt.Errorf("chapter %q failed: %w", c.name, err)
		}
	}
	fmt.Fprintf(cfg.Out, "\nAll checks passed: %s, %s, %.0f s.\n",
		counted(done, "chapter"), counted(sc.checks, "check"), time.Since(start).Seconds())
	return nil
}

// counted is a number with its noun, whose plural ends in s.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// scenario is the state that the chapters share.
type scenario struct {
	Config
	runID  string // unique, so that e-mail addresses and search words differ between runs
	checks int
	diners []*user
	chosen map[string]bool // slots that emptySlot has returned
	rushed time.Time       // when all diners of the rush had a result; zero: there was none
}

// pass prints a step that has just been checked.
func (sc *scenario) pass(format string, args ...any) {
	sc.checks++
	fmt.Fprintf(sc.Out, "   ✓ "+format+"\n", args...)
}

// note prints a line without a check.
func (sc *scenario) note(format string, args ...any) {
	fmt.Fprintf(sc.Out, "     "+format+"\n", args...)
}

// permanent is an error that more waiting cannot resolve.
type permanent struct{ error }

// waitFor calls check every 100 ms until it is done, and returns how long that
// took. After limit, the error has what was awaited and what check saw last.
func (sc *scenario) waitFor(ctx context.Context, limit time.Duration, what string,
	check func() (done bool, seen string, err error)) (time.Duration, error) {
	start := time.Now()
	limit = sc.shorter(limit)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var done bool
	var seen string
	var err error
	waitErr := wait.Until(ctx, 100*time.Millisecond, func() bool {
		done, seen, err = check()
		_, isPermanent := errors.AsType[permanent](err)
		return done || isPermanent
	})
	switch {
	case done:
		return time.Since(start), nil
	case waitErr == nil:
		return 0, err
	case err != nil:
		seen = err.Error()
	}
	return 0, fmt.Errorf("waited %s for %s; last seen: %s", limit, what, seen)
}
