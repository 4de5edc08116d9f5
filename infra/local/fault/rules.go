package fault

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Rules are the names of the objectives and direct alerts of a directory such as
// alerting/slos, file by file. alertingd checks everything else of them.
func Rules(dir string) (names []string, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		found, err := rulesOf(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		names = append(names, found...)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s has no rule", dir)
	}
	return names, nil
}

func rulesOf(file string) (names []string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for decoder := yaml.NewDecoder(f); ; {
		var document struct {
			Kind     string
			Metadata struct{ Name string }
		}
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF):
			return names, nil
		case err != nil:
			return nil, err
		}
		if document.Kind == "SLO" || document.Kind == "DirectAlert" {
			names = append(names, document.Metadata.Name)
		}
	}
}
