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

// Main gives a daemon its heartbeat, its log level on the ops port and a crash
// guard. Each daemon needs its own service name, or telemetry could not
// distinguish two of them.
func TestEveryDaemonCallsMainWithItsOwnServiceName(t *testing.T) {
	daemons := map[string]int{}
	for s, constant := range readVocabulary(t, namesDir).constants {
		if strings.HasPrefix(constant, "names.Service") && !strings.ContainsAny(s, ".-") &&
			constant != "names.ServiceAgent" && constant != "names.ServiceEdge" { // other programs
			daemons[constant] = 0
		}
	}
	eachFile(t, ".go", func(file string, text []byte) {
		module, _, _ := strings.Cut(file, "/")
		if (module == "services" || module == "alerting") && strings.Contains(file, "/cmd/") && strings.HasSuffix(file, "/main.go") &&
			!strings.Contains(file, "/strategies/") && // a benchmark's, in place of reservationd
			!strings.Contains(file, "/jarictl/") && // a command for people
			!strings.Contains(file, "/benchalerting/") && // a benchmark's, in place of alertingd
			!strings.Contains(file, "/chaosalerting/") { // a part of a campaign, beside alertingd
			service := serviceOfMain(t, file, text)
			if _, known := daemons[service]; !known {
				t.Errorf("%s: main calls neither serve.Main nor telemetry.Main with a service of telemetry/names", file)
			}
			daemons[service]++
		}
	})
	for _, service := range slices.Sorted(maps.Keys(daemons)) {
		if daemons[service] != 1 {
			t.Errorf("%d programs call Main with %s, want one", daemons[service], service)
		}
	}
	const without = "package main\nfunc main() { run() }\nfunc other() { serve.Main(names.ServiceUser, run) }" // the control
	if got := serviceOfMain(t, "main.go", []byte(without)); got != "" {
		t.Errorf("a main without a call of Main passes as %s", got)
	}
}

// serviceOfMain is the service name that main passes to Main,
// "names.ServiceUser"; "" if it does not call Main.
func serviceOfMain(t *testing.T, file string, text []byte) (service string) {
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
