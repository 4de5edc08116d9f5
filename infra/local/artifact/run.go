package artifact

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Run runs a program until it exits; when ctx ends, it kills the whole process
// group. Each line of output goes to line, which may be nil. The error of a
// failure contains the last lines.
func Run(ctx context.Context, cmd *exec.Cmd, line func(string)) error {
	tail := &lines{each: line}
	cmd.Stdout, cmd.Stderr = tail, tail
	// Pdeathsig fires when the thread that forked ends, so that thread must outlive the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer stop()
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n    %s", filepath.Base(cmd.Path)+" "+first(cmd.Args[1:]), err, strings.Join(tail.last, "\n    "))
	}
	return nil
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// lines splits output at \n and \r (progress meters use the latter).
type lines struct {
	each func(string)
	rest []byte
	last []string
}

var _ io.Writer = (*lines)(nil)

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexAny(l.rest, "\r\n")
		if i < 0 {
			return len(p), nil
		}
		text := strings.TrimSpace(string(l.rest[:i]))
		l.rest = l.rest[i+1:]
		if text == "" {
			continue
		}
		if l.last = append(l.last, text); len(l.last) > 15 {
			l.last = l.last[1:]
		}
		if l.each != nil {
			l.each(text)
		}
	}
}
