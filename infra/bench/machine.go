package bench

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Machine describes the computer on which a report was measured.
type Machine struct {
	CPU       string  `json:"cpu"`
	Cores     int     `json:"cores"`
	MemoryGiB float64 `json:"memory_gib"`
}

// ThisMachine reads /proc. What it does not find stays empty.
func ThisMachine() Machine {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo")
	meminfo, _ := os.ReadFile("/proc/meminfo")
	kib, _ := strconv.ParseFloat(strings.TrimSuffix(fieldOf(string(meminfo), "MemTotal"), " kB"), 64)
	return Machine{
		CPU: fieldOf(string(cpuinfo), "model name"), Cores: runtime.NumCPU(),
		MemoryGiB: math.Round(kib/(1<<20)*10) / 10,
	}
}

// fieldOf is the text after "label:" in the first line that begins with it.
func fieldOf(text, label string) string {
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == label {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Commit is the commit that is checked out, with "-dirty" if tracked files
// other than reports differ from it; "unknown" outside a clone.
func Commit() string {
	head, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "unknown"
	}
	changed, err := git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)docs/bench")
	if err != nil || changed != "" {
		head += "-dirty"
	}
	return head
}

func git(args ...string) (string, error) {
	out, err := exec.Command("git", args...).Output()
	return strings.TrimSpace(string(out)), err
}
