// Package starter writes objectives to begin with, for sites whose access log is
// in OpenSearch. Their comments say what to change.
package starter

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

//go:embed nginx alb policies.yaml tests
var files embed.FS

// Logs are the access logs that there is an example for.
var Logs = []string{"nginx", "alb"}

// Write writes the example for logs, one of Logs, into the directory dir, which
// it creates. It overwrites nothing. It returns the paths of the files.
func Write(dir, logs string) (written []string, err error) {
	if !slices.Contains(Logs, logs) {
		return nil, fmt.Errorf("there is no example for the logs of %q; choose one of %s", logs, strings.Join(Logs, ", "))
	}
	texts := map[string][]byte{}
	for _, from := range []string{path.Join(logs, "objectives.yaml"), "policies.yaml", "tests/site-availability.test.yaml"} {
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(from, logs+"/")))
		if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("%s exists already; choose another directory", to)
		}
		if texts[to], err = files.ReadFile(from); err != nil {
			return nil, err
		}
		written = append(written, to)
	}
	for to, text := range texts {
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(to, text, 0o644); err != nil {
			return nil, err
		}
	}
	return written, nil
}
