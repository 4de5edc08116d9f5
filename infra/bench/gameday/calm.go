package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"jari.example/infra/local/launch"
	"jari.example/internal/wait"
)

// calmFor is how long nothing may page on-call.
const calmFor = 20 * time.Minute

// noFault is in the row of the calm.
const noFault = "none"

// The noise of a healthy day.
const (
	rushEvery   = 4 * time.Minute // a rush of rushDiners on few slots
	rushDiners  = 200
	rushFor     = 4 * time.Second // within one second, two cores with everything else on them answer a part after 1 s, which is worth a page
	deployEvery = 5 * time.Minute // the processes of a service are replaced
	slowEvery   = 7 * time.Minute // a share of the bookings is slow for a while; never in a rush, when that would be worth a page
	slowFor     = 2 * time.Second // two minutes of the objectives
	slowPercent = "50"
)

// deployed are the processes that are replaced, one after the other. Those that diners
// wait for have no replica here, so that replacing them is an outage.
var deployed = []string{"notification-kr", "indexer-kr", "notification-us", "indexer-us"}

// calm lets diners hurry and wait a little, replaces processes, and
// counts the pages, of which there must be none.
func (g *game) calm(ctx context.Context) (*round, error) {
	r := &round{entry: entry{Rule: "calm", Fault: noFault}, unknown: true}
	if err := g.awaitCalm(ctx, "", nil); err != nil {
		return r, err
	}
	g.Logf("calm: %v of load, rushes, replaced processes and slow moments", g.calmFor)
	r.began = time.Now()
	if err := g.noise(ctx); err != nil {
		return r, err
	}
	r.ended = time.Now()
	all, err := g.messages(ctx)
	for _, m := range all {
		if m.page && m.posted.After(r.began) {
			r.problem("a page after %.1f minutes: %s", m.posted.Sub(r.began).Minutes(), m.headline)
		}
	}
	return r, errors.Join(err, g.checkBookings(ctx, r))
}

// noise makes the noise for calmFor.
func (g *game) noise(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, g.calmFor)
	defer cancel()
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		return repeat(ctx, rushEvery, func(int) error { g.crowds[0].Rush(ctx, rushDiners, rushFor); return nil })
	})
	all.Go(func() error {
		return repeat(ctx, deployEvery, func(n int) error { return g.deploy(ctx, deployed[n%len(deployed)]) })
	})
	all.Go(func() error {
		return repeat(ctx, slowEvery, func(int) error {
			_, err := g.Jari(ctx, "fault", "on", "route-delay", "--percent", slowPercent, "--for", slowFor.String())
			return err
		})
	})
	return all.Wait()
}

// deploy ends a process as a deployment does; the launcher starts it again.
func (g *game) deploy(ctx context.Context, part string) error {
	status, err := launch.Dial(launch.SocketPath(g.Dir)).Status(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(status.Parts, func(p launch.PartStatus) bool { return p.Name == part })
	if i < 0 || status.Parts[i].Pid == 0 {
		return fmt.Errorf("%s has no process", part)
	}
	return syscall.Kill(status.Parts[i].Pid, syscall.SIGTERM)
}

// repeat calls do after every interval until ctx ends, which is no error.
func repeat(ctx context.Context, every time.Duration, do func(n int) error) error {
	for n := 0; wait.For(ctx, every) == nil; n++ {
		if err := do(n); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}
