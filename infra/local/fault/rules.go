package fault

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Rule is an objective or a direct alert. alertingd checks everything else of it.
type Rule struct {
	Name    string
	Title   string   // what its messages begin with
	MutedBy []string // rules during whose incidents it opens none
}

// Rules are those of a directory such as alerting/slos, file by file.
func Rules(dir string) (all []Rule, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		found, err := rulesOf(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no rule", dir)
	}
	return all, nil
}

func rulesOf(file string) (all []Rule, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for decoder := yaml.NewDecoder(f); ; {
		var document struct {
			Kind     string
			Metadata struct {
				Name        string
				DisplayName string `yaml:"displayName"`
				Annotations map[string]string
			}
		}
		switch err := decoder.Decode(&document); {
		case errors.Is(err, io.EOF):
			return all, nil
		case err != nil:
			return nil, err
		}
		if document.Kind == "SLO" || document.Kind == "DirectAlert" {
			r := Rule{Name: document.Metadata.Name, Title: document.Metadata.DisplayName}
			for name := range strings.SplitSeq(document.Metadata.Annotations["jari.example/muted-by"], ",") {
				if name = strings.TrimSpace(name); name != "" {
					r.MutedBy = append(r.MutedBy, name)
				}
			}
			all = append(all, r)
		}
	}
}
