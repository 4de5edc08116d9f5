package slotest

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"jari.example/alerting/slo"
)

// suffix of the files with tests.
const suffix = ".test.yaml"

// Untested reports each rule of set that the files do not test. A rule is tested
// when the file NAME.test.yaml expects an incident of it in one test and none in
// another. A file without a rule is reported, too.
func Untested(set slo.Set, files ...File) error {
	var names []string
	for _, o := range set.SLOs {
		names = append(names, o.Name)
	}
	for _, a := range set.Alerts {
		names = append(names, a.Name)
	}
	var all []error
	tested := map[string]bool{}
	for _, f := range files {
		name, isTest := strings.CutSuffix(filepath.Base(f.path), suffix)
		switch {
		case !isTest || name != f.Metadata.Name:
			all = append(all, fmt.Errorf("%s: metadata.name is %q; call the file %s%s", f.path, f.Metadata.Name, f.Metadata.Name, suffix))
		case !slices.Contains(names, name):
			all = append(all, fmt.Errorf("%s: there is no rule %q; rename or delete the file", f.path, name))
		default:
			all = append(all, f.tests(name))
		}
		tested[f.Metadata.Name] = true
	}
	for _, name := range names {
		if !tested[name] {
			all = append(all, fmt.Errorf("%s: no test; write %s%s, as in alerting/slotest/testdata", name, name, suffix))
		}
	}
	return errors.Join(all...)
}

// tests reports what is missing for the file to test the rule name.
func (f File) tests(name string) error {
	fires, silent := false, false
	for _, t := range f.Spec.Tests {
		t = t.withRule(name)
		never := false
		for _, e := range t.Expect {
			if e.Rule == name {
				fires = fires || e.State == Page || e.State == Ticket
				never = never || e.State == None
			}
		}
		opens := slices.ContainsFunc(t.Expect, func(e Expectation) bool {
			return e.Rule == name && e.State != None && e.State != ""
		})
		silent = silent || never && !opens
	}
	var all []error
	if !fires {
		all = append(all, fmt.Errorf("%s: no test expects an incident; add one with the state page or ticket", f.path))
	}
	if !silent {
		all = append(all, fmt.Errorf("%s: no test expects that nobody is notified; add one whose states are none", f.path))
	}
	return errors.Join(all...)
}
