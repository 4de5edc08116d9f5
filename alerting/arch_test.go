// Package alerting_test holds the rules for imports inside this module.
package alerting_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "jari.example/alerting/"

// rule forbids the packages from to import the packages to, in tests, too. Both
// are relative to the module.
type rule struct {
	why      string
	from, to []string
}

// channels are the packages that implement notify.Notifier.
var channels = []string{"slack"}

var rules = []rule{
	{
		"a store knows no channel: use the types of notify and incident",
		[]string{"postgres", "inmem", "storetest"}, channels,
	},
	{
		"what detects incidents knows neither how they are delivered nor where they are stored",
		[]string{"slo", "spec", "indicator", "evaluate", "incident"}, append([]string{"notify", "postgres"}, channels...),
	},
	{
		"the relay knows no channel: main gives it a Notifier",
		[]string{"notify"}, append([]string{"postgres"}, channels...),
	},
}

type edge struct{ from, to string }

func violations(edges []edge) (found []string) {
	for _, e := range edges {
		for _, r := range rules {
			within := func(p string) bool { return e.to == p || strings.HasPrefix(e.to, p+"/") }
			if slices.Contains(r.from, e.from) && slices.ContainsFunc(r.to, within) {
				found = append(found, e.from+" imports "+e.to+": "+r.why)
			}
		}
	}
	return found
}

func TestImports(t *testing.T) {
	edges := imports(t)
	for _, e := range []edge{{"postgres", "notify"}, {"slack", "notify"}} {
		if !slices.Contains(edges, e) {
			t.Errorf("the import of %s by %s was not found: the test reads the wrong files", e.to, e.from)
		}
	}
	for _, v := range violations(edges) {
		t.Error(v)
	}
}

func TestForbiddenImportsAreDetected(t *testing.T) {
	for _, e := range []edge{
		{"postgres", "slack"}, {"inmem", "slack"}, {"storetest", "slack/slacktest"}, {"incident", "notify"}, {"evaluate", "postgres"},
		{"notify", "slack"},
	} {
		if len(violations([]edge{e})) == 0 {
			t.Errorf("%s may import %s", e.from, e.to)
		}
	}
	for _, e := range []edge{{"postgres", "notify"}, {"slack", "notify"}, {"cmd/alertingd", "slack"}, {"incident", "evaluate"}} {
		if v := violations([]edge{e}); len(v) > 0 {
			t.Errorf("an allowed import is rejected: %v", v)
		}
	}
}

// imports lists the imports between packages of this module.
func imports(t *testing.T) (edges []edge) {
	t.Helper()
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(file, ".go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range parsed.Imports {
			to, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			if to, ours := strings.CutPrefix(to, module); ours {
				edges = append(edges, edge{path.Dir(filepath.ToSlash(file)), to})
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return edges
}
