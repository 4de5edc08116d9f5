package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"jari.example/infra/bench/chaosalerting/outcome"
)

const (
	channels = 50
	// shortLease is the lease of a daemon that is killed again and again: after each
	// kill the next one has to wait for its end.
	shortLease = 2 * time.Second
)

// point is where the daemon is killed: before a numbered step of notify.Relay, or
// within step 4, before the simulator has applied the call or after it.
type point struct {
	step   int
	within moment // "": before the step
	kind   string
}

func (p point) String() string {
	if p.within != "" {
		return fmt.Sprintf("in step 4, %s the call of a %s is applied", p.within, p.kind)
	}
	return fmt.Sprintf("before step %d of a %s", p.step, p.kind)
}

// points are all of them. Updates come last, because they come last in an incident.
func points() (all []point) {
	for _, kind := range []string{"post", "reply", "update"} {
		for _, step := range []int{2, 3, 4, 5} {
			all = append(all, point{step: step, kind: kind})
		}
		all = append(all, point{4, beforeApplied, kind}, point{4, afterApplied, kind})
	}
	return all
}

// delivery is the campaign of that name, or its control.
type delivery struct {
	sys       *system
	w         *workspace
	database  string
	incidents int
	kills     int // rounds of kills at every point
	without   string
	period    time.Duration // in which the incidents open
	pause     time.Duration // mean time between two transitions of an incident
	// calmAfter is how long after the last transition the simulator ends its faults. What
	// has failed often by then would be tried once in half a minute.
	calmAfter time.Duration
	progress  func(format string, args ...any)

	mu      sync.Mutex
	current *replica
	killed  int
}

// run lets incidents happen, kills the daemon meanwhile and compares.
func (c *delivery) run(ctx context.Context, seed uint64) (r row, findings []string, err error) {
	if err := c.sys.newDatabase(ctx, c.database); err != nil {
		return r, nil, err
	}
	var names []string
	for n := range channels {
		names = append(names, fmt.Sprintf("chaos-%02d", n))
	}
	if c.w, err = newWorkspace(ctx, append(names, "incidents", "tickets")); err != nil {
		return r, nil, err
	}
	defer c.w.stop()
	if err := c.injectFaults(ctx, seed); err != nil {
		return r, nil, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	supervised := make(chan error, 1)
	go func() { supervised <- c.supervise(running) }()
	if err := c.sys.awaitLease(ctx, c.database); err != nil {
		return r, nil, err
	}
	killing := make(chan error, 1)
	go func() { killing <- c.killEverywhere(running) }()
	incidents, err := c.feed(ctx, seed, killing)
	if err != nil {
		return r, nil, err
	}
	c.progress("%s: every incident has ended; waiting for the last messages", c.database)
	if err := c.calm(ctx); err != nil {
		return r, nil, err
	}
	expected, err := c.sys.expected(ctx, c.database)
	if err != nil {
		return r, nil, err
	}
	stop()
	if err := <-supervised; err != nil {
		return r, nil, err
	}
	found, err := c.w.messages(ctx)
	if err != nil {
		return r, nil, err
	}
	d, calls := outcome.Compare(expected, found), c.w.recordedCalls()
	r = row{
		Campaign: "delivery", Incidents: len(expected), Lost: d.Lost + incidents - len(expected), Duplicates: d.Duplicates,
		Early: outcome.Early(calls), Requests: len(calls), Limited: outcome.Limited(calls), Kills: c.killed,
	}
	return r, d.Findings, nil
}

// injectFaults makes the simulator fail at random, as the issue of this campaign asks:
// 65 of 100 posts and updates, and some searches.
func (c *delivery) injectFaults(ctx context.Context, seed uint64) error {
	random := fault{"seed": seed, "rate_limit": 0.3, "error": 0.2, "drop_reply": 0.1, "limited_reply": 0.05}
	if err := c.w.inject(ctx, fault{"random": random}); err != nil {
		return err
	}
	for _, method := range []string{"conversations.history", "conversations.replies"} {
		if err := c.w.inject(ctx, fault{"method": method, "random": fault{"seed": seed + 1, "rate_limit": 0.1, "error": 0.05}}); err != nil {
			return err
		}
	}
	return nil
}

// feed lets incidents happen, and some more until every kill has happened. It returns
// how many there were.
func (c *delivery) feed(ctx context.Context, seed uint64, killing chan error) (incidents int, err error) {
	f := flow{c.database, c.incidents, channels, c.period, c.pause, seed, false}
	for {
		if _, err := c.sys.feed(ctx, f); err != nil {
			return incidents, err
		}
		incidents += f.incidents
		select {
		case err := <-killing:
			return incidents, err
		default:
		}
		f.incidents, f.period, f.seed = 20, 10*time.Second, f.seed+1
	}
}

// calm ends the faults and waits for what is still to be delivered.
func (c *delivery) calm(ctx context.Context) error {
	if err := c.sys.drain(ctx, c.database, c.calmAfter); err != nil {
		return err
	}
	for _, method := range []string{"", "conversations.history", "conversations.replies"} {
		if err := c.w.inject(ctx, fault{"method": method}); err != nil { // replaces the random ones
			return err
		}
	}
	return c.sys.drain(ctx, c.database, 5*time.Minute)
}

// supervise starts the daemon again whenever it ends, until ctx does.
func (c *delivery) supervise(ctx context.Context) error {
	var addresses []string
	for n := range channels {
		addresses = append(addresses, fmt.Sprintf("c%02d=%s", n, c.w.ids[fmt.Sprintf("chaos-%02d", n)]))
	}
	changes := map[string]string{
		"JARI_CHAOS_CHANNELS": strings.Join(addresses, ","), "JARI_CHAOS_LEASE": shortLease.String(), "JARI_CHAOS_FILE": c.file(),
		"JARI_CHAOS_WITHOUT": c.without,
	}
	for n := 0; ctx.Err() == nil; n++ {
		r, err := c.sys.startReplica(ctx, fmt.Sprintf("%s-%d", c.database, n), c.database, c.w, changes)
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.current = r
		c.mu.Unlock()
		select {
		case <-r.ended:
		case <-ctx.Done():
			r.kill()
		}
	}
	return nil
}

func (c *delivery) file() string { return filepath.Join(c.sys.Dir, c.database+"-step") }

// killEverywhere kills the daemon at every point, in some rounds.
func (c *delivery) killEverywhere(ctx context.Context) error {
	for _, p := range slices.Repeat(points(), c.kills) {
		if err := c.killAt(ctx, p); err != nil {
			return err
		}
		c.killed++
		c.progress("%s: kill -9, number %d, %s", c.database, c.killed, p)
	}
	return nil
}

func (c *delivery) killAt(ctx context.Context, p point) error {
	c.mu.Lock()
	before := c.current
	c.mu.Unlock()
	if p.within == "" {
		if err := os.WriteFile(c.file()+".new", fmt.Appendf(nil, "kill %d %s", p.step, p.kind), 0o644); err != nil {
			return err
		}
		if err := os.Rename(c.file()+".new", c.file()); err != nil {
			return err
		}
	} else {
		var once sync.Once
		c.w.onCall(func(when moment, kind string) {
			if when == p.within && kind == p.kind {
				once.Do(func() {
					c.mu.Lock()
					defer c.mu.Unlock()
					c.current.signal(syscall.SIGKILL)
				})
			}
		})
		defer c.w.onCall(nil)
	}
	// The next one must have started, or its kill would hit this one again.
	return waitFor(ctx, 5*time.Minute, "the kill "+p.String(), func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.current != before
	})
}
