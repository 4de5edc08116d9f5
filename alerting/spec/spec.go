// Package spec reads objectives from YAML: OpenSLO v1 documents of the kind SLO,
// and beside them documents of our own kind BurnRatePolicy. What it returns is
// valid. All problems are reported together, each with its file and field.
package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"jari.example/alerting/slo"
)

// The kinds of documents.
const (
	sloVersion    = "openslo/v1"
	sloKind       = "SLO"
	policyVersion = "jari.example/v1"
	policyKind    = "BurnRatePolicy"
)

// Problem is one mistake in the files.
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
	var policies []func()
	for _, file := range files {
		body, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		l.file(path.Base(file), body, &policies)
	}
	// Policies refer to an SLO, so they are added when all SLOs are known.
	for _, add := range policies {
		add()
	}
	for name, file := range l.from {
		if _, ok := l.policies[name]; !ok && !l.incomplete {
			l.problem(file, "metadata.name", "no %s has spec.slo: %s, so it would never alert; add one", policyKind, name)
		}
	}
	if len(l.from) == 0 && len(l.problems) == 0 {
		return nil, errors.New("no SLO found; the directory must contain *.yaml files of kind SLO")
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
	// incomplete: a document could not be decoded, so what seems to be missing
	// may be in it.
	incomplete bool
}

func (l *loader) problem(file, field, format string, args ...any) {
	l.problems = append(l.problems, Problem{file, field, fmt.Sprintf(format, args...)})
}

// file decodes every document of one file. What adds the policies is appended to
// policies.
func (l *loader) file(file string, body []byte, policies *[]func()) {
	// Two decoders advance together: the first finds the kind of a document, the
	// second decodes it and refuses unknown fields, because a misspelt window
	// would otherwise never fire.
	kinds, docs := yaml.NewDecoder(bytes.NewReader(body)), yaml.NewDecoder(bytes.NewReader(body))
	docs.KnownFields(true)
	for {
		var h header
		if err := kinds.Decode(&h); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			l.incomplete = true
			l.problem(file, "", "%s", strings.Join(yamlMessages(err), "; "))
			return
		}
		switch h {
		case header{sloVersion, sloKind}:
			if d, ok := decode[sloDocument](l, file, docs); ok {
				l.addSLO(file, d)
			}
		case header{policyVersion, policyKind}:
			if d, ok := decode[policyDocument](l, file, docs); ok {
				*policies = append(*policies, func() { l.addPolicy(file, d) })
			}
		default:
			l.problem(file, "kind", "%q of apiVersion %q is unknown; use %s %s or %s %s",
				h.Kind, h.APIVersion, sloVersion, sloKind, policyVersion, policyKind)
			decode[any](l, file, docs) // keeps the decoders together
		}
	}
}

func decode[T any](l *loader, file string, docs *yaml.Decoder) (d T, ok bool) {
	if err := docs.Decode(&d); err != nil {
		l.incomplete = true
		for _, message := range yamlMessages(err) {
			l.problem(file, "", "%s", message)
		}
		return d, false
	}
	return d, true
}

// renamed are fields of former versions and what to write now.
var renamed = map[string]string{"maxChance": "maxPValue"}

var unknownField = regexp.MustCompile(`^(line \d+): field (\S+) not found in type`)

// yamlMessages are the messages of a YAML error, without the names of Go types.
func yamlMessages(err error) []string {
	list := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if e, ok := errors.AsType[*yaml.TypeError](err); ok {
		list = e.Errors
	}
	var all []string
	for _, message := range list {
		if m := unknownField.FindStringSubmatch(message); m != nil {
			message = fmt.Sprintf("%s: field %s is unknown; correct its name or remove it", m[1], m[2])
			if name, ok := renamed[m[2]]; ok {
				message = fmt.Sprintf("%s: field %s was renamed; use %s", m[1], m[2], name)
			}
		}
		all = append(all, message)
	}
	return all
}
