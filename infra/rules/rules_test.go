package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jari.example/internal/archtest"
)

const ours = "jari.example/"

// selfContained are the packages that everything builds on, or that decide from
// their arguments alone. They must bring no dependency along.
var selfContained = []string{
	ours + "telemetry/names", ours + "internal/fault", ours + "internal/secret", ours + "internal/archtest", ours + "internal/zone",
	ours + "alerting/slo", ours + "alerting/oncall", ours + "alerting/diagnosis",
}

// selfContainedException: a rota needs to know when a clock in its zone shows a time.
var selfContainedException = archtest.Edge{From: ours + "alerting/oncall", To: ours + "internal/zone"}

// imports is what a module may import of the others. A module that is not
// listed may import none.
var imports = map[string][]string{
	"services":  {ours + "internal", ours + "telemetry"},
	"alerting":  {ours + "internal", ours + "telemetry", ours + "runbooks"},
	"internal":  {ours + "telemetry"},
	"fluentbit": {ours + "telemetry/names"}, // cannot see OpenTelemetry 1.47, which internal requires
	"kibana":    {ours + "internal", ours + "telemetry/names"},
	"infra":     {ours + "internal", ours + "telemetry"}, // the local edge writes an access log as the services do
	"telemetry": nil,
}

// Both ends of an import are full import paths.
var rules = []archtest.Rule{
	{
		Why: "it uses the standard library alone, because every layer imports it and none may inherit its dependencies: " +
			"move the code that needs one to the caller",
		Production: true,
		Forbidden: func(from, to string) bool {
			return slices.ContainsFunc(selfContained, func(p string) bool {
				return archtest.Within(from, p) && !archtest.Standard(to) && !archtest.Within(to, p)
			}) && (archtest.Edge{From: from, To: to}) != selfContainedException
		},
	},
	{
		Why: "a command is the end of the import graph: move what two of them need into a package beside cmd",
		Forbidden: func(from, to string) bool {
			dir, _, found := strings.Cut(to+"/", "/cmd/")
			return found && strings.HasPrefix(to, ours) && !archtest.Within(from, dir+"/cmd")
		},
	},
	{
		Why: "modules share names through telemetry/names and call each other over HTTP; " +
			"beyond that a module imports only what infra/rules lists for it",
		Forbidden: func(from, to string) bool {
			allowed := imports[moduleOf(from)]
			return strings.HasPrefix(to, ours) && moduleOf(to) != moduleOf(from) &&
				!slices.ContainsFunc(allowed, func(p string) bool { return archtest.Within(to, p) })
		},
	},
}

// moduleOf is the top folder of a package of ours: "services".
func moduleOf(p string) string {
	m, _, _ := strings.Cut(strings.TrimPrefix(p, ours), "/")
	return m
}

func TestImports(t *testing.T) {
	edges, err := archtest.Imports("../..", strings.TrimSuffix(ours, "/"), "")
	if err != nil {
		t.Fatal(err)
	}
	for module := range imports {
		if !slices.ContainsFunc(edges, func(e archtest.Edge) bool { return moduleOf(e.From) == module }) {
			t.Errorf("no import found in %s: the test looks in the wrong place", module)
		}
	}
	for _, finding := range archtest.Check(edges, rules) {
		t.Error(finding)
	}
}

func TestDetectsForbiddenImports(t *testing.T) {
	for _, e := range []archtest.Edge{
		{From: "telemetry/names", To: "github.com/google/uuid"},
		{From: "telemetry/names/realpart", To: ours + "telemetry"},
		{From: "internal/fault", To: ours + "telemetry/names"},
		{From: "internal/secret", To: ours + "telemetry"},
		{From: "internal/archtest", To: ours + "telemetry"},
		{From: "internal/serve", To: ours + "services/user"},
		{From: "alerting/slo", To: ours + "alerting/spec"},
		{From: "alerting/oncall", To: ours + "alerting/slo"},
		{From: "internal/zone", To: ours + "internal/fault"},
		{From: "infra/local/door", To: ours + "infra/local/cmd/jari"},
		{From: "alerting/slack", To: ours + "alerting/cmd"},
		{From: "fluentbit/ship", To: ours + "telemetry"},
		{From: "fluentbit/cmd/jari-telemetry", To: ours + "internal/config"},
		{From: "kibana/board", To: ours + "telemetry/telemetrytest"},
		{From: "infra/local/demo", To: ours + "alerting/slo"},
		{From: "alerting/evaluate", To: ours + "services/internal/httpjson"},
		{From: "services/user", To: ours + "infra/local/seed"},
		{From: "telemetry", To: ours + "kibana/board"},
		{From: "newmodule", To: ours + "telemetry"}, // it has to be listed first
		{From: "infra/local/door", To: ours + "runbooks"},
		{From: "runbooks", To: ours + "alerting/query"},
	} {
		e.From = ours + e.From
		if len(archtest.Check([]archtest.Edge{e}, rules)) == 0 {
			t.Errorf("no rule forbids %s → %s", e.From, e.To)
		}
	}
	for _, e := range []archtest.Edge{
		{From: "telemetry/names", To: "encoding/json"},
		{From: "telemetry/names/realpart", To: ours + "telemetry/names/realpart"},
		{From: "telemetry", To: ours + "telemetry/names"},
		{From: "alerting/slack", To: ours + "telemetry"},
		{From: "alerting/oncall", To: ours + "internal/zone"},
		{From: "alerting/cmd/alertingd", To: ours + "internal/serve"},
		{From: "fluentbit/agent", To: ours + "fluentbit/ship"},
		{From: "alerting/cmd/alertingd", To: ours + "alerting/cmd/internal/flags"},
		{From: "infra/local/parts", To: "github.com/some/cmd/thing"},
		{From: "alerting/cmd/jarictl", To: ours + "runbooks"},
	} {
		e.From = ours + e.From
		if findings := archtest.Check([]archtest.Edge{e}, rules); len(findings) > 0 {
			t.Errorf("an allowed import is reported: %v", findings)
		}
	}
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
			t.Errorf("%s: telemetry/names is not in the graph: the test looks in the wrong place", dir)
		}
		for _, r := range requiring(string(out), ours+"telemetry") {
			t.Errorf("%s: %s: take names from telemetry/names, a module without requirements, instead", dir, r)
		}
	}
	if got := requiring("a b@v1\nx "+ours+"telemetry/names@v0\nx "+ours+"telemetry@v0", ours+"telemetry"); len(got) != 1 { // the control
		t.Errorf("of a graph with one such requirement, %q are found", got)
	}
}

// requiring returns the lines of a module graph that require module.
func requiring(graph, module string) (found []string) {
	for line := range strings.Lines(graph) {
		_, required, _ := strings.Cut(strings.TrimSpace(line), " ")
		if path, _, _ := strings.Cut(required, "@"); path == module {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// maxFiles bounds the files of one package, tests not counted.
const maxFiles = 25

func TestPackagesAreNotOversized(t *testing.T) {
	findings, err := archtest.Oversized("../..", maxFiles)
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range findings {
		t.Errorf("%s: look for the concerns that it holds and split it", finding)
	}
	if found, err := archtest.Oversized("../..", 1); err != nil || len(found) < 50 { // the control
		t.Errorf("only %d packages have more than one file (%v): the test looks in the wrong place", len(found), err)
	}
}
