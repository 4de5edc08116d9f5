// Package lambdatest runs the program of a Lambda function as Lambda does: the program asks
// the runtime API for the next invocation, and sends its response there. Between two
// invocations it waits; one that takes too long is killed and started again.
// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API" (2018-06-01).
package lambdatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// ErrTimedOut is the error of an invocation that takes longer than the function's timeout.
var ErrTimedOut = errors.New("the task timed out")

// Function is a function with one execution environment, which handles one invocation at a
// time.
type Function struct {
	command func() *exec.Cmd
	timeout time.Duration
	api     *httptest.Server
	one     sync.Mutex
	process *process
	pid     atomic.Int64
	starts  int

	next chan invocation
	done chan outcome
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
}

type outcome struct {
	id   string
	body []byte
	err  error
}

// process is the program that runs. ended is closed at its end.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // set before ended is closed
}

// New returns the function of a program: command returns it with its arguments and
// environment, not started. It is killed after the test.
func New(t *testing.T, timeout time.Duration, command func() *exec.Cmd) *Function {
	f := &Function{command: command, timeout: timeout, next: make(chan invocation), done: make(chan outcome)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.serveOutcome(false))
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", f.serveOutcome(true))
	f.api = httptest.NewServer(mux)
	t.Cleanup(func() {
		f.kill()
		f.api.CloseClientConnections()
		f.api.Close()
	})
	return f
}

// Starts is how often the program was started.
func (f *Function) Starts() int {
	f.one.Lock()
	defer f.one.Unlock()
	return f.starts
}

// Pid is the id of the process that was started last. It may be asked during an invocation.
func (f *Function) Pid() int { return int(f.pid.Load()) }

// Invoke sends an event, and returns the function's response. Its error is the function's,
// ErrTimedOut, or that the program has ended.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	f.one.Lock()
	defer f.one.Unlock()
	if err := f.start(); err != nil {
		return nil, err
	}
	i := invocation{uuid.NewString(), payload, time.Now().Add(f.timeout)}
	timeout := time.NewTimer(f.timeout)
	defer timeout.Stop()
	next := f.next
	for {
		select {
		case next <- i:
			next = nil // sent once
		case o := <-f.done:
			if o.id == i.id {
				return o.body, o.err
			}
		case <-f.process.ended:
			err := fmt.Errorf("the program has ended: %v", f.process.err)
			f.process = nil
			return nil, err
		case <-timeout.C:
			f.kill()
			return nil, ErrTimedOut
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *Function) start() error {
	if f.process != nil {
		return nil
	}
	cmd := f.command()
	cmd.Env = append(cmd.Env, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(f.api.URL, "http://"))
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &process{cmd: cmd, ended: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	f.process = p
	f.pid.Store(int64(cmd.Process.Pid))
	f.starts++
	return nil
}

func (f *Function) kill() {
	if f.process == nil {
		return
	}
	_ = f.process.cmd.Process.Kill() // it may have ended
	<-f.process.ended
	f.process = nil
}

func (f *Function) serveNext(w http.ResponseWriter, r *http.Request) {
	select {
	case i := <-f.next:
		h := w.Header()
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:ap-northeast-2:123456789012:function:test")
		_, _ = w.Write(i.payload)
	case <-r.Context().Done():
	}
}

func (f *Function) serveOutcome(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && failed {
			err = fmt.Errorf("the function's error: %s", bytes.TrimSpace(body))
		}
		w.WriteHeader(http.StatusAccepted)
		select {
		case f.done <- outcome{r.PathValue("id"), body, err}:
		case <-r.Context().Done():
		}
	}
}
