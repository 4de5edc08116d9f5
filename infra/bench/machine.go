package bench

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where a report's figures were measured.
type Machine struct {
	CPU       string  `json:"cpu"`
	Cores     int     `json:"cores"`
	MemoryGiB float64 `json:"memory_gib"`
}

// ThisMachine reads /proc; what it cannot find is empty.
func ThisMachine() Machine {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	meminfo, _ := os.ReadFile("/proc/meminfo")
	kib, _ := strconv.ParseFloat(strings.TrimSuffix(fieldOf(string(meminfo), "MemTotal"), " kB"), 64)
	return Machine{
		CPU: fieldOf(string(cpuinfo), "model name"), Cores: runtime.NumCPU(),
		MemoryGiB: math.Round(kib/(1<<20)*10) / 10,
	}
}

// fieldOf is what follows "label:" in the first such line of text.
func fieldOf(text, label string) string {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == label {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Commit is the one that is checked out, "-dirty" when tracked files differ
// from it, other than reports themselves; "unknown" outside of a clone.
func Commit() string {
	head, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "unknown"
	}
	if changed, err := git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)docs/bench"); err != nil || changed != "" {
		head += "-dirty"
	}
	return head
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	return strings.TrimSpace(string(out)), err
}
