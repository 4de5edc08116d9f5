// Package spec reads objectives from YAML: OpenSLO v1 documents of the kinds
// Service, DataSource, SLO and AlertNotificationTarget, and documents of our own
// kinds BurnRatePolicy, DirectAlert and Vocabulary. From another directory it reads
// who is on call: our kinds OnCallRota and MaintenanceWindow.
//
// The folder schema has a JSON Schema for each kind. A document that meets its
// schema is then checked for what a schema cannot say: references, names, windows
// and values that would never be reached. All problems are reported together, each
// with its file, line and field, and what to write instead.
package spec

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"jari.example/alerting/slo"
)

// Problem is one mistake in the files. Line is 0 when it has no line, Field is ""
// when it concerns the whole file.
type Problem struct {
	File  string
	Line  int
	Field string // such as spec.windows[0].burn
	What  string // what is wrong and what to write instead
}

// Error is "file:line: field: what", which editors recognise.
func (p Problem) Error() string {
	at := p.File
	if p.Line > 0 {
		at = fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	if p.Field != "" {
		at += ": " + p.Field
	}
	return at + ": " + p.What
}

// Option adds a check to Load.
type Option func(*loader)

// Runbooks makes Load check that the runbook of every rule is one of names.
func Runbooks(names []string) Option { return func(l *loader) { l.runbooks = names } }

// Dashboards makes Load check that the dashboard of every rule is one of names.
func Dashboards(names []string) Option { return func(l *loader) { l.dashboards = names } }

// Load reads every .yaml file at the top of fsys and returns the rules in them. If
// there is a problem, the set is empty and the error joins a Problem for each.
func Load(fsys fs.FS, options ...Option) (slo.Set, error) {
	l := newLoader(objectives)
	for _, option := range options {
		option(l)
	}
	if err := l.readFiles(fsys); err != nil {
		return slo.Set{}, err
	}
	l.check()
	if len(l.names[ruleKind]) == 0 && len(l.problems) == 0 {
		return slo.Set{}, errors.New("no SLO and no DirectAlert found; the directory must contain *.yaml files with at least one")
	}
	if len(l.problems) > 0 {
		return slo.Set{}, joined(l.problems)
	}
	return l.set(), nil
}

// readFiles reads every .yaml file at the top of fsys.
func (l *loader) readFiles(fsys fs.FS) error {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		body, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		l.read(file, body)
	}
	others, err := fs.Glob(fsys, "*.yml")
	if err != nil {
		return err
	}
	for _, file := range others {
		l.problems = append(l.problems, Problem{File: file, What: "is not read; rename it to .yaml"})
	}
	return nil
}

// joined returns the problems in the order of files and lines as one error.
func joined(problems []Problem) error {
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Field, b.Field), strings.Compare(a.What, b.What))
	})
	errs := make([]error, len(problems))
	for i, p := range slices.Compact(problems) {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// Problems returns the problems that an error of Load consists of; nil for another
// error, such as a directory that cannot be read.
func Problems(err error) (all []Problem) {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, err := range list.Unwrap() {
		if p, ok := errors.AsType[Problem](err); ok {
			all = append(all, p)
		}
	}
	return all
}

// loader collects documents by kind, and the problems in them.
type loader struct {
	dir                  directory
	runbooks, dashboards []string // nil: not checked

	names        map[string]map[string]document // kind → name → its first document
	vocabularies map[string]vocabulary          // by file
	sources      map[string]source              // by name
	slos         []parsed[sloBody]
	alerts       []parsed[alertBody]
	policies     []parsed[policyBody]
	rotas        []parsed[rotaBody]
	windows      []parsed[windowBody]

	rules    map[string]*rule // the valid ones
	problems []Problem
	// unreadable: what seems to be missing may be in a part that could not be read.
	unreadable bool
	// lostPolicy: a policy is faulty, so that its SLO may seem to have none.
	lostPolicy bool
}

// rule is an SLO or an alert, with its document.
type rule struct {
	document
	slo     *slo.SLO
	alert   *slo.Alert
	policed bool // an SLO that has a policy
}

func (r *rule) common() *slo.Rule {
	if r.slo != nil {
		return &r.slo.Rule
	}
	return &r.alert.Rule
}

func newLoader(dir directory) *loader {
	return &loader{
		dir:          dir,
		names:        map[string]map[string]document{},
		vocabularies: map[string]vocabulary{},
		sources:      map[string]source{},
		rules:        map[string]*rule{},
	}
}

func (l *loader) problem(d document, at path, format string, args ...any) {
	l.problems = append(l.problems, Problem{d.file, d.line(at), at.String(), fmt.Sprintf(format, args...)})
}

// check is what needs several documents.
func (l *loader) check() {
	l.addChanges()
	l.checkSources()
	for _, d := range l.slos {
		l.addSLO(d)
	}
	for _, d := range l.alerts {
		l.addAlert(d)
	}
	for _, d := range l.policies {
		l.addPolicy(d)
	}
	for _, r := range l.sorted() {
		if r.slo != nil && !r.policed && !l.unreadable && !l.lostPolicy {
			l.problem(r.document, at("metadata", "name"),
				"%q has no BurnRatePolicy, so it would never alert; add one with spec.slo: %s", r.name, r.name)
		}
	}
	l.checkMuting()
}

// sorted returns the valid rules by name.
func (l *loader) sorted() (all []*rule) {
	for _, r := range l.rules {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *rule) int { return strings.Compare(a.name, b.name) })
	return all
}

func (l *loader) set() (set slo.Set) {
	for _, r := range l.sorted() {
		if r.slo != nil {
			set.SLOs = append(set.SLOs, *r.slo)
		} else {
			set.Alerts = append(set.Alerts, *r.alert)
		}
	}
	return set
}
