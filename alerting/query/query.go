// Package query holds named queries as data: what an operator may ask of a running
// system, in YAML files beside the runbooks. A query is a search in the telemetry, HTTP
// requests, the readiness of parts, or a read-only SQL statement; none changes anything.
//
// The package reads and checks the files, and turns a query into requests. It sends
// none: package ask does, and so this one needs no system.
package query

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"jari.example/alerting/nearest"
)

// Query is one named query. Exactly one of Search, HTTP, Ready and SQL is set.
type Query struct {
	Name     string            `yaml:"name"`
	Question string            `yaml:"question"` // what it answers, for the list of queries
	Since    Duration          `yaml:"since"`    // of a search: how far it looks back unless Options say otherwise
	Set      map[string]string `yaml:"set"`      // of a search or ready: values that a caller may replace, with their defaults
	Search   *Search           `yaml:"search"`
	HTTP     []Request         `yaml:"http"`
	Ready    *Ready            `yaml:"ready"`
	SQL      *SQL              `yaml:"sql"`
}

// Duration is a time.Duration in YAML, such as 15m.
type Duration time.Duration

// UnmarshalYAML implements yaml.Unmarshaler.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	v, err := time.ParseDuration(n.Value)
	if err != nil || v <= 0 {
		return fmt.Errorf("line %d: %q is not a duration such as 15m", n.Line, n.Value)
	}
	*d = Duration(v)
	return nil
}

// Folder is where the queries are, beside the runbooks.
const Folder = "queries"

// Set is the queries by name.
type Set map[string]Query

// Load reads the queries from the folder Folder in fsys, and returns them with all
// problems that it finds, each with its file.
func Load(fsys fs.FS) (Set, error) {
	files, err := fs.Glob(fsys, path.Join(Folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no queries; they are files %s/NAME.yaml beside the runbooks", Folder)
	}
	set := Set{}
	var problems []error
	for _, file := range files {
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, err
		}
		q, err := parse(text)
		if err == nil && q.Name+".yaml" != path.Base(file) {
			err = fmt.Errorf("its name is %q; name it after its file", q.Name)
		}
		if err = errors.Join(err, q.check()); err != nil {
			for line := range strings.Lines(err.Error()) {
				problems = append(problems, fmt.Errorf("%s: %s", file, strings.TrimSpace(line)))
			}
		}
		set[strings.TrimSuffix(path.Base(file), ".yaml")] = q // a wrong one, too, so that who asks it is not wrong as well
	}
	return set, errors.Join(problems...)
}

func parse(text []byte) (q Query, err error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err = d.Decode(&q)
	return q, err
}

// Names are the sorted names of the queries.
func (s Set) Names() []string {
	all := make([]string, 0, len(s))
	for name := range s {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// Find returns the query called name. The error names the most similar one.
func (s Set) Find(name string) (Query, error) {
	if q, ok := s[name]; ok {
		return q, nil
	}
	return Query{}, fmt.Errorf("there is no query %q; %s", name, nearest.OneOf(name, s.Names()))
}

// Columns are the titles of the columns of an answer.
func (q Query) Columns() []string {
	switch {
	case q.Search != nil:
		return q.Search.titles()
	case q.SQL != nil:
		return q.SQL.Columns
	case q.Ready != nil:
		return append(ResponseColumns(), SaysColumn)
	}
	titles := ResponseColumns()
	for _, r := range q.HTTP {
		for _, title := range r.titles() {
			if !slices.Contains(titles, title) {
				titles = append(titles, title)
			}
		}
	}
	return titles
}
