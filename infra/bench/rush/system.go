package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/opensearch"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
)

// region is the region that gets the load. The other one runs, too, without load.
const region = "kr"

// system is everything that `make up` starts, with a data directory and ports of its
// own. It is started by the launcher of the clone that it is built from, so that two
// commits can be compared.
type system struct {
	clone, dir, launcher string
	environment          []string // of the launcher, besides this program's

	pids        map[string]int // by part
	launcherPid int
	addresses   map[string]string // as `jari env` prints them
	search      opensearch.Client

	reservations, mails, users *pgx.Conn
	signer                     signer
	drops                      []int64  // slots of the rush; each is used once
	restaurants                []string // all others
	slots                      []int64  // theirs, in random order
}

// startSystem builds and starts everything. stop must be called even after an error.
func startSystem(ctx context.Context, clone string, environment ...string) (s *system, err error) {
	s = &system{clone: clone, environment: environment}
	if s.dir, err = os.MkdirTemp("", "jari-bench-rush-"); err != nil {
		return s, err
	}
	if err := os.Chmod(s.dir, 0o755); err != nil { // a server may have to run as another user
		return s, err
	}
	s.launcher = filepath.Join(s.dir, "jari")
	if _, err := s.command(ctx, "go", "build", "-buildvcs=false", "-o", s.launcher, "./infra/local/cmd/jari"); err != nil {
		return s, err
	}
	if _, err := s.jari(ctx, "up", "--port-offset", "auto"); err != nil {
		return s, err
	}
	if err := s.read(ctx); err != nil {
		return s, err
	}
	if err := s.connect(ctx); err != nil {
		return s, err
	}
	return s, s.prepare(ctx)
}

// read asks the launcher for processes and addresses.
func (s *system) read(ctx context.Context) error {
	var status launch.Status
	out, err := s.jari(ctx, "status", "--json")
	if err == nil {
		err = json.Unmarshal(out, &status)
	}
	if err != nil {
		return err
	}
	s.launcherPid, s.pids = status.Pid, map[string]int{}
	for _, p := range status.Parts {
		s.pids[p.Name] = p.Pid
	}
	if out, err = s.jari(ctx, "env", "--json"); err == nil {
		err = json.Unmarshal(out, &s.addresses)
	}
	s.search.URL = s.addresses["JARI_ADDR_OPENSEARCH"]
	return err
}

// connect connects to the databases whose rows show what has happened.
func (s *system) connect(ctx context.Context) error {
	server, err := url.Parse(s.addresses["JARI_ADDR_POSTGRES"])
	if err != nil {
		return err
	}
	for name, to := range map[string]**pgx.Conn{
		parts.ReservationDatabase(region): &s.reservations, "jari_notification_" + region: &s.mails, "jari_users": &s.users,
	} {
		server.Path, server.RawQuery = "/"+name, "sslmode=disable"
		if *to, err = pgx.Connect(ctx, server.String()); err != nil {
			return err
		}
	}
	return nil
}

// url is the base URL of a part, or of its ops listener ("gateway-kr/ops").
func (s *system) url(part string) string {
	return s.addresses["JARI_ADDR_"+strings.ToUpper(strings.NewReplacer("-", "_", "/", "_").Replace(part))]
}

// address is host:port of what a path reaches first.
func (s *system) address(path string) string {
	part := map[string]string{direct: "reservation-" + region, gateway: "gateway-" + region, edge: "edge"}[path]
	return strings.TrimPrefix(s.url(part), "http://")
}

// stop ends and deletes everything.
func (s *system) stop() (err error) {
	ctx := context.Background() // also after a Ctrl-C
	for _, conn := range []*pgx.Conn{s.reservations, s.mails, s.users} {
		if conn != nil {
			err = errors.Join(err, conn.Close(ctx))
		}
	}
	if s.launcher != "" {
		_, cleaned := s.jari(ctx, "clean")
		err = errors.Join(err, cleaned)
	}
	if s.dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

func (s *system) jari(ctx context.Context, command string, args ...string) ([]byte, error) {
	return s.command(ctx, s.launcher, append([]string{command, "--dir", s.dir}, args...)...)
}

// serversOfOthers are variables that would make the launcher use a server that it
// has not started.
var serversOfOthers = map[string]bool{"JARI_OPENSEARCH_URL": true, "JARI_AWS_ENDPOINT_URL": true, "JARI_PORT_OFFSET": true}

// command runs a program in the clone and returns its output.
func (s *system) command(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.clone
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !serversOfOthers[name] {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, s.environment...)
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s%s", err, failed.Stderr, out)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w", filepath.Base(program), args, err)
	}
	return out, nil
}
