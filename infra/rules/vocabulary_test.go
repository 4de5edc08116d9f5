package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// vocabulary is what telemetry/names says, read from its source, so that no
// list of it is kept here.
type vocabulary struct {
	constant map[string]string // value → the constant to use, "names.EventName"
	known    map[string]bool   // every value, those without a constant too
	domain   map[string]bool   // first words of the dotted ones: "event", "jari"
}

// name is the shape of what stands in the vocabulary, beside the sentences that
// describe it there.
var name = regexp.MustCompile(`^[A-Za-z@][\w.@-]*$`)

func readVocabulary(t *testing.T, dir string) vocabulary {
	t.Helper()
	v := vocabulary{map[string]string{}, map[string]bool{}, map[string]bool{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Go files in %s: %v", dir, err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.ValueSpec:
				for i, value := range n.Values {
					if s, ok := literal(value); ok && ast.IsExported(n.Names[i].Name) {
						v.constant[s] = "names." + n.Names[i].Name
					}
				}
			case *ast.BasicLit:
				if s, ok := literal(n); ok && name.MatchString(s) {
					v.known[s] = true
					if first, _, dotted := strings.Cut(s, "."); dotted {
						v.domain[first] = true
					}
				}
			}
			return true
		})
	}
	for s, constant := range v.constant {
		if strings.HasPrefix(constant, "names.Service") {
			delete(v.domain, s) // "reservation.Book" is a method of that service, named by its endpoint
		}
	}
	return v
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// distinct tells values that mean nothing but what the vocabulary means:
// "event.name" and "traceId", but not "body" or "user".
func distinct(s string) bool {
	return strings.ContainsAny(s, "._-") || strings.ToLower(s) != s
}

// dotted finds words of the vocabulary's shape within a text.
var dotted = regexp.MustCompile(`[A-Za-z0-9_@/-]*[A-Za-z_](?:\.[A-Za-z0-9_-]+)+`)

// strangers are the words of text that look as if they were of the vocabulary
// and are not.
func (v vocabulary) strangers(text string) (found []string) {
	for _, word := range dotted.FindAllString(text, -1) {
		first, _, _ := strings.Cut(word, ".")
		if v.domain[first] && !v.known[word] && !isFile(word) {
			found = append(found, word)
		}
	}
	return found
}

func isFile(word string) bool {
	return slices.Contains([]string{".go", ".md", ".yaml", ".yml", ".json", ".ndjson", ".sh", ".log", ".err", ".so", ".lock", ".sock", ".sql", ".mod", ".html", ".ts", ".tsx", ".txt", ".example", ".pid", ".work", ".svg", ".ics"}, filepath.Ext(word))
}

// goFaults are the names that a Go file writes out or makes up.
func (v vocabulary) goFaults(file string, src any) (found []string, err error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	say := func(n ast.Node, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(n.Pos()), fmt.Sprintf(format, args...)))
	}
	packages := map[string]bool{}
	for _, i := range parsed.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		packages[filepath.Base(path)] = true
		if i.Name != nil {
			packages[i.Name.Name] = true
		}
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.CallExpr:
			for _, key := range append(keys(n, packages), events(n)...) {
				if s, ok := literal(key); ok && v.constant[s] == "" {
					say(key, "%q is made up: what is logged, put on a span or measured has its name in telemetry/names", s)
				} else if ok && !distinct(s) {
					say(key, "%q is %s", s, v.constant[s])
				}
			}
		case *ast.BasicLit:
			s, ok := literal(n)
			if !ok {
				return true
			}
			if constant := v.constant[s]; constant != "" && distinct(s) {
				say(n, "%q is %s", s, constant)
				return true
			}
			for _, word := range append(v.strangers(s), v.families(s)...) {
				say(n, "%q is not in telemetry/names, or written out", word)
			}
		}
		return true
	})
	return found, nil
}

// families are the index families that text spells out.
func (v vocabulary) families(text string) (found []string) {
	for s := range v.constant {
		if strings.HasSuffix(s, "-") && strings.Contains(text, s) {
			found = append(found, s)
		}
	}
	return found
}

// events are the arguments that follow names.EventName in a call of a method or
// of another package.
func events(call *ast.CallExpr) (found []ast.Expr) {
	if _, ok := call.Fun.(*ast.SelectorExpr); !ok {
		return nil
	}
	for i, arg := range call.Args[:max(0, len(call.Args)-1)] {
		if key, ok := arg.(*ast.SelectorExpr); ok && key.Sel.Name == "EventName" {
			found = append(found, call.Args[i+1])
		}
	}
	return found
}

// isLogger judges by the name, or by slog.New and the like.
func isLogger(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return strings.HasPrefix(strings.ToLower(e.Name), "log") || e.Name == "slog" || e.Name == "l"
	case *ast.SelectorExpr:
		return isLogger(e.Sel) || isLogger(e.X)
	case *ast.CallExpr:
		return isLogger(e.Fun)
	}
	return false
}

// keys are the arguments of a call that name what is told.
func keys(call *ast.CallExpr, packages map[string]bool) (found []ast.Expr) {
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	of, _ := f.X.(*ast.Ident)
	in := ""
	if of != nil && packages[of.Name] {
		in = of.Name
	}
	from := -1
	switch method := f.Sel.Name; {
	case in == "attribute" || in == "zap" || in == "slog" && slices.Contains([]string{"String", "Int", "Int64", "Uint64", "Float64", "Bool", "Time", "Duration", "Any", "Group", "GroupAttrs"}, method):
		return call.Args[:min(1, len(call.Args))]
	case in != "" && in != "slog":
		return nil
	case strings.HasPrefix(method, "Int64") || strings.HasPrefix(method, "Float64"): // an instrument
		if len(call.Args) > 0 && len(method) > len("Float64") {
			return call.Args[:1]
		}
	case method == "Start": // a span
		if len(call.Args) >= 2 {
			return call.Args[1:2]
		}
	case method == "With" && isLogger(f.X):
		from = 0
	case slices.Contains([]string{"Debug", "Info", "Warn", "Error"}, method):
		from = 1
	case slices.Contains([]string{"DebugContext", "InfoContext", "WarnContext", "ErrorContext"}, method):
		from = 2
	case method == "Log":
		from = 3
	}
	if from < 0 {
		return nil
	}
	for i := from; i < len(call.Args); i += 2 {
		found = append(found, call.Args[i])
	}
	return found
}
