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
	"syscall"
	"time"

	"jari.example/infra/local/ports"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// The commands that run the reservation service.
const (
	Reservationd = "./services/reservation/cmd/reservationd"
	// BenchReservationd also has -store, to book with another strategy.
	BenchReservationd = "./services/reservation/strategies/cmd/benchreservationd"
)

// Build builds command, one of the above, into dir.
func Build(ctx context.Context, root, dir, command string) (program string, err error) {
	program = filepath.Join(dir, filepath.Base(command))
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, command)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build %s: %w", command, err)
	}
	return program, nil
}

// Service is a reservationd in its own process, with its log in a file.
type Service struct {
	Addr   string
	cmd    *exec.Cmd
	ops    string
	log    *os.File
	stderr bytes.Buffer
}

// StartService starts program, with its log in dir, and waits until it is
// ready. args are flags besides the addresses.
func StartService(ctx context.Context, program string, at ports.Offset, dir string, args ...string) (*Service, error) {
	s := &Service{Addr: at.Addr("reservation-kr"), ops: at.Addr("reservation-kr/ops")}
	var err error
	if s.log, err = os.Create(filepath.Join(dir, "reservation.log")); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(program, append([]string{"-http-addr", s.Addr, "-ops-addr", s.ops}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.log, &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C must not reach it: this program stops it
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, s.Stop(), errors.New(s.stderr.String()))
	}
	return s, nil
}

func (s *Service) awaitReady(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	late := wait.Until(ctx, 20*time.Millisecond, func() bool {
		var res *http.Response
		if res, err = http.Get("http://" + s.ops + "/readyz"); err != nil {
			return false
		}
		res.Body.Close()
		err = nil
		if res.StatusCode != http.StatusOK {
			err = errors.New(res.Status)
		}
		return err == nil
	})
	if late != nil {
		return fmt.Errorf("reservationd was not ready: %w", errors.Join(err, late))
	}
	return nil
}

// Pid is the id of its process.
func (s *Service) Pid() int { return s.cmd.Process.Pid }

// Stop ends the service after it has sent its last spans.
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

// LogSummary is what a benchmark needs to know of a service's log.
type LogSummary struct {
	AccessLines int         // one per request
	SpanLosses  int         // lines that report lost spans
	Heartbeats  []time.Time // their times
}

// AccessLines counts the requests that have an access line.
func (s *Service) AccessLines() (int, error) {
	log, err := s.LogSummary()
	return log.AccessLines, err
}

// LogSummary reads the service's log.
func (s *Service) LogSummary() (LogSummary, error) {
	text, err := os.ReadFile(s.log.Name())
	if err != nil {
		return LogSummary{}, err
	}
	return summarise(text)
}

func summarise(text []byte) (log LogSummary, err error) {
	event := func(name string) []byte { return []byte(`"` + names.EventName + `":"` + name + `"`) }
	log.AccessLines = bytes.Count(text, event(names.EventAccess))
	log.SpanLosses = bytes.Count(text, event(names.EventSpansDropped))
	heartbeat := event(names.EventHeartbeat)
	for line := range bytes.Lines(text) {
		if !bytes.Contains(line, heartbeat) {
			continue
		}
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			return log, fmt.Errorf("read a heartbeat: %w", err)
		}
		at, _ := fields[names.Time].(string)
		when, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			return log, fmt.Errorf("read a heartbeat: %w", err)
		}
		log.Heartbeats = append(log.Heartbeats, when)
	}
	return log, nil
}

// Profile writes a CPU profile of the next d to a file.
func (s *Service) Profile(ctx context.Context, d time.Duration, file string) error {
	return Profile(ctx, s.ops, d, file)
}

// Profile writes a CPU profile of the next d of a service to a file. ops is the
// address of its ops listener.
func Profile(ctx context.Context, ops string, d time.Duration, file string) error {
	body, err := pprof(ctx, ops, fmt.Sprintf("profile?seconds=%d", max(1, int(d.Seconds()))))
	if err != nil {
		return err
	}
	return os.WriteFile(file, body, 0o644)
}

// Allocations is how many objects the service has allocated so far. The Go
// runtime counts them anyway and states the number at the end of its allocation
// profile. Making the profile costs the service some thousands more.
func (s *Service) Allocations(ctx context.Context) (n int64, err error) {
	body, err := pprof(ctx, s.ops, "allocs?debug=1")
	if err != nil {
		return 0, err
	}
	_, after, found := bytes.Cut(body, []byte("# Mallocs = "))
	number, _, _ := bytes.Cut(after, []byte("\n"))
	if !found {
		return 0, errors.New("the allocation profile has no line # Mallocs")
	}
	return strconv.ParseInt(string(number), 10, 64)
}

func pprof(ctx context.Context, ops, profile string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+ops+"/debug/pprof/"+profile, nil)
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
