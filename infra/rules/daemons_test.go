package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Under Main a daemon has its heartbeat, its level on the ops port and a guard
// that tells its death; under its own name, or two would be taken for one.
func TestEveryDaemonRunsUnderMainByItsOwnName(t *testing.T) {
	wanted := map[string]int{}
	for s, constant := range readVocabulary(t, source).constant {
		if strings.HasPrefix(constant, "names.Service") && !strings.ContainsAny(s, ".-") && constant != "names.ServiceAgent" {
			wanted[constant] = 0
		}
	}
	every(t, ".go", func(file string, text []byte) {
		room, _, _ := strings.Cut(file, "/")
		if (room == "services" || room == "alerting") && strings.Contains(file, "/cmd/") && strings.HasSuffix(file, "/main.go") &&
			!strings.Contains(file, "/strategies/") { // a benchmark's, in place of reservationd
			service := runsAs(t, file, text)
			if _, known := wanted[service]; !known {
				t.Errorf("%s: main calls neither serve.Main nor telemetry.Main with a service of telemetry/names", file)
			}
			wanted[service]++
		}
	})
	for _, service := range slices.Sorted(maps.Keys(wanted)) {
		if wanted[service] != 1 {
			t.Errorf("%s is run by %d programs", service, wanted[service])
		}
	}
	if got := runsAs(t, "main.go", []byte("package main\nfunc main() { run() }\nfunc other() { serve.Main(names.ServiceUser, run) }")); got != "" { // the control
		t.Errorf("a main without it passes as %s", got)
	}
}

// runsAs is the service that main runs as, "names.ServiceUser"; "" when it does
// not say.
func runsAs(t *testing.T, file string, text []byte) (service string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "main" && len(f.Body.List) > 0 {
			ast.Inspect(f.Body.List[0], func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 {
					return true
				}
				main, _ := call.Fun.(*ast.SelectorExpr)
				name, _ := call.Args[0].(*ast.SelectorExpr)
				if main != nil && main.Sel.Name == "Main" && name != nil {
					service = "names." + name.Sel.Name
				}
				return true
			})
		}
	}
	return service
}
