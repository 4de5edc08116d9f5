package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// killTree ends a process and its children as a power cut would: all of them, and
// none hears of another's end. They are stopped first, or a postmaster would
// notice its dead backends, and backends their dead postmaster.
func killTree(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	family := append(children(pid), pid)
	for _, p := range family {
		_ = syscall.Kill(p, syscall.SIGSTOP) // one that has just ended is no loss
	}
	for _, p := range family {
		_ = syscall.Kill(p, syscall.SIGKILL)
	}
	return nil
}

// children reads from /proc who has parent as its parent.
func children(parent int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid …; a name may hold anything
		_, rest, _ := bytes.Cut(text[bytes.LastIndexByte(text, ')')+1:], []byte(" "))
		fields := strings.Fields(string(rest))
		if len(fields) < 2 || fields[1] != strconv.Itoa(parent) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
