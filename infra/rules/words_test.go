package rules

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// entry is one entry of discouraged.yaml, the list of words that are not used
// in what operators read: log messages, span and job names, flag help and the
// briefs of metrics, fields and events.
type entry struct {
	Words  []string `yaml:"words"`  // words or phrases, each of which is discouraged
	Except []string `yaml:"except"` // longer phrases in which they are fine
	Say    string   `yaml:"say"`    // what to write instead
}

// operatorText is one string that operators read.
type operatorText struct {
	at   token.Position
	kind string // "a log message"
	text string
}

// What operators read.
const (
	inLog   = "a log message"
	inSpan  = "a span name"
	inJob   = "a job name"
	inHelp  = "flag help"
	inBrief = "a brief"
)

func TestOperatorsReadNoDiscouragedWords(t *testing.T) {
	list := readDiscouraged(t)
	folders := map[string]map[string][]byte{} // folder → file → text
	eachFile(t, ".go", func(file string, text []byte) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		dir := path.Dir(file)
		if folders[dir] == nil {
			folders[dir] = map[string][]byte{}
		}
		folders[dir][file] = text
	})
	seen := map[string]int{}
	for _, files := range folders {
		texts, err := operatorTexts(files)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range texts {
			seen[o.kind]++
			for _, finding := range discouraged(o, list) {
				t.Error(finding)
			}
		}
	}
	for kind, least := range map[string]int{inLog: 30, inSpan: 10, inJob: 2, inHelp: 50, inBrief: 100} {
		if seen[kind] < least {
			t.Errorf("found %d × %s: the test looks in the wrong place", seen[kind], kind)
		}
	}
}

func TestDetectsDiscouragedWords(t *testing.T) {
	list := []entry{
		{Words: []string{"told", "was told"}, Say: "delivered"},
		{Words: []string{"books audited"}, Say: "slots.audit"},
		{Words: []string{"letter"}, Except: []string{"dead letter"}, Say: "dead letter"},
	}
	for statement, kind := range map[string]string{
		`log.Info("Slack was told")`:                                             inLog,
		`s.logger.ErrorContext(ctx, "Slack Told: nothing")`:                      inLog,
		`s.logger.ErrorContext(ctx, fmt.Sprintf("told %d", 1))`:                  inLog,
		`log.Log(ctx, slog.LevelInfo, "told")`:                                   inLog,
		`log.LogAttrs(ctx, slog.LevelInfo, "told")`:                              inLog,
		`zapLogger.Warn("told", zap.Error(err))`:                                 inLog,
		`log.Info(message)`:                                                      inLog,
		`log.Info("dead letter of a letter")`:                                    inLog,
		`ctx, span := tracer.Start(ctx, "slack.told")`:                           inSpan,
		`ctx, call := telemetry.StartCall(ctx, "slack.told", "slack")`:           inSpan,
		`err := telemetry.Job(ctx, "slack.told", run)`:                           inJob,
		`err := telemetry.Job(ctx, booksAudited, run)`:                           inJob,
		`addr := set.Addr("ops-addr", ":0", "where a probe is told")`:            inHelp,
		`key := set.SecretFile("key", 32, "file of what is told")`:               inHelp,
		`set := config.New("userd", "user", "tells who was told", os.Getenv)`:    inHelp,
		`n := fs.Int("n", 1, "how many are told")`:                               inHelp,
		`fs.IntVar(&n, "n", 1, "how many are told")`:                             inHelp,
		`fs.Var(&n, "n", "how many are told")`:                                   inHelp,
		`fs.Func("n", "how many are told", f)`:                                   inHelp,
		`c, err := meter.Int64Counter(names.X, metric.WithDescription("told."))`: inBrief,
	} {
		findings := findingsIn(t, "services/x/x.go", "func f() {\n"+statement+"\n}", list)
		if len(findings) == 0 || !strings.Contains(findings[0], " in "+kind+": say ") {
			t.Errorf("%s: found %q", statement, findings)
		}
	}
	const jobs = "func f() { j.list = []job{{booksAudited, run}} }\nfunc g(j job) { telemetry.Job(ctx, j.name, j.run) }"
	if findings := findingsIn(t, "services/x/x.go", jobs, list); len(findings) != 1 {
		t.Errorf("%s: found %q", jobs, findings)
	}
	for source, kind := range map[string]string{
		`const SpanSlack = "slack.told"`:                         inSpan,
		`var Metrics = []Metric{{MetricX, "s", "Slack, told."}}`: inBrief,
	} {
		findings := findingsIn(t, "telemetry/names/x.go", source, list)
		if len(findings) == 0 || !strings.Contains(findings[0], " in "+kind+": say ") {
			t.Errorf("%s: found %q", source, findings)
		}
	}
	for _, statement := range []string{
		`log.Info("Slack message delivered", "told", 1)`,
		`log.Info("retold, untold, toldx")`,
		`http.Error(w, "told", 400)`,
		`x := fmt.Errorf("told %w", err)`,
		`s.Start(ctx, address)`,
		`slog.String("a", "told")`,
		`log.Info("the books are audited")`,
		`log.Info("a dead letter")`,
		`log.Info("reason told_once")`,
		`t.Error("told")`,
	} {
		if findings := findingsIn(t, "services/x/x.go", "func f() {\n"+statement+"\n}", list); len(findings) > 0 {
			t.Errorf("%s: found %q", statement, findings)
		}
	}
	got := findingsIn(t, "services/x/x.go", "\nfunc f() { log.Info(\"Slack was told\") }", list)
	if want := `services/x/x.go:5: "was told" in a log message: say "delivered" (Slack was told)`; len(got) != 1 || got[0] != want {
		t.Errorf("found %q, want %q", got, want)
	}
}

// findingsIn looks for discouraged words in a file with these declarations.
func findingsIn(t *testing.T, file, declarations string, list []entry) (findings []string) {
	t.Helper()
	source := "package x\nconst message = \"told\"\nconst booksAudited = \"books.audited\"\n" + declarations
	texts, err := operatorTexts(map[string][]byte{file: []byte(source)})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range texts {
		findings = append(findings, discouraged(o, list)...)
	}
	return findings
}

func readDiscouraged(t *testing.T) (list []entry) {
	t.Helper()
	text, err := os.ReadFile("discouraged.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if len(e.Words) == 0 || e.Say == "" {
			t.Fatalf("discouraged.yaml: an entry lacks its words, or what to say: %+v", e)
		}
	}
	return list
}

var word = regexp.MustCompile(`[\pL\pN_']+`)

// words splits a text so that "books.audited" is two words and "answer_lost"
// is one.
func words(text string) []string { return word.FindAllString(strings.ToLower(text), -1) }

// discouraged returns a finding for each entry of the list that the text
// contains: whole words, whatever their case. Of the phrases of one entry the
// longest is reported.
func discouraged(o operatorText, list []entry) (findings []string) {
	for _, e := range list {
		text := words(o.text)
		for _, phrase := range e.Except {
			text = without(text, words(phrase))
		}
		found, most := "", 0
		for _, phrase := range e.Words {
			if p := words(phrase); len(p) > most && index(text, p) >= 0 {
				found, most = phrase, len(p)
			}
		}
		if found != "" {
			findings = append(findings, fmt.Sprintf("%s:%d: %q in %s: say %q (%s)", o.at.Filename, o.at.Line, found, o.kind, e.Say, o.text))
		}
	}
	return findings
}

// index is where the phrase begins in the text, -1 if it is not there.
func index(text, phrase []string) int {
	for i := range len(text) - len(phrase) + 1 {
		if slices.Equal(text[i:i+len(phrase)], phrase) {
			return i
		}
	}
	return -1
}

// without replaces the phrase by a word that no phrase contains.
func without(text, phrase []string) []string {
	for i := index(text, phrase); i >= 0; i = index(text, phrase) {
		text = slices.Replace(text, i, i+len(phrase), "")
	}
	return text
}

// operatorTexts finds what operators read in the files of one package.
func operatorTexts(files map[string][]byte) (found []operatorText, err error) {
	fset := token.NewFileSet()
	var parsed []*ast.File
	constants := map[string]*ast.BasicLit{}
	for _, file := range slices.Sorted(maps.Keys(files)) {
		p, err := parser.ParseFile(fset, file, files[file], parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, p)
		for name, value := range stringConstants(p) {
			constants[name] = value
		}
	}
	add := func(kind string, e ast.Expr) {
		ast.Inspect(e, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if name, isName := n.(*ast.Ident); isName {
				lit, ok = constants[name.Name]
			}
			if ok && lit.Kind == token.STRING {
				s, _ := literal(lit)
				found = append(found, operatorText{fset.Position(lit.Pos()), kind, s})
			}
			_, other := n.(*ast.SelectorExpr) // of another package, or a field
			return !other
		})
	}
	for _, value := range jobNames(parsed, constants) {
		add(inJob, value)
	}
	for _, p := range parsed {
		vocabulary := filepath.ToSlash(filepath.Dir(fset.Position(p.Pos()).Filename)) == "telemetry/names"
		ast.Inspect(p, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if kind, arg := readByOperators(n); arg != nil {
					add(kind, arg)
				}
			case *ast.CompositeLit: // of telemetry/names.Metrics and the like
				if vocabulary {
					for _, e := range n.Elts {
						if s, ok := literal(e); ok && strings.Contains(s, " ") {
							add(inBrief, e)
						}
					}
				}
			case *ast.ValueSpec:
				for i, value := range n.Values {
					if vocabulary && strings.HasPrefix(n.Names[i].Name, "Span") {
						add(inSpan, value)
					}
				}
			}
			return true
		})
	}
	slices.SortFunc(found, func(a, b operatorText) int {
		return cmp.Or(cmp.Compare(a.at.Filename, b.at.Filename), cmp.Compare(a.at.Offset, b.at.Offset))
	})
	// A constant that is used twice is one text.
	return slices.CompactFunc(found, func(a, b operatorText) bool { return a.at == b.at }), nil
}

// jobShape matches the names of jobs, "slots.audit".
var jobShape = regexp.MustCompile(`^[a-z_]+([. ][a-z_]+)+$`)

// jobNames returns the constants with the shape of a job's name in a package that
// runs jobs. The name in a call of telemetry.Job is often a variable.
func jobNames(files []*ast.File, constants map[string]*ast.BasicLit) (found []ast.Expr) {
	runsJobs := slices.ContainsFunc(files, func(f *ast.File) (calls bool) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && !calls {
				kind, _ := readByOperators(call)
				calls = kind == inJob
			}
			return !calls
		})
		return calls
	})
	for _, value := range constants {
		if s, _ := literal(value); runsJobs && jobShape.MatchString(s) {
			found = append(found, value)
		}
	}
	return found
}

// stringConstants are the constants of a file with a plain string as value.
func stringConstants(file *ast.File) map[string]*ast.BasicLit {
	constants := map[string]*ast.BasicLit{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			spec := s.(*ast.ValueSpec)
			for i, value := range spec.Values {
				if lit, ok := value.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					constants[spec.Names[i].Name] = lit
				}
			}
		}
	}
	return constants
}

// readByOperators returns the argument of a call that operators will read, and
// what it is; nil without one. Functions are known by their names; the t of a
// test suite and http.Error are no loggers.
func readByOperators(call *ast.CallExpr) (kind string, arg ast.Expr) {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", nil
	}
	of, _ := f.X.(*ast.Ident)
	in := func(pkg string) bool { return of != nil && of.Name == pkg }
	at := -1
	switch f.Sel.Name {
	case "Debug", "Info", "Warn", "Error", "Fatal":
		if !in("http") && !in("t") && !in("b") {
			kind, at = inLog, 0
		}
	case "DebugContext", "InfoContext", "WarnContext", "ErrorContext":
		kind, at = inLog, 1
	case "Log", "LogAttrs":
		kind, at = inLog, 2
	case "Start", "StartCall":
		kind, at = inSpan, 1
	case "Job":
		if in("telemetry") {
			kind, at = inJob, 1
		}
	case "WithDescription":
		kind, at = inBrief, 0
	case "New":
		if in("config") {
			kind, at = inHelp, 2
		}
	default:
		kind, at = inHelp, usage(f.Sel.Name, len(call.Args))
	}
	if at < 0 || at >= len(call.Args) {
		return "", nil
	}
	return kind, call.Args[at]
}

// usage is the index of the help text among the arguments of a method that
// defines a flag, of package flag or of config.Set; -1 for other methods.
func usage(method string, args int) int {
	switch {
	case method == "Func" || method == "BoolFunc":
		return 1
	case method == "OneOf":
		return 2
	case slices.Contains([]string{"String", "Bool", "Int", "Int64", "Uint", "Uint64", "Float64", "Duration"}, method) && args == 3,
		slices.Contains([]string{"URL", "Addr", "Level", "Secret", "SecretFile", "Var"}, method) && args == 3:
		return 2
	case strings.HasSuffix(method, "Var") && args == 4:
		return 3
	}
	return -1
}
