package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const source = "../../telemetry/names"

// foreign are files that speak a wire format of others, whose keys happen to be
// called as ours.
var foreign = map[string]string{
	"fluentbit/record/event.go":              "keys of Fluent Bit's own events",
	"fluentbit/record/otlp.go":               "keys of OTLP's JSON",
	"fluentbit/harness/numbered/numbered.go": "both",
}

func TestGoTakesNamesFromTheVocabulary(t *testing.T) {
	v := readVocabulary(t, source)
	if len(v.constant) < 150 || v.constant["event.name"] != "names.EventName" || !v.domain["jari"] || v.domain["reservation"] {
		t.Fatalf("read %d names: the test looks in the wrong place", len(v.constant))
	}
	files, needed := 0, map[string]bool{}
	every(t, ".go", func(file string, text []byte) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "telemetry/names/") {
			return
		}
		files++
		faults, err := v.goFaults(file, text)
		if err != nil {
			t.Fatal(err)
		}
		if foreign[file] != "" && len(faults) > 0 {
			needed[file] = true
			return
		}
		for _, f := range faults {
			t.Error(f)
		}
	})
	if files < 200 {
		t.Errorf("read %d files: the test looks in the wrong place", files)
	}
	for file := range foreign {
		if !needed[file] {
			t.Errorf("%s needs no exception any more", file)
		}
	}
}

func TestTheVocabularyConvictsGo(t *testing.T) {
	v := readVocabulary(t, source)
	for statement, guilty := range map[string]bool{
		`log.Info("x", "exception.message", err)`:                       true,
		`log.Info("x", "err", err)`:                                     true,
		`log.Info("x", names.Exception, err, "jari.made_up", 1)`:        true,
		`log.InfoContext(ctx, "x", names.EventName, "process.strated")`: true,
		`log.Log(ctx, 0, "x", "body", 1)`:                               true,
		`_ = log.With("job", 1)`:                                        true,
		`s.logger.With("job", 1).Info("x")`:                             true,
		`_ = slog.String("job", "x")`:                                   true,
		`_ = attribute.String(names.EventName, "job.faild")`:            true,
		`_ = attribute.Int("http.response.status_code", 1)`:             true,
		`const key = "jari.ops.adr"`:                                    true,
		`const key = "traceId"`:                                         true,
		`h.Set("Idempotency-Key", "x")`:                                 true,
		`ctx, span := tracer.Start(ctx, "reservation.bok")`:             true,
		`meter.Int64Counter("jari.bookings")`:                           true,
		`meter.Float64ObservableGauge("bookings")`:                      true,
		`url := base + "/ss4o_logs-jari-*/_search"`:                     true,
		"query := `{\"term\": {\"event.nam\": \"x\"}}`":                 true,

		`log.Info("event.name is said in prose: fine")`:                      false,
		`log.Info("x", names.Exception, "body")`:                             false,
		`log.InfoContext(ctx, "x", names.EventName, names.EventPanic)`:       false,
		`_ = fault.Of(err).With("latched", true)`:                            false,
		`http.Error(w, "no", 400)`:                                           false,
		`open("service.yaml", "reservation.Book", "jari.example/telemetry")`: false,
		`_ = map[string]int{"user": 1, "body": 2}`:                           false,
		`s.Start(ctx, address)`:                                              false,
	} {
		src := "package p\nimport (\"net/http\"; \"log/slog\"; \"go.opentelemetry.io/otel/attribute\")\nfunc f() {\n" + statement + "\n}\n"
		faults, err := v.goFaults("p.go", src)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if guilty != (len(faults) > 0) {
			t.Errorf("%s: found %q", statement, faults)
		}
	}
}

func TestDashboardsObjectivesAndRunbooksSpeakTheVocabulary(t *testing.T) {
	v := readVocabulary(t, source)
	read := map[string]int{}
	for _, kind := range []string{".md", ".yaml", ".ndjson"} {
		every(t, kind, func(file string, text []byte) {
			room, _, _ := strings.Cut(file, "/")
			var faults []string
			switch dir := filepath.Dir(file); {
			case dir == "docs/decisions" || file == "CHANGELOG.md":
				return // what was, and may be called otherwise now
			case dir == "runbooks":
				faults = append(v.strangers(string(text)), v.pageFaults(string(text))...)
			case kind == ".md":
				faults = v.strangers(string(text))
			case dir == "kibana/dashboards" || dir == "alerting/slos" || dir == "kibana/objects":
				faults = append(v.strangers(string(text)), v.documentFaults(string(text))...)
			default:
				return
			}
			read[room]++
			for _, f := range faults {
				t.Errorf("%s: %s: no such name in telemetry/names", file, f)
			}
		})
	}
	for _, room := range []string{"kibana", "alerting", "runbooks", "telemetry"} {
		if read[room] == 0 {
			t.Errorf("nothing was read in %s: the test looks in the wrong place", room)
		}
	}
}

func TestTheVocabularyConvictsDocuments(t *testing.T) {
	v := readVocabulary(t, source)
	for text, guilty := range map[string]bool{
		`where: [{field: event.nam, is: x}]`:                                                              true,
		`where: [{field: event.name, is: http.acess}]`:                                                    true,
		`where: [{field: service.name, is: getaway}]`:                                                     true,
		`columns: [trace_id, statuscode]`:                                                                 true,
		`sort: {field: durationNanos}`:                                                                    true,
		`{"query": {"term": {"servicName": "x"}}}`:                                                        true,
		`{"query": {"term": {"event.name": {"value": "process.strated"}}}}`:                               true,
		`{"sort": [{"startedTime": "desc"}]}`:                                                             true,
		`{"_source": ["traceid"]}`:                                                                        true,
		`{"aggs": {"a": {"terms": {"field": "jari.reasons"}}}}`:                                           true,
		`{"visState": "{\"field\": \"serviceNam\"}"}`:                                                     true,
		`{"query": "serviceNam: \"x\" and http.route: \"/y\"", "language": "kuery"}`:                      true,
		`{"query": "event.name: \"http.acess\"", "language": "kuery"}`:                                    true,
		`where: [{field: event.name, is: http.access}, {field: http.route, is: /v1/x}]`:                   false,
		`{"query": {"range": {"@timestamp": {"gte": "now-5m"}}}, "sort": [{"startTime": 1}]}`:             false,
		`{"query": "serviceName: \"gateway\" and http.response.status_code >= 500", "language": "kuery"}`: false,
	} {
		if faults := v.documentFaults(text); guilty != (len(faults) > 0) {
			t.Errorf("%s: found %q", text, faults)
		}
	}
	for text, guilty := range map[string]bool{
		"see `jari.reasons`": true,
		"curl $X/ss4o_log-jari-*/_search -d '{\"size\": 1}'":                   true,
		"curl $X/otel-v1-apm-span-*/_search -d '{\"_source\": [\"spanID\"]}'":  true,
		"curl $X/otel-v1-apm-span-*/_search -d '{\"_source\": [\"spanId\"]}'":  false,
		"`event.name` in go.work, not in jari.example/telemetry nor user.Name": false,
	} {
		if faults := append(v.strangers(text), v.pageFaults(text)...); guilty != (len(faults) > 0) {
			t.Errorf("%s: found %q", text, faults)
		}
	}
}

var (
	body     = regexp.MustCompile(`(?s)-d '(\{.*?\})'`)
	pattern  = regexp.MustCompile(`([a-z0-9_]+(?:-[a-z0-9_]+)+-)(?:\*|YYYY|\d{4}\.)`)
	kql      = regexp.MustCompile(`([\w@.-]+) ?(?::|>=|<=|>|<) ?(?:"([^"]*)")?`)
	answered = []string{"event.name", "service.name", "serviceName"} // whose values are names too
)

// pageFaults looks at the queries on a page and at the indices they are for.
func (v vocabulary) pageFaults(text string) (found []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		if !v.known[m[1]] {
			found = append(found, m[0])
		}
	}
	for _, m := range body.FindAllStringSubmatch(text, -1) {
		found = append(found, v.documentFaults(m[1])...)
	}
	return found
}

// documentFaults looks where fields stand in YAML or JSON of ours and of
// OpenSearch.
func (v vocabulary) documentFaults(text string) (found []string) {
	var d interface{ Decode(any) error } = yaml.NewDecoder(strings.NewReader(text))
	if strings.HasPrefix(text, "{") {
		d = json.NewDecoder(strings.NewReader(text))
	}
	for {
		var document any
		if err := d.Decode(&document); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			return append(found, err.Error())
		}
		found = append(found, v.walk(document)...)
	}
}

func (v vocabulary) walk(node any) (found []string) {
	check := func(field any, values ...any) {
		if name, ok := field.(string); !ok || !v.known[name] {
			found = append(found, fmt.Sprint(field))
		} else if slices.Contains(answered, name) {
			for _, value := range values {
				if s, ok := value.(string); ok && !v.known[s] {
					found = append(found, s)
				}
			}
		}
	}
	switch node := node.(type) {
	case []any:
		for _, inner := range node {
			found = append(found, v.walk(inner)...)
		}
	case string:
		var inner any
		if strings.HasPrefix(node, "{") && json.Unmarshal([]byte(node), &inner) == nil {
			found = append(found, v.walk(inner)...)
		}
	case map[string]any:
		for key, value := range node {
			object, _ := value.(map[string]any)
			list, _ := value.([]any)
			text, isText := value.(string)
			switch {
			case (key == "field" || key == "of") && isText:
				check(text, node["is"])
			case key == "columns" || key == "_source":
				for _, name := range list {
					check(name)
				}
			case key == "sort":
				for _, by := range list {
					if by, ok := by.(map[string]any); ok {
						for _, name := range slices.Sorted(maps.Keys(by)) {
							check(name)
						}
					}
				}
			case slices.Contains([]string{"term", "match", "match_phrase", "range", "wildcard", "prefix"}, key), key == "terms" && object["field"] == nil:
				for name, value := range object {
					if of, ok := value.(map[string]any); ok {
						value = of["value"]
					}
					check(name, append(listOf(value), value)...)
				}
			case key == "query" && node["language"] == "kuery":
				for _, m := range kql.FindAllStringSubmatch(text, -1) {
					check(m[1], m[2])
				}
			}
			found = append(found, v.walk(value)...)
		}
	}
	return found
}

func listOf(value any) []any { list, _ := value.([]any); return list }

// every reads the files of ours that end so; their names are relative to the
// root.
func every(t *testing.T, ending string, read func(file string, text []byte)) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && file != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "dist") {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(file) != ending {
			return nil
		}
		text, err := fs.ReadFile(root, file)
		if err == nil {
			read(file, text)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
