// Package whole starts everything that `make up` starts, with a data directory and
// ports of its own, for programs that measure or break the whole system.
package whole

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
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/bench/opensearch"
	"jari.example/infra/local/launch"
)

// System is a whole system. It is started by the launcher of the clone that it is built
// from, so that two commits can be compared.
type System struct {
	Clone, Dir  string
	Environment []string // of the launcher, besides this program's

	Pids        map[string]int // by part
	LauncherPid int
	Started     time.Time
	Addresses   map[string]string // as `jari env` prints them
	Search      opensearch.Client

	launcher string
	foreign  bool // somebody else has started it
}

// Attach uses a system that runs in dir. Stop leaves it as it is.
func Attach(ctx context.Context, clone, dir string) (*System, error) {
	s := &System{Clone: clone, Dir: dir, launcher: filepath.Join(dir, "bin", "jari"), foreign: true}
	return s, s.Read(ctx)
}

// Start builds and starts everything; flags are further ones of `jari up`. Stop must be
// called even after an error.
func Start(ctx context.Context, clone string, environment []string, flags ...string) (s *System, err error) {
	s = &System{Clone: clone, Environment: environment}
	if s.Dir, err = os.MkdirTemp("", "jari-whole-"); err != nil {
		return s, err
	}
	if err := os.Chmod(s.Dir, 0o755); err != nil { // a server may have to run as another user
		return s, err
	}
	s.launcher = filepath.Join(s.Dir, "jari")
	if _, err := s.Command(ctx, "go", "build", "-buildvcs=false", "-o", s.launcher, "./infra/local/cmd/jari"); err != nil {
		return s, err
	}
	if _, err := s.Jari(ctx, "up", append([]string{"--port-offset", "auto"}, flags...)...); err != nil {
		return s, err
	}
	return s, s.Read(ctx)
}

// Read asks the launcher for processes and addresses.
func (s *System) Read(ctx context.Context) error {
	// Not `jari status`, which fails while a part is not ready: alerting is not for a moment
	// when the first telemetry comes late.
	status, err := launch.Dial(launch.SocketPath(s.Dir)).Status(ctx)
	if err != nil {
		return err
	}
	s.LauncherPid, s.Started, s.Pids = status.Pid, status.Started, map[string]int{}
	for _, p := range status.Parts {
		s.Pids[p.Name] = p.Pid
	}
	out, err := s.Jari(ctx, "env", "--json")
	if err == nil {
		err = json.Unmarshal(out, &s.Addresses)
	}
	s.Search.URL = s.Addresses["JARI_ADDR_OPENSEARCH"]
	return err
}

// DatabaseURL is the URL of a database of the system's PostgreSQL.
func (s *System) DatabaseURL(database string) (string, error) {
	server, err := url.Parse(s.Addresses["JARI_ADDR_POSTGRES"])
	if err != nil {
		return "", err
	}
	server.Path, server.RawQuery = "/"+database, "sslmode=disable"
	return server.String(), nil
}

// Connect connects to a database.
func (s *System) Connect(ctx context.Context, database string) (*pgx.Conn, error) {
	at, err := s.DatabaseURL(database)
	if err != nil {
		return nil, err
	}
	return pgx.Connect(ctx, at)
}

// URL is the base URL of a part, or of its ops listener ("gateway-kr/ops").
func (s *System) URL(part string) string {
	return s.Addresses["JARI_ADDR_"+strings.ToUpper(strings.NewReplacer("-", "_", "/", "_").Replace(part))]
}

// Stop ends and deletes everything.
func (s *System) Stop() (err error) {
	if s.foreign {
		return nil
	}
	if s.launcher != "" {
		_, err = s.Jari(context.Background(), "clean") // also after a Ctrl-C
	}
	if s.Dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(s.Dir))
}

// Jari runs a command of the launcher and returns its output.
func (s *System) Jari(ctx context.Context, command string, args ...string) ([]byte, error) {
	return s.Command(ctx, s.launcher, append(append([]string{command}, args...), "--dir", s.Dir)...)
}

// Bin is the path of a program that the launcher has built.
func (s *System) Bin(name string) string { return filepath.Join(s.Dir, "bin", name) }

// serversOfOthers are variables that would make the launcher use a server that it
// has not started.
var serversOfOthers = map[string]bool{"JARI_OPENSEARCH_URL": true, "JARI_AWS_ENDPOINT_URL": true, "JARI_PORT_OFFSET": true}

// Command runs a program in the clone and returns its output.
func (s *System) Command(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.Clone
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !serversOfOthers[name] {
			cmd.Env = append(cmd.Env, kv)
		}
	}
	cmd.Env = append(cmd.Env, s.Environment...)
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
