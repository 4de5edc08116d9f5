package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/chaosalerting/outcome"
	"jari.example/infra/bench/sandbox"
	"jari.example/infra/bench/slofile"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/internal/wait"
)

// system is the system under test:
//
//	chaosalerting feed ─► Postgres ◄─► alertingd, one or more ─► workspace (Slack simulator)
type system struct {
	*sandbox.Sandbox
	parts                 *parts.System
	rules, token, signing string // a directory and files

	mu       sync.Mutex
	replicas []*replica
}

// concurrentRules is how many objectives there are, and so how many incidents can be
// open at a time.
const concurrentRules = 400

// start starts PostgreSQL and builds the programs. Stop must be called even after an
// error.
func start(ctx context.Context) (sys *system, err error) {
	sys = &system{}
	if sys.Sandbox, err = sandbox.New("chaos-alerting"); err != nil {
		return sys, err
	}
	sys.OnStop(sys.endReplicas)
	if sys.parts, err = sys.System(os.Getenv); err != nil {
		return sys, err
	}
	list, err := launch.Select(sys.parts.Parts(), []string{"postgres"})
	if err != nil {
		return sys, err
	}
	if err := sys.Up(ctx, list); err != nil {
		return sys, err
	}
	sys.rules, sys.token, sys.signing = filepath.Join(sys.Dir, "rules"), filepath.Join(sys.Dir, "token"), filepath.Join(sys.Dir, "signing")
	err = errors.Join(slofile.Write(sys.rules, "none", slofile.Names(concurrentRules)),
		os.WriteFile(sys.token, []byte(token), 0o600), os.WriteFile(sys.signing, []byte(signingSecret), 0o600))
	if err != nil {
		return sys, err
	}
	// The build tag adds the code to the daemon that injects faults.
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-tags", "chaos", "-o", sys.bin("")+"/",
		"./alerting/cmd/alertingd", "./alerting/cmd/chaosalerting")
	cmd.Dir, cmd.Stderr = sys.Root, os.Stderr
	return sys, cmd.Run()
}

func (sys *system) bin(name string) string { return filepath.Join(sys.Dir, "bin", name) }

func (sys *system) running(r *replica) {
	sys.mu.Lock()
	defer sys.mu.Unlock()
	sys.replicas = append(sys.replicas, r)
}

// endReplicas ends what still runs, stopped or not.
func (sys *system) endReplicas() error {
	sys.mu.Lock()
	defer sys.mu.Unlock()
	for _, r := range sys.replicas {
		r.signal(syscall.SIGKILL)
	}
	return nil
}

// newDatabase creates an empty database.
func (sys *system) newDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, sys.parts.DatabaseURL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	return errors.Join(err, conn.Close(ctx))
}

// query reads one value.
func query[T any](ctx context.Context, sys *system, database, sql string) (value T, err error) {
	conn, err := pgx.Connect(ctx, sys.parts.DatabaseURL(database))
	if err != nil {
		return value, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	return value, conn.QueryRow(ctx, sql).Scan(&value)
}

// awaitLease waits until a replica holds the lease for the first time.
func (sys *system) awaitLease(ctx context.Context, database string) error {
	return waitFor(ctx, time.Minute, "a replica to acquire the lease", func() bool {
		held, err := query[bool](ctx, sys, database, "select exists (select from lease)")
		return held && err == nil
	})
}

// flow is how incidents happen.
type flow struct {
	database             string
	incidents, addresses int
	period, pause        time.Duration
	seed                 uint64
	open                 bool // they only open
}

// feed lets incidents happen and returns their ids.
func (sys *system) feed(ctx context.Context, f flow) (ids []string, err error) {
	out, err := sys.call(ctx, "feed", f.database, "-slo-dir", sys.rules, "-incidents", strconv.Itoa(f.incidents),
		"-addresses", strconv.Itoa(f.addresses), "-period", f.period.String(), "-pause", max(f.pause, time.Millisecond).String(),
		"-seed", strconv.FormatUint(f.seed, 10), "-open="+strconv.FormatBool(f.open))
	if err != nil {
		return nil, err
	}
	return ids, json.Unmarshal(out, &ids)
}

// expected is what the database says at the end.
func (sys *system) expected(ctx context.Context, database string) (all []outcome.Expected, err error) {
	out, err := sys.call(ctx, "expect", database)
	if err != nil {
		return nil, err
	}
	return all, json.Unmarshal(out, &all)
}

func (sys *system) call(ctx context.Context, command, database string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, sys.bin("chaosalerting"),
		append([]string{command, "-database-url", sys.parts.DatabaseURL(database)}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("chaosalerting %s: %w\n%s", command, err, &stderr)
	}
	return out, nil
}

// drain waits until the outbox is empty. What is still in it after so long is lost,
// which the comparison shows.
func (sys *system) drain(ctx context.Context, database string, limit time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	_ = wait.Until(limited, 200*time.Millisecond, func() bool {
		n, err := query[int](ctx, sys, database, "select count(*) from outbox where not failed")
		return n == 0 && err == nil
	})
	return ctx.Err()
}

// waitFor polls until done. what names the condition, for the error after a timeout.
func waitFor(ctx context.Context, limit time.Duration, what string, done func() bool) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := wait.Until(limited, 20*time.Millisecond, done); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("timeout after %s: waiting for %s", limit, what))
	}
	return nil
}
