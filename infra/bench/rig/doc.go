// Package rig is what benchmarks of the reservation service stand on: a
// PostgreSQL of their own, the service in a process of its own, diners who ask
// it for seats over HTTP, a sink for its telemetry, and CPU time from /proc.
package rig

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Clone is the directory of the workspace.
func Clone() (string, error) {
	out, err := exec.Command("go", "env", "GOWORK").Output()
	file := strings.TrimSpace(string(out))
	if err != nil || file == "" || file == "off" {
		return "", fmt.Errorf("run it inside of a clone, with go.work in force (%v)", err)
	}
	return filepath.Dir(file), nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
