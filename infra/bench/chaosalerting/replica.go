package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

// replica is an alertingd in a process of its own.
type replica struct {
	name  string // in the lease
	addr  string // of its API, once it serves
	cmd   *exec.Cmd
	ended chan struct{}
	log   *os.File
}

// startReplica starts an alertingd on the database. changes are environment variables
// of alerting/cmd/alertingd/injection.go.
func (sys *system) startReplica(ctx context.Context, name, database string, w *workspace, changes map[string]string) (*replica, error) {
	r := &replica{name: name, ended: make(chan struct{})}
	var err error
	r.log, err = os.OpenFile(filepath.Join(sys.Dir, "log", name+".log"), os.O_CREATE|os.O_EXCL|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	// It takes free ports itself: one that is found free here may be taken by others before
	// it listens.
	r.cmd = exec.Command(sys.bin("alertingd"), "-http-addr", "127.0.0.1:0", "-ops-addr", "127.0.0.1:0", "-otlp-endpoint", "", "-log-level", "info",
		"-database-url", sys.parts.DatabaseURL(database), "-slo-dir", sys.rules, "-slack-url", w.base+"/api/",
		"-slack-token-file", sys.token, "-slack-signing-secret-file", sys.signing)
	r.cmd.Env = append(os.Environ(), "JARI_CHAOS_HOLDER="+name, "JARI_CHAOS_DATABASE_URL="+sys.parts.DatabaseURL(database))
	for key, value := range changes {
		r.cmd.Env = append(r.cmd.Env, key+"="+value)
	}
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C must not reach it: this program stops it
	if err := r.cmd.Start(); err != nil {
		return nil, errors.Join(err, r.log.Close())
	}
	go func() {
		_ = r.cmd.Wait() // it ends by a kill
		_ = r.log.Close()
		close(r.ended)
	}()
	sys.running(r)
	return r, nil
}

// awaitServing waits until the replica serves, and reads its address from its log.
func (r *replica) awaitServing(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	err := wait.Until(limited, 20*time.Millisecond, func() bool {
		text, err := os.ReadFile(r.log.Name())
		if err == nil {
			r.addr = servedAddress(text)
		}
		return r.addr != "" || r.hasEnded()
	})
	if err != nil || r.hasEnded() {
		return errors.Join(fmt.Errorf("%s did not start; see its log", r.name), err)
	}
	return nil
}

// servedAddress is the address of the API that the log of a daemon names; "" before.
func servedAddress(log []byte) (address string) {
	for line := range lines(log) {
		if line[names.EventName] == names.EventStarted {
			address, _ = line[names.HTTPAddr].(string)
		}
	}
	return address
}

// leasesLost is how often the replica has noticed that it lost the lease; after that it
// delivers nothing until it acquires the lease again.
func (r *replica) leasesLost() (n int) {
	text, err := os.ReadFile(r.log.Name())
	if err != nil {
		return 0
	}
	for line := range lines(text) {
		if line[names.EventName] == names.EventLease && line[names.Body] == "lease lost" {
			n++
		}
	}
	return n
}

// lines are the lines of a log that are complete.
func lines(log []byte) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		for text := range bytes.Lines(log) {
			var line map[string]any
			if json.Unmarshal(text, &line) == nil && !yield(line) {
				return
			}
		}
	}
}

func (r *replica) hasEnded() bool {
	select {
	case <-r.ended:
		return true
	default:
		return false
	}
}

// signal sends the process a signal; one that has ended is left alone.
func (r *replica) signal(s syscall.Signal) {
	if !r.hasEnded() {
		_ = r.cmd.Process.Signal(s)
	}
}

// kill ends the process as a power cut would, and waits for its end.
func (r *replica) kill() {
	r.signal(syscall.SIGKILL)
	<-r.ended
}

// stopped reports whether a SIGSTOP has stopped the process.
func (r *replica) stopped() bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.cmd.Process.Pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(line), ") ")
	return strings.HasPrefix(state, "T")
}
