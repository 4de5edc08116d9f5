package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/opensearch"
	"jari.example/infra/bench/proc"
	"jari.example/infra/bench/rig"
	"jari.example/infra/bench/sandbox"
	"jari.example/infra/local/parts"
)

// region is the region that gets the load. The other one runs, too, without load.
const region = "kr"

// system is everything that `make up` starts.
type system struct {
	*sandbox.Sandbox
	parts  *parts.System
	search opensearch.Client

	reservations, mails, users *pgx.Conn
	signer                     signer
	drops                      []int64  // slots of the rush; each is used once
	restaurants                []string // all others
	slots                      []int64  // theirs, in random order
}

// alertTimeScale is that of `make up`.
const alertTimeScale = 60

// start starts everything. stop must be called even after an error.
func start(ctx context.Context) (sys *system, err error) {
	sys = &system{}
	if sys.Sandbox, err = sandbox.New("bench-rush"); err != nil {
		return sys, err
	}
	own := map[string]bool{"JARI_OPENSEARCH_URL": true, "JARI_AWS_ENDPOINT_URL": true} // servers of the benchmark alone
	sys.parts, err = sys.System(func(key string) string {
		if own[key] {
			return ""
		}
		return os.Getenv(key)
	})
	if err != nil {
		return sys, err
	}
	sys.parts.AlertTimeScale = alertTimeScale
	sys.parts.Launcher = filepath.Join(sys.Dir, "jari")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", sys.parts.Launcher, "./infra/local/cmd/jari")
	build.Dir, build.Stderr = sys.Root, os.Stderr
	if err := build.Run(); err != nil {
		return sys, fmt.Errorf("build the launcher: %w", err)
	}
	list := sys.parts.Parts()
	for i := range list {
		if list[i].Name == "opensearch" {
			list[i].StopSignal = syscall.SIGKILL // saves half a minute; its data is deleted anyway
		}
	}
	if err := sys.Up(ctx, list); err != nil {
		return sys, err
	}
	sys.search.URL = sys.parts.OpenSearchURL()
	return sys, sys.connect(ctx)
}

// connect connects to the databases whose rows show what has happened.
func (s *system) connect(ctx context.Context) (err error) {
	for name, to := range map[string]**pgx.Conn{
		parts.ReservationDatabase(region): &s.reservations, "jari_notification_" + region: &s.mails, "jari_users": &s.users,
	} {
		if *to, err = pgx.Connect(ctx, s.parts.DatabaseURL(name)); err != nil {
			return err
		}
	}
	return nil
}

func (s *system) stop() (err error) {
	for _, conn := range []*pgx.Conn{s.reservations, s.mails, s.users} {
		if conn != nil {
			err = errors.Join(err, conn.Close(context.Background()))
		}
	}
	return errors.Join(err, s.Stop(false))
}

// address is host:port of what a path reaches first.
func (s *system) address(path string) string {
	part := map[string]string{direct: "reservation-" + region, gateway: "gateway-" + region, edge: "edge"}[path]
	return s.parts.Ports.Addr(part)
}

// processes are the measured ones, in the order of the columns, with the parts that
// they consist of.
var processes = []struct {
	name  string
	parts []string
}{
	{"gateway", []string{"gateway-" + region}},
	{"reservation", []string{"reservation-" + region}},
	{"postgres", []string{"postgres"}},
	{"agent", []string{"agent"}},
	{"opensearch", []string{"opensearch"}},
	{"notification", []string{"notification-" + region}},
	{"redis", []string{"redis"}},
	{"search", []string{"search-" + region}},
	{"user", []string{"user-" + region}},
	{"edge", []string{"edge"}},
	{"aws", []string{"aws"}},
	{"alerting", []string{"alerting"}},
}

// usage is the CPU time of the measured processes so far, in their order, and of
// this one.
type usage struct {
	parts []time.Duration
	own   time.Duration
}

func (s *system) usage() (u usage, err error) {
	for _, p := range processes {
		var sum time.Duration
		for _, part := range p.parts {
			used, err := proc.CPU(s.Status(part).Pid)
			if err != nil {
				return u, fmt.Errorf("CPU time of %s: %w", part, err)
			}
			sum += used
		}
		u.parts = append(u.parts, sum)
	}
	u.own = rig.OwnCPU()
	return u, nil
}
