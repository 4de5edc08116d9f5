package launch

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a started child. Its output goes directly to files.
type process struct {
	cmd     *exec.Cmd
	started time.Time
	out     position // where this run's output begins
	err     position
	done    chan struct{}
	exit    error // valid after done
}

// position is an offset in a log that several runs append to.
type position struct {
	path string
	from int64
}

// forker runs functions on one thread that lives as long as the program. The
// kernel ties a child's parent-death signal to the thread that forked it, and
// the Go runtime may end any other thread.
type forker chan func()

func newForker() forker {
	f := make(forker)
	go func() {
		runtime.LockOSThread()
		for fn := range f {
			fn()
		}
	}()
	return f
}

func (f forker) start(p Part, c Command, logDir string) (*process, error) {
	base := filepath.Join(logDir, p.logName())
	out, err := appendTo(base + ".log")
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child has its own copy
	stderr, err := appendTo(base + ".err")
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = c.Env, c.Dir, out, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:    true, // so that Ctrl-C in a terminal does not reach it
		Pdeathsig:  p.stopSignal(),
		Credential: c.As,
	}
	proc := &process{cmd: cmd, started: time.Now(), out: endOf(out), err: endOf(stderr), done: make(chan struct{})}
	started := make(chan error)
	f <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	go func() {
		proc.exit = cmd.Wait()
		// No child of the process may outlive it.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		close(proc.done)
	}()
	return proc, nil
}

// stop sends sig, and SIGKILL to the process group if the process has not
// exited after timeout. It returns once the process has exited.
func (p *process) stop(sig syscall.Signal, timeout time.Duration) (killed bool) {
	_ = p.cmd.Process.Signal(sig)
	select {
	case <-p.done:
		return false
	case <-time.After(timeout):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
	return true
}

// exitText describes how the process exited.
func (p *process) exitText() string {
	if p.exit == nil {
		return "exit status 0"
	}
	return p.exit.Error()
}

// outputTail names the log to open and quotes its last lines: of standard
// error if this run wrote any, else of standard output.
func (p *process) outputTail() string {
	for _, m := range []position{p.err, p.out} {
		if lines := m.tail(12); lines != "" {
			return "its log: " + m.path + "\n" + indent(lines)
		}
	}
	return "its log: " + p.out.path + " (nothing was written)"
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}

// tail returns up to n last lines written after the position, long lines cut.
func (m position) tail(n int) string {
	f, err := os.Open(m.path)
	if err != nil {
		return ""
	}
	defer f.Close()
	const window = 16 << 10
	size := endOf(f).from
	buf := make([]byte, min(window, max(0, size-m.from)))
	if _, err := f.ReadAt(buf, size-int64(len(buf))); err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(buf)), "\n")
	lines = lines[max(0, len(lines)-n):]
	for i, line := range lines {
		if len(line) > 400 {
			lines[i] = line[:400] + " …"
		}
	}
	return strings.Join(lines, "\n")
}

func appendTo(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

func endOf(f *os.File) position {
	st, err := f.Stat()
	if err != nil {
		return position{path: f.Name()}
	}
	return position{path: f.Name(), from: st.Size()}
}

func (p Part) logName() string             { return cmp.Or(p.Log, p.Name) }
func (p Part) stopSignal() syscall.Signal  { return cmp.Or(p.StopSignal, syscall.SIGTERM) }
func (p Part) stopTimeout() time.Duration  { return cmp.Or(p.StopTimeout, 10*time.Second) }
func (p Part) startTimeout() time.Duration { return cmp.Or(p.StartTimeout, time.Minute) }
func (p Part) backoffReset() time.Duration { return cmp.Or(p.BackoffReset, 30*time.Second) }
