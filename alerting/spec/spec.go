// Package spec reads objectives from YAML: OpenSLO v1 documents of kind SLO
// and our BurnRatePolicy beside them. What it returns is valid; what is wrong
// is reported all at once, each problem with its file and field.
package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"jari.example/alerting/slo"
)

// The documents that are understood.
const (
	sloVersion    = "openslo/v1"
	sloKind       = "SLO"
	policyVersion = "jari.example/v1"
	policyKind    = "BurnRatePolicy"
)

// Problem is one thing that is wrong with the files.
type Problem struct {
	File, Field, What string
}

func (p Problem) Error() string {
	if p.Field == "" {
		return p.File + ": " + p.What
	}
	return p.File + ": " + p.Field + ": " + p.What
}

// Load reads every .yaml file at the top of fsys and returns the objectives
// sorted by name. The error joins every Problem found.
func Load(fsys fs.FS) ([]slo.SLO, error) {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	l := loader{slos: map[string]slo.SLO{}, from: map[string]string{}, policies: map[string]string{}}
	var later []func()
	for _, file := range files {
		body, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		l.file(path.Base(file), body, &later)
	}
	// Policies name their SLO, so they are joined when all SLOs are known.
	for _, join := range later {
		join()
	}
	for name, file := range l.from {
		if _, ok := l.policies[name]; !ok {
			l.problem(file, "metadata.name", "no %s has spec.slo: %s, so it would never alert", policyKind, name)
		}
	}
	if len(l.from) == 0 && len(l.problems) == 0 {
		return nil, errors.New("no SLO found: expected *.yaml files of kind SLO")
	}
	if len(l.problems) > 0 {
		slices.SortFunc(l.problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, errors.Join(l.problems...)
	}
	all := make([]slo.SLO, 0, len(l.slos))
	for _, s := range l.slos {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b slo.SLO) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

type loader struct {
	slos     map[string]slo.SLO
	from     map[string]string // SLO → file
	policies map[string]string // SLO → file of its policy
	problems []error
}

func (l *loader) problem(file, field, format string, args ...any) {
	l.problems = append(l.problems, Problem{file, field, fmt.Sprintf(format, args...)})
}

// file reads every document of one file; joins of policies go to later.
func (l *loader) file(file string, body []byte, later *[]func()) {
	// Two decoders in step: the first tells what a document is, the second
	// reads it and refuses fields it does not know, since a misspelt window
	// would otherwise be a window that never fires.
	kinds, docs := yaml.NewDecoder(bytes.NewReader(body)), yaml.NewDecoder(bytes.NewReader(body))
	docs.KnownFields(true)
	for {
		var h header
		if err := kinds.Decode(&h); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			l.problem(file, "", "%s", yamlMessage(err))
			return
		}
		switch h {
		case header{sloVersion, sloKind}:
			if d, ok := decode[sloDocument](l, file, docs); ok {
				l.addSLO(file, d)
			}
		case header{policyVersion, policyKind}:
			if d, ok := decode[policyDocument](l, file, docs); ok {
				*later = append(*later, func() { l.addPolicy(file, d) })
			}
		default:
			l.problem(file, "kind", "%q of apiVersion %q is unknown; want %s %s or %s %s",
				h.Kind, h.APIVersion, sloVersion, sloKind, policyVersion, policyKind)
			decode[any](l, file, docs) // to stay in step
		}
	}
}

func decode[T any](l *loader, file string, docs *yaml.Decoder) (d T, ok bool) {
	if err := docs.Decode(&d); err != nil {
		l.problem(file, "", "%s", yamlMessage(err))
		return d, false
	}
	return d, true
}

// yamlMessage says a YAML error without the names of our Go types.
func yamlMessage(err error) string {
	s := strings.TrimPrefix(err.Error(), "yaml: ")
	s = strings.ReplaceAll(s, "unmarshal errors:\n  ", "")
	before, _, _ := strings.Cut(s, " not found in type")
	if before != s {
		return before + " is unknown"
	}
	return s
}
