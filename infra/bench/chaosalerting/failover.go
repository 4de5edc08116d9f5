package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench"
	"jari.example/infra/bench/chaosalerting/outcome"
	"jari.example/internal/wait"
)

const replicas = 3

// trio is three replicas on one database and one workspace.
type trio struct {
	sys      *system
	w        *workspace
	database string
	changes  map[string]string // environment of each replica
	replicas []*replica
	conn     *pgx.Conn
	random   *rand.Rand
	progress func(format string, args ...any)
}

// lease is who holds the lease, and in which term.
type lease struct {
	holder string
	term   int
}

func (t *trio) lease(ctx context.Context) (l lease, err error) {
	return l, t.conn.QueryRow(ctx, "select holder, term from lease").Scan(&l.holder, &l.term)
}

// start starts the replicas. stop must be called even after an error.
func (t *trio) start(ctx context.Context) (err error) {
	if err := t.sys.newDatabase(ctx, t.database); err != nil {
		return err
	}
	if t.w, err = newWorkspace(ctx, []string{"incidents", "tickets"}); err != nil {
		return err
	}
	for n := range replicas {
		r, err := t.sys.startReplica(ctx, fmt.Sprintf("%s-%d", t.database, n), t.database, t.w, t.changes)
		if err != nil {
			return err
		}
		t.replicas = append(t.replicas, r)
		if err := r.awaitServing(ctx); err != nil {
			return err
		}
	}
	if err := t.sys.awaitLease(ctx, t.database); err != nil {
		return err
	}
	t.conn, err = pgx.Connect(ctx, t.sys.parts.DatabaseURL(t.database))
	return err
}

func (t *trio) stop() {
	for _, r := range t.replicas {
		r.kill()
	}
	if t.w != nil {
		_ = t.w.stop()
	}
	if t.conn != nil {
		_ = t.conn.Close(context.Background())
	}
}

// holder is the replica that holds the lease.
func (t *trio) holder(ctx context.Context) (*replica, lease, error) {
	l, err := t.lease(ctx)
	if err != nil {
		return nil, l, err
	}
	i := slices.IndexFunc(t.replicas, func(r *replica) bool { return r.name == l.holder })
	if i < 0 {
		return nil, l, fmt.Errorf("the lease is held by %q", l.holder)
	}
	return t.replicas[i], l, nil
}

// awaitTakeover waits until another replica holds the lease.
func (t *trio) awaitTakeover(ctx context.Context, before lease) error {
	return waitFor(ctx, time.Minute, "another replica to acquire the lease", func() bool {
		now, err := t.lease(ctx)
		return err == nil && now.term != before.term
	})
}

// stops stops the holder again and again at a random moment, until another replica has
// taken over and for a random time after that. It returns how long each failover took:
// from the stop until the lease had another holder.
func (t *trio) stops(ctx context.Context, n int) (took []time.Duration, err error) {
	for len(took) < n {
		if err := wait.For(ctx, time.Duration(t.random.Float64()*float64(2*time.Second))); err != nil {
			return took, err
		}
		r, before, err := t.holder(ctx)
		if err != nil {
			return took, err
		}
		began := time.Now()
		r.signal(syscall.SIGSTOP)
		if err := t.awaitTakeover(ctx, before); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
		_ = wait.For(ctx, time.Duration(t.random.Float64()*float64(time.Second)))
		r.signal(syscall.SIGCONT)
		t.progress("%s: stop %d, failover after %.1f s", t.database, len(took), took[len(took)-1].Seconds())
	}
	return took, nil
}

// failover is the campaign of that name: so many trios at the same time, each with its
// own database.
func failover(ctx context.Context, sys *system, seed uint64, trios, stops int,
	progress func(string, ...any)) (r row, findings []string, err error) {
	var all sync.WaitGroup
	rows, errs, took := make([]row, trios), make([]error, trios), make([][]time.Duration, trios)
	details := make([][]string, trios)
	for n := range trios {
		all.Go(func() {
			t := &trio{sys: sys, database: fmt.Sprintf("failover_%d", n), random: rand.New(rand.NewPCG(seed, uint64(10+n))), progress: progress}
			defer t.stop()
			if errs[n] = t.start(ctx); errs[n] != nil {
				return
			}
			f := flow{incidents: 2 * stops, period: time.Duration(stops) * 8 * time.Second}
			rows[n], details[n], errs[n] = t.under(ctx, seed+uint64(n), f, func() (err error) {
				took[n], err = t.stops(ctx, stops)
				return err
			})
		})
	}
	all.Wait()
	for _, one := range rows {
		r = r.plus(one)
	}
	times := slices.Concat(took...)
	r.Stops = len(times)
	if len(times) > 0 {
		slices.Sort(times)
		p95 := bench.Percentile(times, 0.95).Seconds()
		r.Failover = &p95
	}
	return r, slices.Concat(details...), errors.Join(errs...)
}

// under lets incidents happen while something else does, and compares at the end.
func (t *trio) under(ctx context.Context, seed uint64, f flow, disturb func() error) (r row, findings []string, err error) {
	if err := t.w.inject(ctx, fault{"random": fault{"seed": seed, "drop_reply": 0.1}}); err != nil {
		return r, nil, err
	}
	f.database, f.pause, f.seed = t.database, 3*time.Second, seed
	fed := make(chan error, 1)
	go func() {
		_, err := t.sys.feed(ctx, f)
		fed <- err
	}()
	disturbed := disturb()
	if err := errors.Join(disturbed, <-fed); err != nil {
		return r, nil, err
	}
	return t.compare(ctx, f.incidents)
}

// compare waits for the last messages and compares.
func (t *trio) compare(ctx context.Context, incidents int) (r row, findings []string, err error) {
	if err := t.w.inject(ctx, fault{}); err != nil { // replaces the random ones
		return r, nil, err
	}
	if err := t.sys.drain(ctx, t.database, 3*time.Minute); err != nil {
		return r, nil, err
	}
	expected, err := t.sys.expected(ctx, t.database)
	if err != nil {
		return r, nil, err
	}
	found, err := t.w.messages(ctx)
	if err != nil {
		return r, nil, err
	}
	d, calls := outcome.Compare(expected, found), t.w.recordedCalls()
	return row{
		Incidents: len(expected), Lost: d.Lost + incidents - len(expected), Duplicates: d.Duplicates,
		Early: outcome.Early(calls), Requests: len(calls), Limited: outcome.Limited(calls),
	}, d.Findings, nil
}

// slowRenewal is how long the holder takes to notice that it has lost the lease.
const slowRenewal = 2 * time.Second

// stoppedAtAStep is the worst moment for a stop: the holder stops before a step of the
// delivery of a post, another replica posts the message, and its response is lost, so
// that the delivery stays in the outbox. At that moment the first one continues, and
// notices only two seconds later that it has lost the lease.
func stoppedAtAStep(ctx context.Context, sys *system, database string, seed uint64, rounds int, without string,
	progress func(string, ...any)) (r row, findings []string, err error) {
	t := &trio{sys: sys, database: database, random: rand.New(rand.NewPCG(seed, 20)), progress: progress}
	file := filepath.Join(sys.Dir, database+"-step")
	t.changes = map[string]string{
		"JARI_CHAOS_SLOW_RENEWAL": slowRenewal.String(), "JARI_CHAOS_FILE": file,
		"JARI_CHAOS_WITHOUT": without,
	}
	defer t.stop()
	if err := t.start(ctx); err != nil {
		return r, nil, err
	}
	steps := []int{2, 3, 4}
	for n := range rounds {
		step := steps[n%len(steps)]
		if err := t.stopAt(ctx, file, step, n); err != nil {
			return r, nil, fmt.Errorf("stop %d before step %d: %w", n+1, step, err)
		}
		progress("%s: stop %d, before step %d of a post", database, n+1, step)
	}
	r, findings, err = t.compare(ctx, rounds)
	r.Stops = rounds
	return r, findings, err
}

// stopAt opens an incident whose post stops the holder before the step.
func (t *trio) stopAt(ctx context.Context, file string, step, n int) error {
	if err := os.WriteFile(file+".new", fmt.Appendf(nil, "stop %d post", step), 0o644); err != nil {
		return err
	}
	if err := os.Rename(file+".new", file); err != nil {
		return err
	}
	_, before, err := t.holder(ctx)
	if err != nil {
		return err
	}
	posted := make(chan struct{})
	var once sync.Once
	t.w.onCall(func(when moment, kind string) {
		if when == afterApplied && kind == "post" {
			once.Do(func() { close(posted) })
		}
	})
	defer t.w.onCall(nil)
	if err := t.w.inject(ctx, fault{"drop_reply": 1}); err != nil {
		return err
	}
	if _, err := t.sys.feed(ctx, flow{database: t.database, incidents: 1, seed: uint64(n), pause: time.Millisecond, open: true}); err != nil {
		return err
	}
	var stopped *replica
	if err := waitFor(ctx, time.Minute, "a replica to stop", func() bool {
		i := slices.IndexFunc(t.replicas, (*replica).stopped)
		if i >= 0 {
			stopped = t.replicas[i]
		}
		return i >= 0
	}); err != nil {
		return err
	}
	defer stopped.signal(syscall.SIGCONT)
	lost := stopped.leasesLost()
	if err := t.awaitTakeover(ctx, before); err != nil {
		return err
	}
	select {
	case <-posted:
	case <-time.After(time.Minute):
		return errors.New("no replica has posted the message")
	case <-ctx.Done():
		return ctx.Err()
	}
	stopped.signal(syscall.SIGCONT)
	if err := t.sys.drain(ctx, t.database, time.Minute); err != nil {
		return err
	}
	// Else it could, without a fence, deliver the next post in place of the holder.
	return waitFor(ctx, time.Minute, "the replica to notice that it has lost the lease", func() bool { return stopped.leasesLost() > lost })
}
