// Package archtest checks the architecture of a module in its tests: which
// package may import which. A test reads the imports of a tree with Imports
// and compares them with rules; Layers states an order of packages; Oversized
// and ForbiddenDeps look at the size and the dependencies of packages.
//
// It is an ordinary package because tests of several modules use it, and it
// needs nothing but the standard library.
package archtest

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Edge is one import: the file File of package From imports package To.
type Edge struct {
	From string // a package path
	To   string // a package path
	File string // relative to the directory that was read, with slashes
}

// test reports whether a test file imports.
func (e Edge) test() bool { return strings.HasSuffix(e.File, "_test.go") }

// Imports reads the imports of every Go file below dir, whatever its build
// tags. Folders that the go tool ignores (testdata, names that begin with "."
// or "_") and node_modules are left out.
//
// The path of a package is its folder, relative to dir, below root: with root
// "jari.example" the package in dir/telemetry is "jari.example/telemetry", and
// with root "" it is "telemetry". trim is removed from the front of what is
// imported, so that with root "" and trim "jari.example/services/" both ends
// of an import within services are relative to it.
func Imports(dir, root, trim string) ([]Edge, error) {
	var edges []Edge
	err := goFiles(dir, func(file string) error {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := path.Join(root, path.Dir(file))
		for _, i := range parsed.Imports {
			to, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return fmt.Errorf("%s: import %s: %w", file, i.Path.Value, err)
			}
			edges = append(edges, Edge{From: from, To: strings.TrimPrefix(to, trim), File: file})
		}
		return nil
	})
	return edges, err
}

// goFiles calls visit with each Go file below dir, relative to it.
func goFiles(dir string, visit func(file string) error) error {
	return filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if file != dir && ignored(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		relative, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		return visit(filepath.ToSlash(relative))
	})
}

func ignored(folder string) bool {
	return strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_") || folder == "testdata" || folder == "node_modules"
}

// Rule forbids some imports.
type Rule struct {
	// Why is the reason, and what to do instead. Every finding repeats it.
	Why string
	// Production exempts test files.
	Production bool
	// Forbidden reports whether package from may not import package to.
	Forbidden func(from, to string) bool
}

// Check returns a sentence for each import that a rule forbids, in the order
// of edges.
func Check(edges []Edge, rules []Rule) (findings []string) {
	for _, e := range edges {
		for _, r := range rules {
			if r.Production && e.test() {
				continue
			}
			if r.Forbidden(e.From, e.To) {
				findings = append(findings, fmt.Sprintf("%s imports %s: %s", e.File, e.To, r.Why))
			}
		}
	}
	return findings
}

// Within reports whether package p is tree, or lies below it.
func Within(p, tree string) bool { return p == tree || strings.HasPrefix(p, tree+"/") }

// Standard reports whether package p is of the standard library: its path
// begins with a word that is no host name.
func Standard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

// Oversized lists the packages below dir that have more than most files, tests
// not counted: "reservation has 31 files, more than 25". Such a package holds
// several concerns.
func Oversized(dir string, most int) (findings []string, err error) {
	files := map[string]int{}
	err = goFiles(dir, func(file string) error {
		if !strings.HasSuffix(file, "_test.go") {
			files[path.Dir(file)]++
		}
		return nil
	})
	for folder, n := range files {
		if n > most {
			findings = append(findings, fmt.Sprintf("%s has %d files, more than %d", folder, n, most))
		}
	}
	slices.Sort(findings)
	return findings, err
}
