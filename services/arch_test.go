// Package services_test holds what must stay true of the whole room.
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

// A rule forbids some imports and says what to do instead.
type rule struct {
	why       string
	forbidden func(from, to string) bool
}

// Packages are named relative to the module ("reservation/postgres"); foreign
// imports keep their full path.
var rules = []rule{
	{
		"a service never imports another service: reach it over HTTP through an interface the consumer owns, with an adapter beside it (userhttp/)",
		func(from, to string) bool { return isService(from) && isService(to) && service(from) != service(to) },
	},
	{
		"a service never imports its own adapters: declare the interface it needs in service.go and let cmd (or a daemon package, which cmd runs) put the adapter in",
		func(from, to string) bool {
			return isService(from) && !isAdapter(from) && !isMain(from) && path.Base(from) != "daemon" && isAdapter(to)
		},
	},
	{
		"an adapter never knows a sibling adapter: it imports its service; only cmd and tests join adapters",
		func(from, to string) bool {
			return isAdapter(from) && isAdapter(to) && from != to
		},
	},
	{
		"nobody imports cmd: a main package is the end of the graph",
		func(_, to string) bool { return isOurs(to) && isMain(to) },
	},
	{
		"services/internal serves every service and so knows none of them",
		func(from, to string) bool { return strings.HasPrefix(from, "internal/") && isService(to) },
	},
	{
		"of the other rooms a service sees telemetry and the process kit, internal",
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

// Adapters are known by their names, which are technologies: postgres, inmem,
// userhttp. Other folders of a service are parts of its business.
func isAdapter(p string) bool {
	name := path.Base(p)
	return isService(p) && (strings.HasSuffix(name, "http") ||
		slices.Contains([]string{"inmem", "postgres", "redis", "opensearch", "dynamo", "dynamodb", "ses"}, name))
}

type edge struct{ from, to, file string }

// broken lists the imports that no rule lets pass. Tests may import anything
// but another service's inside and a main.
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
		t.Fatalf("only %d imports found: the test looks in the wrong place", len(edges))
	}
	for _, b := range broken(edges) {
		t.Error(b)
	}
}

func TestTheRulesConvict(t *testing.T) {
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
			t.Errorf("rule %d lets %s → %s pass", i, e.from, e.to)
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
			t.Errorf("convicted the innocent: %v", b)
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
