package slotest

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"jari.example/alerting/slo"
)

// suffix of the files with tests.
const suffix = ".test.yaml"

// Untested reports each rule of set without tests in the directory dir. A rule is
// tested when the file NAME.test.yaml expects an incident of it in one test and
// none in another. A file without a rule is reported, too.
func Untested(dir string, set slo.Set) error {
	var names []string
	for _, o := range set.SLOs {
		names = append(names, o.Name)
	}
	for _, a := range set.Alerts {
		names = append(names, a.Name)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	all := []error{err}
	for _, path := range files {
		if name := strings.TrimSuffix(filepath.Base(path), suffix); !slices.Contains(names, name) {
			all = append(all, fmt.Errorf("%s: there is no rule %q; rename or delete the file", path, name))
		}
	}
	for _, name := range names {
		path := filepath.Join(dir, name+suffix)
		f, err := Load(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			err = fmt.Errorf("%s is missing; write a test of the rule, as in alerting/slotest/testdata", path)
		case err == nil:
			err = f.tests(name)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

// tests reports what is missing for the file to test the rule name.
func (f File) tests(name string) error {
	if f.Metadata.Name != name {
		return fmt.Errorf("%s: metadata.name is %q; write %s, which the file is called", f.path, f.Metadata.Name, name)
	}
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
