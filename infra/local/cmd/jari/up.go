package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"jari.example/infra/local/launch"
	"jari.example/internal/wait"
)

// startFlags are the flags that up passes on to supervise.
type startFlags struct {
	offset, only string
	scale        int
	plugin       bool
	proxies      bool
}

func (f *startFlags) add(fs *flag.FlagSet, e env) {
	offset := e.getenv("JARI_PORT_OFFSET")
	if offset == "" {
		offset = "0"
	}
	fs.StringVar(&f.offset, "port-offset", offset, "add `N` to every port; auto chooses a free range (env JARI_PORT_OFFSET)")
	fs.StringVar(&f.only, "only", "", "start only these `parts` and those they need, comma-separated")
	fs.IntVar(&f.scale, "alert-time-scale", 60, "run the alerting windows this many times faster than real time; 60 makes an hour a minute")
	fs.BoolVar(&f.plugin, "plugin", false, "build Fluent Bit's plugin even if another agent runs (jari with does)")
	fs.BoolVar(&f.proxies, "fault-proxies", false, "put proxies before the servers, for faults that need them; requests take longer")
}

func (f startFlags) args(dir string) []string {
	return []string{
		"--dir", dir, "--port-offset", f.offset, "--only", f.only,
		"--alert-time-scale", strconv.Itoa(f.scale), "--plugin=" + strconv.FormatBool(f.plugin),
		"--fault-proxies=" + strconv.FormatBool(f.proxies),
	}
}

func (f startFlags) parts() []string {
	return strings.FieldsFunc(f.only, func(r rune) bool { return r == ',' || r == ' ' })
}

func (f startFlags) check() error {
	if n, err := strconv.Atoi(f.offset); f.offset != "auto" && (err != nil || n < 0 || n > 40000) {
		return fmt.Errorf("--port-offset is %q; it must be auto or a number from 0 to 40000", f.offset)
	}
	if f.scale < 1 {
		return fmt.Errorf("--alert-time-scale is %d; it must be at least 1", f.scale)
	}
	return nil
}

func up(ctx context.Context, e env, args []string) error {
	fs, dirFlag := e.flags("up", "[flags]")
	var f startFlags
	f.add(fs, e)
	if err := fs.Parse(args); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	_, dir, err := locate(*dirFlag)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(dir, "log"), 0o755); err != nil {
		return err
	}
	started, err := ensureLauncher(ctx, e, dir, f)
	if err != nil {
		return err
	}
	if !started {
		st, err := launch.Dial(launch.SocketPath(dir)).Status(ctx)
		if err != nil {
			return err
		}
		given := map[string]bool{"port-offset": e.getenv("JARI_PORT_OFFSET") != ""}
		fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
		if err := checkSettings(dir, st, f, given); err != nil {
			return err
		}
		if st.Phase == "running" {
			fmt.Fprintln(e.stdout, "Jari is already running.")
			return e.printAddresses(dir)
		}
	}
	return follow(ctx, e, dir, started)
}

// ensureLauncher starts a launcher unless one runs. The lock prevents two
// concurrent `jari up` from starting one each.
func ensureLauncher(ctx context.Context, e env, dir string, f startFlags) (started bool, err error) {
	lock := flock.New(filepath.Join(dir, "up.lock"))
	if _, err := lock.TryLockContext(ctx, 50*time.Millisecond); err != nil {
		return false, err
	}
	defer lock.Unlock()
	client := launch.Dial(launch.SocketPath(dir))
	running := false
	err = wait.Until(ctx, 100*time.Millisecond, func() bool { // a launcher that is stopping must have exited first
		st, err := client.Status(ctx)
		running = err == nil && st.Phase != "stopping"
		return running || errors.Is(err, launch.ErrNotRunning)
	})
	if err != nil || running {
		return false, err
	}
	return true, spawn(ctx, dir, f)
}

// spawn starts `jari supervise` detached from the terminal and waits until it
// serves its socket.
func spawn(ctx context.Context, dir string, f startFlags) error {
	program, err := ownCopy(dir)
	if err != nil {
		return err
	}
	logPath := filepath.Join(dir, "log", "launcher.log")
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(program, append([]string{"supervise"}, f.args(dir)...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if _, err := launch.Dial(launch.SocketPath(dir)).Status(ctx); err == nil {
			return nil
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(logPath)
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			return fmt.Errorf("the launcher did not start; the end of its log %s:\n%s", logPath, strings.Join(lines[max(0, len(lines)-5):], "\n"))
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGTERM)
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ownCopy copies this program into the system's directory: the launcher starts
// it again as a child long after `go run` has removed the original.
func ownCopy(dir string) (string, error) {
	bin := filepath.Join(dir, "bin")
	path := filepath.Join(bin, "jari")
	self, err := os.Executable()
	if err != nil || self == path {
		return path, err
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	src, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer src.Close()
	fresh, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(fresh, src)
	if err := errors.Join(err, fresh.Close()); err != nil {
		return "", err
	}
	return path, os.Rename(path+".new", path)
}

// checkSettings checks that the system that runs in dir has the parts of f, and
// the settings of f whose names are in given.
func checkSettings(dir string, st launch.Status, f startFlags, given map[string]bool) error {
	wanted := f.parts()
	if f.plugin {
		wanted = append(wanted, "plugin")
	}
	if f.proxies {
		wanted = append(wanted, "fault-proxies")
	}
	for _, name := range wanted {
		if !slices.ContainsFunc(st.Parts, func(p launch.PartStatus) bool { return p.Name == name }) {
			return fmt.Errorf("a system runs already, without %s; stop it first with `jari down`", name)
		}
	}
	running, err := loadState(dir)
	if err != nil {
		return err
	}
	if other := f.differs(running, given); other != "" {
		return fmt.Errorf("a system runs already, with %s; stop it first with `jari down`", other)
	}
	return nil
}

// follow prints progress until everything is up. On Ctrl-C the owner, which
// started the launcher, stops everything; another caller only stops following.
func follow(ctx context.Context, e env, dir string, owner bool) error {
	show := newProgress(e.stdout)
	client := launch.Dial(launch.SocketPath(dir))
	last, err := client.Follow(ctx, owner, show.event)
	show.close()
	if ctx.Err() != nil {
		if !owner {
			return exitCode(130)
		}
		fmt.Fprintln(e.stderr, "jari: interrupted; stopping everything that was started")
		if err := stopAndWait(context.WithoutCancel(ctx), dir); err != nil {
			return err
		}
		return exitCode(130)
	}
	if err != nil {
		return fmt.Errorf("%w; see %s", err, filepath.Join(dir, "log", "launcher.log"))
	}
	switch last.Kind {
	case launch.Ready:
		return e.printAddresses(dir)
	case launch.Stopped:
		return errors.New("the system was stopped before everything was up")
	}
	if err := waitUntilUnlocked(ctx, dir); err != nil {
		return err
	}
	fmt.Fprintf(e.stderr, "jari: %s\nAll parts are stopped. The launcher's log: %s\n", last.Text, filepath.Join(dir, "log", "launcher.log"))
	return exitCode(1)
}
