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

// vocabulary is the names in telemetry/names, read from its source, so that there
// is no second list of them here.
type vocabulary struct {
	constants map[string]string // value → its constant, "names.EventName"
	values    map[string]bool   // every value, those without a constant included
	prefixes  map[string]bool   // the parts before the first dot: "event", "jari"
}

// nameShape matches names, and not the sentences that describe them in
// telemetry/names.
var nameShape = regexp.MustCompile(`^[A-Za-z@][\w.@-]*$`)

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
						v.constants[s] = "names." + n.Names[i].Name
					}
				}
			case *ast.BasicLit:
				if s, ok := literal(n); ok && nameShape.MatchString(s) {
					v.values[s] = true
					if first, _, dotted := strings.Cut(s, "."); dotted {
						v.prefixes[first] = true
					}
				}
			}
			return true
		})
	}
	for s, constant := range v.constants {
		if strings.HasPrefix(constant, "names.Service") {
			delete(v.prefixes, s) // "reservation.Book" is the name of an endpoint
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

// unambiguous reports whether a value can only be a name of the vocabulary:
// "event.name" and "traceId" can, "body" and "user" cannot.
func unambiguous(s string) bool {
	return strings.ContainsAny(s, "._-") || strings.ToLower(s) != s
}

// dottedWord matches words with dots within a text.
var dottedWord = regexp.MustCompile(`[A-Za-z0-9_@/-]*[A-Za-z_](?:\.[A-Za-z0-9_-]+)+`)

// unknownNames returns the words of a text that begin like names of the
// vocabulary and are not in it.
func (v vocabulary) unknownNames(text string) (found []string) {
	for _, word := range dottedWord.FindAllString(text, -1) {
		first, _, _ := strings.Cut(word, ".")
		if v.prefixes[first] && !v.values[word] && !isFile(word) {
			found = append(found, word)
		}
	}
	return found
}

// extensions are those of file names and hosts in texts, which are no names.
var extensions = strings.Fields(".go .md .yaml .yml .json .ndjson .sh .log .err .so .lock .sock .sql .mod .html .ts .tsx .txt " +
	".example .pid .work .svg .ics")

func isFile(word string) bool { return slices.Contains(extensions, filepath.Ext(word)) }

// checkGo reports the names that a Go file writes out instead of using their
// constants, and those that are not in the vocabulary.
func (v vocabulary) checkGo(file string, src any) (found []string, err error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	report := func(n ast.Node, format string, args ...any) {
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
			for _, key := range append(keyArgs(n, packages), eventArgs(n)...) {
				if s, ok := literal(key); ok && v.constants[s] == "" {
					report(key, "%q is not in telemetry/names, which has the name of every field, attribute and metric", s)
				} else if ok && !unambiguous(s) {
					report(key, "%q: use %s", s, v.constants[s])
				}
			}
		case *ast.BasicLit:
			s, ok := literal(n)
			if !ok {
				return true
			}
			if constant := v.constants[s]; constant != "" && unambiguous(s) {
				report(n, "%q: use %s", s, constant)
				return true
			}
			for _, word := range append(v.unknownNames(s), v.spelledOutIndices(s)...) {
				report(n, "%q is not in telemetry/names, or written out", word)
			}
		}
		return true
	})
	return found, nil
}

// spelledOutIndices returns the prefixes of indices that a text contains.
func (v vocabulary) spelledOutIndices(text string) (found []string) {
	for s := range v.constants {
		if strings.HasSuffix(s, "-") && strings.Contains(text, s) {
			found = append(found, s)
		}
	}
	return found
}

// eventArgs returns the arguments that follow names.EventName in a call of a
// method or of another package.
func eventArgs(call *ast.CallExpr) (found []ast.Expr) {
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

// isLogger recognises a logger by its name, or by a call like slog.New.
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

// slogAttrs are the functions of package slog that make an attribute.
var slogAttrs = strings.Fields("String Int Int64 Uint64 Float64 Bool Time Duration Any Group GroupAttrs")

// keyArgs returns the arguments of a call that are keys of fields or attributes,
// or names of spans or instruments.
func keyArgs(call *ast.CallExpr, packages map[string]bool) (found []ast.Expr) {
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
	case in == "attribute" || in == "zap" || in == "slog" && slices.Contains(slogAttrs, method):
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
