// Package proc reads from /proc what a process and its children do.
package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the kernel's unit of CPU time in /proc (USER_HZ, 100 on every Linux).
const tick = 10 * time.Millisecond

// stat is the content of /proc/PID/stat.
type stat struct {
	parent int
	own    time.Duration // CPU time, user and system
	reaped time.Duration // CPU time of its children that have ended
}

func parseStat(line string) (stat, error) {
	// pid (name) state parent …; the name may hold anything, so fields are counted from its end.
	end := strings.LastIndex(line, ") ")
	if end < 0 {
		return stat{}, fmt.Errorf("not a line of /proc/PID/stat: %q", line)
	}
	fields := strings.Fields(line[end+len(") "):])
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("not a line of /proc/PID/stat: %q", line)
	}
	number := func(i int) int {
		n, _ := strconv.Atoi(fields[i])
		return n
	}
	return stat{
		parent: number(1),
		own:    time.Duration(number(11)+number(12)) * tick,
		reaped: time.Duration(number(13)+number(14)) * tick,
	}, nil
}

// Own is the CPU time of a process without its children.
func Own(pid int) (time.Duration, error) {
	s, err := readStat(pid)
	return s.own, err
}

func readStat(pid int) (stat, error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(string(line))
}

// CPU is the CPU time of a process and all its children, those that have ended
// included.
func CPU(pid int) (time.Duration, error) {
	s, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	total := s.own + s.reaped
	for _, child := range children(pid) {
		total += child.own
	}
	return total, nil
}

// Children lists the running children of a process.
func Children(pid int) (pids []int) {
	for child := range children(pid) {
		pids = append(pids, child)
	}
	return pids
}

// children is the running children by their pids. One that ends while /proc is
// read is left out; its parent counts its CPU time.
func children(pid int) map[int]stat {
	found := map[int]stat{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // an error only of the pattern
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if s, failed := parseStat(string(line)); err == nil && failed == nil && s.parent == pid {
			found[child] = s
		}
	}
	return found
}
