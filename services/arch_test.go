// Package services_test checks the import rules of this module.
package services_test

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
	"testing"
)

const module = "jari.example/services"

// A rule forbids some imports. why says what to do instead.
type rule struct {
	why       string
	forbidden func(from, to string) bool
}

// Packages are named relative to the module ("reservation/postgres"); foreign
// imports keep their full path.
var rules = []rule{
	{
		"a service never imports another service: call it over HTTP, through an interface of the caller and an adapter package (userhttp/)",
		func(from, to string) bool { return isService(from) && isService(to) && service(from) != service(to) },
	},
	{
		"a service never imports its own adapters: declare the interface in service.go and let cmd inject the adapter",
		func(from, to string) bool {
			return isService(from) && !isAdapter(from) && !isMain(from) && isAdapter(to)
		},
	},
	{
		"an adapter imports its service and no other adapter: only cmd and tests combine adapters",
		func(from, to string) bool {
			return isAdapter(from) && isAdapter(to) && from != to
		},
	},
	{
		"no package imports cmd: move what is shared into a package",
		func(_, to string) bool { return isOurs(to) && isMain(to) },
	},
	{
		"services/internal is used by every service and so imports none of them",
		func(from, to string) bool { return strings.HasPrefix(from, "internal/") && isService(to) },
	},
	{
		"of the other modules a service imports only telemetry and the process kit, internal",
		func(_, to string) bool {
			return strings.HasPrefix(to, "jari.example/") && to != "jari.example/telemetry" &&
				!strings.HasPrefix(to, "jari.example/telemetry/") && !strings.HasPrefix(to, "jari.example/internal/")
		},
	},
	{
		"go-kit's log, tracing, metrics, circuitbreaker and auth/jwt are stale: use telemetry, failsafe-go and golang-jwt",
		func(_, to string) bool {
			rest, ok := strings.CutPrefix(to, "github.com/go-kit/kit/")
			return ok && slices.Contains([]string{"log", "tracing", "metrics", "circuitbreaker", "auth"}, strings.Split(rest, "/")[0])
		},
	},
}

func isOurs(p string) bool    { return strings.HasPrefix(p, "internal/") || isService(p) }
func service(p string) string { return strings.Split(p, "/")[0] }

func isService(p string) bool {
	return slices.Contains([]string{"gateway", "user", "reservation", "search", "notification"}, service(p))
}

func isMain(p string) bool { return slices.Contains(strings.Split(p, "/"), "cmd") }

// isAdapter goes by the package name, which is a technology: postgres, inmem,
// userhttp. Other packages of a service are part of its domain.
func isAdapter(p string) bool {
	name := path.Base(p)
	return isService(p) && (strings.HasSuffix(name, "http") ||
		slices.Contains([]string{"inmem", "postgres", "redis", "opensearch", "dynamo", "dynamodb", "ses"}, name))
}

type edge struct{ from, to, file string }

// broken returns the imports that a rule forbids. Tests may also import the
// adapters of their service.
func broken(edges []edge) []string {
	var found []string
	for _, e := range edges {
		for i, r := range rules {
			if strings.HasSuffix(e.file, "_test.go") && (i == 1 || i == 2) {
				continue
			}
			if r.forbidden(e.from, e.to) {
				found = append(found, fmt.Sprintf("%s imports %s: %s", e.file, e.to, r.why))
			}
		}
	}
	return found
}

func TestImports(t *testing.T) {
	edges := imports(t)
	if len(edges) < 50 {
		t.Fatalf("only %d imports found: the test reads the wrong folder", len(edges))
	}
	for _, b := range broken(edges) {
		t.Error(b)
	}
}

func TestRulesDetectForbiddenImports(t *testing.T) {
	for i, e := range []edge{
		{"reservation", "user", "reservation/service.go"},
		{"reservation", "reservation/postgres", "reservation/service.go"},
		{"reservation/postgres", "reservation/inmem", "reservation/postgres/x.go"},
		{"user", "user/cmd/userd", "user/x.go"},
		{"internal/httpjson", "user", "internal/httpjson/x.go"},
		{"search", "jari.example/alerting", "search/x.go"},
		{"search", "github.com/go-kit/kit/log", "search/x.go"},
	} {
		if len(broken([]edge{e})) == 0 {
			t.Errorf("rule %d does not detect %s → %s", i, e.from, e.to)
		}
	}
	for _, e := range []edge{
		{"reservation", "jari.example/internal/fault", "reservation/service.go"},
		{"reservation/postgres", "reservation", "reservation/postgres/x.go"},
		{"reservation/cmd/reservationd", "reservation/postgres", "reservation/cmd/reservationd/main.go"},
		{"reservation/postgres", "reservation/storetest", "reservation/postgres/x_test.go"},
		{"user", "jari.example/telemetry/names", "user/x.go"},
	} {
		if b := broken([]edge{e}); len(b) > 0 {
			t.Errorf("an allowed import is reported: %v", b)
		}
	}
}

func imports(t *testing.T) []edge {
	t.Helper()
	var edges []edge
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
			edges = append(edges, edge{filepath.ToSlash(filepath.Dir(file)), strings.TrimPrefix(to, module+"/"), file})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return edges
}
