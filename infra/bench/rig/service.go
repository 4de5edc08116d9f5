package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"jari.example/infra/local/ports"
	"jari.example/telemetry/names"
)

// Build makes reservationd in dir, with these build tags.
func Build(ctx context.Context, root, dir string, tags ...string) (program string, err error) {
	program = filepath.Join(dir, "reservationd")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-tags", strings.Join(tags, ","), "-o", program, "./services/reservation/cmd/reservationd")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build reservationd: %w", err)
	}
	return program, nil
}

// Service is a reservationd in a process of its own, its lines in a file.
type Service struct {
	Addr   string
	cmd    *exec.Cmd
	ops    string
	log    *os.File
	stderr bytes.Buffer
}

// StartService starts program, with its log in dir, and waits until it is
// ready. args say what differs from its defaults beside addresses.
func StartService(ctx context.Context, program string, at ports.Offset, dir string, args ...string) (*Service, error) {
	s := &Service{Addr: at.Addr("reservation-kr"), ops: at.Addr("reservation-kr/ops")}
	var err error
	if s.log, err = os.Create(filepath.Join(dir, "reservation.log")); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(program, append([]string{"-http-addr", s.Addr, "-ops-addr", s.ops}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for us; we end it
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(), errors.New(s.stderr.String()))
	}
	return s, nil
}

func (s *Service) awaitReady(ctx context.Context) (err error) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; pause(ctx, 20*time.Millisecond) {
		var res *http.Response
		if res, err = http.Get("http://" + s.ops + "/readyz"); err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return nil
		}
		err = errors.New(res.Status)
	}
	return fmt.Errorf("reservationd was not ready: %w", errors.Join(err, ctx.Err()))
}

// Pid is its process.
func (s *Service) Pid() int { return s.cmd.Process.Pid }

// Stop ends the service, which sends its last spans before.
func (s *Service) Stop() error {
	defer s.log.Close()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(30*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("reservationd: %w\n%s", err, s.stderr.String())
	}
	return nil
}

// LogSummary is what a service's lines tell.
type LogSummary struct {
	AccessLines int         // that have their line
	SpanLosses  int         // lines that tell of lost spans
	Heartbeats  []time.Time // when it said that it lives
}

// AccessLines counts the requests that have their line.
func (s *Service) AccessLines() (int, error) {
	said, err := s.LogSummary()
	return said.AccessLines, err
}

// LogSummary reads the service's lines.
func (s *Service) LogSummary() (LogSummary, error) {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return LogSummary{}, err
	}
	return summarise(text)
}

func summarise(text []byte) (said LogSummary, err error) {
	event := func(name string) []byte { return []byte(`"` + names.EventName + `":"` + name + `"`) }
	said.AccessLines = bytes.Count(text, event(names.EventAccess))
	said.SpanLosses = bytes.Count(text, event(names.EventSpansDropped))
	alive := event(names.EventHeartbeat)
	for line := range bytes.Lines(text) {
		if !bytes.Contains(line, alive) {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			return said, fmt.Errorf("a heartbeat: %w", err)
		}
		at, _ := fields[names.Time].(string)
		when, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return said, fmt.Errorf("a heartbeat: %w", err)
		}
		said.Heartbeats = append(said.Heartbeats, when)
	}
	return said, nil
}

// Profile fetches a CPU profile of the next seconds.
func (s *Service) Profile(ctx context.Context, d time.Duration, file string) error {
	body, err := s.pprof(ctx, fmt.Sprintf("profile?seconds=%d", max(1, int(d.Seconds()))))
	if err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o644)
}

// Allocations is how many objects the service has allocated so far. Go's
// profile of them ends with what the runtime counts anyway; asking costs the
// service some thousands more.
func (s *Service) Allocations(ctx context.Context) (n int64, err error) {
	body, err := s.pprof(ctx, "allocs?debug=1")
	if err != nil {
		return 0, err
	}
	_, after, found := bytes.Cut(body, []byte("# Mallocs = "))
	number, _, _ := bytes.Cut(after, []byte("\n"))
	if !found {
		return 0, errors.New("the profile of allocations does not count them")
	}
	return strconv.ParseInt(string(number), 10, 64)
}

func (s *Service) pprof(ctx context.Context, what string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.ops+"/debug/pprof/"+what, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("profile: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("profile: %s", res.Status)
	}
	return io.ReadAll(res.Body)
}
