// Package crashguard makes a log line of the crash of a process.
//
// A Go program cannot log its own crash, because none of its code runs any more.
// It can only write the crash report to a file (debug.SetCrashOutput). So a
// second process of the same program, the guard, reads that file's other end, a
// pipe, and writes a process.panic line when the pipe is closed after a report.
// docs/decisions/0011 lists the alternatives.
//
//	elsewhere           daemon ──pipe──► guard, a child in a process group of its own
//	PID 1, a container  the guard is PID 1, because the death of PID 1 kills all other processes; the daemon is its child
package crashguard

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"syscall"

	"jari.example/telemetry/jsonlog"
)

// The environment variable that tells a process of the program its role.
const (
	roleVariable = "JARI_GUARD"
	roleGuard    = "guard"   // reads the pipe from its stdin
	roleGuarded  = "guarded" // writes the pipe as its file 3
)

// Guard is the daemon's connection to its guard process. A nil Guard is not
// connected.
type Guard struct{ pipe *os.File }

// Start starts the guard of this process and returns in the process that is the
// daemon. Its crash will be logged as a line of id. An error means that a panic
// is written to stderr only.
//
// In the guard itself Start does not return, so the program must call it first.
func Start(id jsonlog.Identity) (*Guard, error) {
	role := os.Getenv(roleVariable)
	_ = os.Unsetenv(roleVariable)
	var pipe *os.File
	switch {
	case role == roleGuard:
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
		logCrash(os.Stdin, os.Stdout)
		os.Exit(0)
	case role == roleGuarded:
		pipe = os.NewFile(3, "guard")
	case os.Getpid() == 1:
		code, err := runDaemon()
		if err != nil {
			return nil, err
		}
		os.Exit(code)
	default:
		var err error
		if pipe, err = startGuard(); err != nil {
			return nil, err
		}
	}
	if err := debug.SetCrashOutput(pipe, debug.CrashOptions{}); err != nil {
		return nil, err
	}
	g := &Guard{pipe}
	g.Identify(id)
	return g, nil
}

// Identify sends the identity under which the guard logs a crash. Without one
// the line has no name.
func (g *Guard) Identify(id jsonlog.Identity) {
	if g != nil {
		sendIdentity(g.pipe, id)
	}
}

// startGuard starts the guard as a child and returns the writing end of its
// pipe. The guard has a process group of its own, because it must outlive signals
// to the daemon's group, and shares only stdout with the daemon.
func startGuard() (*os.File, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close() // the guard has its own
	cmd := exec.Command(program)
	cmd.Args[0] = os.Args[0]
	// The whole environment: a program may look at it before it calls Start.
	cmd.Env = append(os.Environ(), roleVariable+"="+roleGuard, "GOMAXPROCS=1")
	cmd.Dir, cmd.Stdin, cmd.Stdout = "/", r, os.Stdout
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_ = w.Close()
		return nil, err
	}
	go func() { _ = cmd.Wait() }() // reaps the guard if it ends first
	return w, nil
}

// runDaemon makes this process the guard: it runs the program again as its
// child, forwards signals to it and returns the child's exit code.
func runDaemon() (code int, err error) {
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
	cmd.Env = append(os.Environ(), roleVariable+"="+roleGuarded)
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
	logCrash(r, os.Stdout)
	_ = cmd.Wait() // ProcessState has the result
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil // as a shell does
	}
	return cmd.ProcessState.ExitCode(), nil
}

// identityMark begins the lines of the pipe that carry an identity. A crash
// report does not contain this character.
const identityMark = "\x00"

func sendIdentity(w io.Writer, id jsonlog.Identity) {
	text, _ := json.Marshal(id) // cannot fail: its fields are strings
	_, _ = fmt.Fprintf(w, identityMark+"%s\n", text)
}
