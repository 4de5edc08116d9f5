package rules

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const ours = "jari.example/"

// A rule forbids some imports and says what for. Both ends are import paths.
type rule struct {
	why        string
	production bool // tests may
	forbidden  func(from, to string) bool
}

// plain is what everybody builds on, and so must not drag anything along.
var plain = []string{ours + "telemetry/names", ours + "internal/fault", ours + "internal/secret", ours + "alerting/slo"}

// sees is what a room may import of the others.
var sees = map[string][]string{
	"services":  {ours + "internal", ours + "telemetry"},
	"alerting":  {ours + "internal", ours + "telemetry"},
	"internal":  {ours + "telemetry"},
	"fluentbit": {ours + "telemetry/names"}, // cannot see OpenTelemetry 1.47, which internal requires
	"kibana":    {ours + "internal", ours + "telemetry/names"},
	"infra":     {ours + "internal", ours + "telemetry/names"},
	"telemetry": nil,
}

var rules = []rule{
	{
		"it uses the standard library alone, since every layer speaks it and none may inherit its dependencies: leave the need to the caller",
		true,
		func(from, to string) bool {
			return slices.ContainsFunc(plain, func(p string) bool { return within(from, p) && !standard(to) && !within(to, p) })
		},
	},
	{
		"a command is the end of the graph: move what two of them need into a package beside cmd",
		false,
		func(from, to string) bool {
			dir, _, found := strings.Cut(to+"/", "/cmd/")
			return found && within(to, strings.TrimSuffix(ours, "/")) && !within(from, dir+"/cmd")
		},
	},
	{
		"rooms meet in the vocabulary and over the network: share a name through telemetry/names, call over HTTP (only services and alerting are set up by telemetry, too)",
		false,
		func(from, to string) bool {
			allowed, known := sees[room(from)]
			return strings.HasPrefix(to, ours) && room(to) != room(from) &&
				(!known || !slices.ContainsFunc(allowed, func(p string) bool { return within(to, p) }))
		},
	},
}

func within(p, tree string) bool { return p == tree || strings.HasPrefix(p, tree+"/") }

func room(p string) string {
	r, _, _ := strings.Cut(strings.TrimPrefix(p, ours), "/")
	return r
}

func standard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

type edge struct{ from, to, file string }

func broken(edges []edge) (found []string) {
	for _, e := range edges {
		for _, r := range rules {
			if r.production && strings.HasSuffix(e.file, "_test.go") {
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
	edges := imports(t, "../..")
	for r := range sees {
		if !slices.ContainsFunc(edges, func(e edge) bool { return room(e.from) == r }) {
			t.Errorf("no import found in %s: the test looks in the wrong place", r)
		}
	}
	for _, b := range broken(edges) {
		t.Error(b)
	}
}

func TestTheRulesConvict(t *testing.T) {
	for _, e := range []edge{
		{from: "telemetry/names", to: "github.com/google/uuid"},
		{from: "telemetry/names/realpart", to: ours + "telemetry"},
		{from: "internal/fault", to: ours + "telemetry/names"},
		{from: "internal/secret", to: ours + "telemetry"},
		{from: "internal/serve", to: ours + "services/user"},
		{from: "alerting/slo", to: ours + "alerting/spec"},
		{from: "infra/local/door", to: ours + "infra/local/cmd/jari"},
		{from: "alerting/slack", to: ours + "alerting/cmd"},
		{from: "fluentbit/ship", to: ours + "telemetry"},
		{from: "fluentbit/cmd/jari-telemetry", to: ours + "internal/config"},
		{from: "kibana/board", to: ours + "telemetry/telemetrytest"},
		{from: "infra/local/demo", to: ours + "alerting/slo"},
		{from: "alerting/evaluate", to: ours + "services/internal/httpjson"},
		{from: "services/user", to: ours + "infra/local/seed"},
		{from: "telemetry", to: ours + "kibana/board"},
		{from: "newroom", to: ours + "telemetry"}, // says first what it needs
	} {
		e.from = ours + e.from
		if len(broken([]edge{e})) == 0 {
			t.Errorf("%s → %s passes", e.from, e.to)
		}
	}
	for _, e := range []edge{
		{from: "telemetry/names", to: "encoding/json"},
		{from: "telemetry/names/realpart", to: ours + "telemetry/names/realpart"},
		{from: "telemetry", to: ours + "telemetry/names"},
		{from: "alerting/slack", to: ours + "telemetry"},
		{from: "alerting/cmd/alertingd", to: ours + "internal/serve"},
		{from: "fluentbit/agent", to: ours + "fluentbit/ship"},
		{from: "alerting/cmd/alertingd", to: ours + "alerting/cmd/internal/flags"},
		{from: "infra/local/parts", to: "github.com/some/cmd/thing"},
	} {
		e.from = ours + e.from
		if b := broken([]edge{e}); len(b) > 0 {
			t.Errorf("convicted the innocent: %v", b)
		}
	}
}

// imports reads every Go file of ours; a module's path is its folder's.
func imports(t *testing.T, root string) (edges []edge) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && file != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		file, err = filepath.Rel(root, file)
		if err != nil {
			return err
		}
		for _, i := range parsed.Imports {
			to, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			edges = append(edges, edge{ours + filepath.ToSlash(filepath.Dir(file)), to, file})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return edges
}

// The Collector compiles with OpenTelemetry 1.42, telemetry wants 1.47, and a
// requirement alone, without any import, raises the version for both.
func TestTheAgentsModulesDoNotRequireTelemetry(t *testing.T) {
	for _, dir := range []string{"fluentbit", "fluentbit/agent"} {
		cmd := exec.CommandContext(t.Context(), "go", "mod", "graph")
		cmd.Dir, cmd.Env = filepath.Join("../..", dir), append(os.Environ(), "GOWORK=off")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: go mod graph: %v", dir, err)
		}
		if !strings.Contains(string(out), ours+"telemetry/names") {
			t.Errorf("%s: not even telemetry/names is in the graph: the test looks in the wrong place", dir)
		}
		for _, r := range requiring(string(out), ours+"telemetry") {
			t.Errorf("%s: %s: take names from telemetry/names, a module without requirements, instead", dir, r)
		}
	}
	if got := requiring("a b@v1\nx "+ours+"telemetry/names@v0\nx "+ours+"telemetry@v0", ours+"telemetry"); len(got) != 1 { // the control
		t.Errorf("of a graph with one such requirement %q is found", got)
	}
}

// requiring is the lines of a module graph that require module.
func requiring(graph, module string) (found []string) {
	for line := range strings.Lines(graph) {
		_, required, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path, _, _ := strings.Cut(required, "@"); path == module {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}
