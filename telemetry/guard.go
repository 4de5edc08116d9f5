package telemetry

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"jari.example/telemetry/names"
)

// A Go program cannot log its own death: nothing of it runs any more. It can
// write its last words to a file (debug.SetCrashOutput), so there is a second
// process at the other end of a pipe, which makes a line of them at the pipe's
// end. docs/decisions tells what else was considered.
//
//	a daemon            the daemon ──pipe──► its watcher, a child in a group of its own
//	PID 1, a container  the watcher is PID 1, since with it all others are killed; the daemon is its child

// guardRole says in the environment what a second process of a program is for.
const (
	guardRole = "JARI_GUARD"
	watches   = "watches" // its stdin
	watched   = "watched" // through its file 3
)

// guard returns in the process that does the work. Without a guard that works
// too: then a panic is only on stderr.
func guard(service string) {
	role := os.Getenv(guardRole)
	_ = os.Unsetenv(guardRole)
	var watcher *os.File
	var err error
	switch {
	case role == watches:
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
		watch(os.Stdin, os.Stdout)
		os.Exit(0)
	case role == watched:
		watcher = os.NewFile(3, "watcher")
	case os.Getpid() == 1:
		var code int
		if code, err = runWatched(); err == nil {
			os.Exit(code)
		}
	default:
		watcher, err = startWatcher()
	}
	if err == nil {
		err = debug.SetCrashOutput(watcher, debug.CrashOptions{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "a panic will not become a line:", err)
		return
	}
	introduce(watcher, identity{Service: service, Version: built()})
	running.watcher = watcher
}

// startWatcher: it has a group of its own, for it must outlive whatever is sent
// to the daemon's, and nothing of the daemon's but stdout.
func startWatcher() (*os.File, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close() // it has its own
	cmd := exec.Command(program)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), guardRole+"="+watches, "GOMAXPROCS=1") // all of it, or a program that looks there first would take another way
	cmd.Dir, cmd.Stdin, cmd.Stdout = "/", r, os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_ = w.Close()
		return nil, err
	}
	go func() { _ = cmd.Wait() }() // should it end first, it is no zombie
	return w, nil
}

// runWatched runs the program once more as the child of this process, hands it
// the signals it gets, and returns the child's exit code.
func runWatched() (code int, err error) {
	program, err := os.Executable()
	if err != nil {
		return 0, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2)
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), guardRole+"="+watched)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		signal.Stop(signals)
		return 0, err
	}
	go func() {
		for s := range signals {
			_ = cmd.Process.Signal(s)
		}
	}()
	watch(r, os.Stdout)
	_ = cmd.Wait() // ProcessState says it
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil // as a shell does
	}
	return cmd.ProcessState.ExitCode(), nil
}

// introduction marks the lines that say who is watched; last words have no
// such character.
const introduction = "\x00"

func introduce(w io.Writer, id identity) {
	text, _ := json.Marshal(id)                      // strings
	_, _ = fmt.Fprintf(w, introduction+"%s\n", text) // without it the line lacks a name
}

// watch reads until the last process with the other end is gone. If there were
// last words it writes them as one line.
func watch(r io.Reader, w io.Writer) {
	var id identity
	var words strings.Builder
	for in := bufio.NewReader(r); ; {
		line, err := in.ReadSlice('\n')
		if who, ok := bytes.CutPrefix(line, []byte(introduction)); ok {
			_ = json.Unmarshal(who, &id) // ours
		} else if words.Len() < maxLine {
			words.Write(line) // more has no room, but must be read
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
	}
	if words.Len() == 0 {
		return
	}
	rec := slog.NewRecord(time.Now(), levelFatal, "panic", 0)
	rec.AddAttrs(slog.String(names.EventName, names.EventPanic),
		slog.String(names.Exception, cause(words.String())), slog.String(names.Stacktrace, words.String()))
	_ = newHandler(w, id, slog.LevelInfo).Handle(context.Background(), rec) // nobody is left to be told
}

// cause says in a line what happened. Of its fatal errors Go hands over the
// stack alone; what it calls them stands on stderr.
func cause(words string) string {
	lines := strings.Split(words, "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "panic: ") {
			return line
		}
	}
	if strings.HasPrefix(strings.TrimLeft(words, "\n"), "goroutine ") {
		for _, line := range lines {
			if function, _, isCall := strings.Cut(line, "("); isCall {
				return "fatal error in " + function
			}
		}
	}
	return lines[0]
}
