package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"jari.example/infra/local/ports"
	"jari.example/telemetry/names"
)

// build makes reservationd with the strategies in it.
func build(ctx context.Context, root, dir string) (program string, err error) {
	program = filepath.Join(dir, "reservationd")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-tags", "strategies", "-o", program, "./services/reservation/cmd/reservationd")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build reservationd: %w", err)
	}
	return program, nil
}

// service is a reservationd with telemetry fully on: every request has its line
// in a file, and its spans go out.
type service struct {
	cmd       *exec.Cmd
	addr, ops string
	log       *os.File
	stderr    bytes.Buffer
}

func startService(ctx context.Context, program, store, database string, telemetry *sink, at ports.Offset, dir string) (*service, error) {
	s := &service{addr: at.Addr("reservation-kr"), ops: at.Addr("reservation-kr/ops")}
	var err error
	if s.log, err = os.Create(filepath.Join(dir, "reservation.log")); err != nil {
		return nil, err
	}
	s.cmd = exec.Command(program, "-store", store, "-database-url", database,
		"-http-addr", s.addr, "-ops-addr", s.ops, "-otlp-endpoint", telemetry.url)
	s.cmd.Stdout, s.cmd.Stderr = s.log, &s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C is for us; we end it
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop(), errors.New(s.stderr.String()))
	}
	return s, nil
}

func (s *service) ready(ctx context.Context) (err error) {
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

func (s *service) pid() int { return s.cmd.Process.Pid }

// stop ends the service, which sends its last spans before.
func (s *service) stop() error {
	defer s.log.Close()
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(30*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("reservationd: %w\n%s", err, s.stderr.String())
	}
	return nil
}

// logged counts the requests that have their line.
func (s *service) logged() (int, error) {
	text, err := os.ReadFile(s.log.Name())
	return bytes.Count(text, []byte(`"`+names.EventName+`":"`+names.EventAccess+`"`)), err
}

// profile fetches a CPU profile of the next seconds.
func (s *service) profile(ctx context.Context, d time.Duration, file string) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.ops, max(1, int(d.Seconds())))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return os.WriteFile(file, body, 0o644)
}
