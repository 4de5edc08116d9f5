// Package demo plays one evening at Jari against a running system and prints
// it as a story with figures. Every line is checked: the first one that does
// not hold ends the story with an error that says what was expected and what
// was seen.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// Config says where the running system is and what the demo may do to it.
type Config struct {
	Edge, Mailbox, Slack, OpenSearch string // base URLs
	OwnerEmail, OwnerPassword        string // of the Korean region's seeded owner
	TimeScale                        int    // by how much alerting's windows are shortened

	Fault func(ctx context.Context, on bool) error // reservation's database refuses connections
	// Kill is kill -9 of a reservation process; nil: the rush is undisturbed. back
	// waits until the launcher has it running again, and returns its state.
	Kill func(ctx context.Context) (back func(context.Context) (state string, err error), err error)

	Out io.Writer
}

// chapters in the order they are told. Later ones use what earlier ones left
// in the evening (diners who are logged in, a restaurant that was found).
var chapters = []struct {
	name, title string
	play        func(*evening, context.Context) error
}{
	{"diner", "A diner books a table, and changes her mind", (*evening).diner},
	{"line", "A full room, and somebody who waits", (*evening).line},
	{"rush", "Three hundred diners, twenty covers", (*evening).rush},
	{"rename", "An owner renames her restaurant", (*evening).rename},
	{"regions", "One door, two countries", (*evening).regions},
	{"trace", "What happened to that booking?", (*evening).trace},
	{"incident", "The database stops answering", (*evening).incident},
}

// Names lists the chapters that only may name.
func Names() string {
	var names []string
	for _, c := range chapters {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// Run plays the chapters named in only, or all of them when it is empty.
func Run(ctx context.Context, cfg Config, only ...string) error {
	known := map[string]bool{}
	for _, c := range chapters {
		known[c.name] = true
	}
	want := map[string]bool{}
	for _, name := range only {
		if !known[name] {
			return fmt.Errorf("there is no chapter %q; choose from: %s", name, Names())
		}
		want[name] = true
	}
	start := time.Now()
	e := &evening{Config: cfg, tag: fmt.Sprintf("%06x", rand.N(1<<24))}
	fmt.Fprintf(cfg.Out, "An evening at Jari, told by the system at %s\n", cfg.Edge)
	told := 0
	for _, c := range chapters {
		if len(want) > 0 && !want[c.name] {
			continue
		}
		told++
		fmt.Fprintf(cfg.Out, "\n%d. %s\n", told, c.title)
		if err := c.play(e, ctx); err != nil {
			fmt.Fprintf(cfg.Out, "   ✗ %v\n", err)
			return fmt.Errorf("chapter %q did not hold: %w", c.name, err)
		}
	}
	fmt.Fprintf(cfg.Out, "\nEvery line held. %d chapters, %d checks, %.0f s.\n", told, e.checks, time.Since(start).Seconds())
	return nil
}

// evening is the state a story carries from chapter to chapter.
type evening struct {
	Config
	tag    string // makes this evening's diners and words unlike those of other runs
	checks int
	crowd  []*person
}

// say prints a line whose claim has just been checked.
func (e *evening) say(format string, args ...any) {
	e.checks++
	fmt.Fprintf(e.Out, "   ✓ "+format+"\n", args...)
}

// note prints a line that claims nothing.
func (e *evening) note(format string, args ...any) {
	fmt.Fprintf(e.Out, "     "+format+"\n", args...)
}

// never is an error that no waiting mends.
type never struct{ error }

// until asks again every 100 ms until done, and returns how long it took.
// The error says what was awaited and what the last look found.
func until(ctx context.Context, limit time.Duration, what string, look func() (done bool, seen string, err error)) (time.Duration, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		done, seen, err := look()
		if done {
			return time.Since(start), nil
		}
		if broken, ok := errors.AsType[never](err); ok {
			return 0, broken
		}
		if err != nil {
			seen = err.Error()
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("waited %s for %s; last seen: %s", limit, what, seen)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
