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
	for _, from := range []string{path.Join(logs, "objectives.yaml"), "policies.yaml", "tests/site-availability.test.yaml"} {
		text, err := files.ReadFile(from)
		if err != nil {
			return written, err
		}
		to := filepath.Join(dir, filepath.FromSlash(strings.TrimPrefix(from, logs+"/")))
		if err := writeNew(to, text); err != nil {
			return written, err
		}
		written = append(written, to)
	}
	return written, nil
}

func writeNew(file string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already; choose another directory", file)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}
