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

const namesDir = "../../telemetry/names"

// foreignFormats are files that read or write formats of others, whose keys
// happen to have the same names as ours, with the format.
var foreignFormats = map[string]string{
	"fluentbit/record/event.go":              "keys of Fluent Bit's own events",
	"fluentbit/record/otlp.go":               "keys of OTLP's JSON",
	"fluentbit/harness/numbered/numbered.go": "both",
	"infra/aws/emulator/services.go":         "keys of ECS's JSON",
}

func TestGoUsesTheConstantsOfTelemetryNames(t *testing.T) {
	v := readVocabulary(t, namesDir)
	if len(v.constants) < 150 || v.constants["event.name"] != "names.EventName" || !v.prefixes["jari"] || v.prefixes["reservation"] {
		t.Fatalf("read %d names: the test looks in the wrong place", len(v.constants))
	}
	files, excepted := 0, map[string]bool{}
	eachFile(t, ".go", func(file string, text []byte) {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "telemetry/names/") {
			return
		}
		files++
		findings, err := v.checkGo(file, text)
		if err != nil {
			t.Fatal(err)
		}
		if foreignFormats[file] != "" && len(findings) > 0 {
			excepted[file] = true
			return
		}
		for _, f := range findings {
			t.Error(f)
		}
	})
	if files < 200 {
		t.Errorf("read %d files: the test looks in the wrong place", files)
	}
	for file := range foreignFormats {
		if !excepted[file] {
			t.Errorf("%s does not need an exception: remove it from foreignFormats", file)
		}
	}
}

func TestDetectsNamesWrittenOutInGo(t *testing.T) {
	v := readVocabulary(t, namesDir)
	for statement, wrong := range map[string]bool{
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

		`log.Info("event.name in a sentence is fine")`:                       false,
		`log.Info("x", names.Exception, "body")`:                             false,
		`log.InfoContext(ctx, "x", names.EventName, names.EventPanic)`:       false,
		`_ = fault.Of(err).With("latched", true)`:                            false,
		`http.Error(w, "no", 400)`:                                           false,
		`open("service.yaml", "reservation.Book", "jari.example/telemetry")`: false,
		`_ = map[string]int{"user": 1, "body": 2}`:                           false,
		`s.Start(ctx, address)`:                                              false,
	} {
		src := "package p\nimport (\"net/http\"; \"log/slog\"; \"go.opentelemetry.io/otel/attribute\")\nfunc f() {\n" + statement + "\n}\n"
		findings, err := v.checkGo("p.go", src)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if wrong != (len(findings) > 0) {
			t.Errorf("%s: found %q", statement, findings)
		}
	}
}

func TestDashboardsObjectivesAndPagesUseKnownNames(t *testing.T) {
	v := readVocabulary(t, namesDir)
	checked := map[string]int{}
	for _, kind := range []string{".md", ".yaml", ".ndjson"} {
		eachFile(t, kind, func(file string, text []byte) {
			module, _, _ := strings.Cut(file, "/")
			var findings []string
			switch dir := filepath.Dir(file); {
			case dir == "docs/decisions" || file == "CHANGELOG.md":
				return // they describe the past, with the names of that time
			case strings.HasPrefix(file, "alerting/slos/vocabulary"):
				return // generated from telemetry/names, with paths within documents
			case dir == "runbooks":
				findings = append(v.unknownNames(string(text)), v.checkPage(string(text))...)
			case kind == ".md":
				findings = v.unknownNames(string(text))
			case dir == "runbooks/queries": // jarictl runbook lint checks their fields
				findings = v.unknownNames(string(text))
			case dir == "kibana/dashboards" || dir == "alerting/slos" || dir == "kibana/objects":
				findings = append(v.unknownNames(string(text)), v.checkDocument(string(text))...)
			default:
				return
			}
			checked[module]++
			for _, f := range findings {
				t.Errorf("%s: %s is not a name in telemetry/names", file, f)
			}
		})
	}
	for _, folder := range []string{"kibana", "alerting", "runbooks", "telemetry"} {
		if checked[folder] == 0 {
			t.Errorf("no file was checked in %s: the test looks in the wrong place", folder)
		}
	}
}

func TestDetectsUnknownNamesInDocuments(t *testing.T) {
	v := readVocabulary(t, namesDir)
	for text, wrong := range map[string]bool{
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
		if findings := v.checkDocument(text); wrong != (len(findings) > 0) {
			t.Errorf("%s: found %q", text, findings)
		}
	}
	for text, wrong := range map[string]bool{
		"see `jari.reasons`": true,
		"curl $X/ss4o_log-jari-*/_search -d '{\"size\": 1}'":                   true,
		"curl $X/otel-v1-apm-span-*/_search -d '{\"_source\": [\"spanID\"]}'":  true,
		"curl $X/otel-v1-apm-span-*/_search -d '{\"_source\": [\"spanId\"]}'":  false,
		"`event.name` in go.work, not in jari.example/telemetry nor user.Name": false,
	} {
		if findings := append(v.unknownNames(text), v.checkPage(text)...); wrong != (len(findings) > 0) {
			t.Errorf("%s: found %q", text, findings)
		}
	}
}

var (
	queryBody     = regexp.MustCompile(`(?s)-d '(\{.*?\})'`)
	indexPattern  = regexp.MustCompile(`([a-z0-9_]+(?:-[a-z0-9_]+)+-)(?:\*|YYYY|\d{4}\.)`)
	kql           = regexp.MustCompile(`([\w@.-]+) ?(?::|>=|<=|>|<) ?(?:"([^"]*)")?`)
	fieldsOfNames = []string{"event.name", "service.name", "serviceName"} // fields whose values are names, too
)

// checkPage returns the unknown fields and indices in the queries on a page.
func (v vocabulary) checkPage(text string) (found []string) {
	for _, m := range indexPattern.FindAllStringSubmatch(text, -1) {
		if !v.values[m[1]] {
			found = append(found, m[0])
		}
	}
	for _, m := range queryBody.FindAllStringSubmatch(text, -1) {
		found = append(found, v.checkDocument(m[1])...)
	}
	return found
}

// checkDocument returns the unknown names in the places for fields of a YAML or
// JSON document, of our own formats and of OpenSearch's.
func (v vocabulary) checkDocument(text string) (found []string) {
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
		name, ok := field.(string)
		if !ok || !v.values[name] {
			found = append(found, fmt.Sprint(field))
			return
		}
		if !slices.Contains(fieldsOfNames, name) {
			return
		}
		for _, value := range values {
			if s, ok := value.(string); ok && !v.values[s] {
				found = append(found, s)
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
			checkMember(node, key, value, check)
			found = append(found, v.walk(value)...)
		}
	}
	return found
}

// fieldQueries are the queries of OpenSearch whose members are called after
// fields.
var fieldQueries = []string{"term", "match", "match_phrase", "range", "wildcard", "prefix"}

// checkMember calls check for the fields, with their values, that a member of an
// object names.
func checkMember(node map[string]any, key string, value any, check func(field any, values ...any)) {
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
	case slices.Contains(fieldQueries, key), key == "terms" && object["field"] == nil:
		for name, value := range object {
			if query, ok := value.(map[string]any); ok {
				value = query["value"]
			}
			check(name, append(listOf(value), value)...)
		}
	case key == "query" && node["language"] == "kuery":
		for _, m := range kql.FindAllStringSubmatch(text, -1) {
			check(m[1], m[2])
		}
	}
}

func listOf(value any) []any { list, _ := value.([]any); return list }

// ignoredFolder reports whether a folder is not source of ours.
func ignoredFolder(name string) bool {
	return strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "dist"
}

// eachFile calls read with every file of the repository that has this extension.
// Paths are relative to the root.
func eachFile(t *testing.T, extension string, read func(file string, text []byte)) {
	t.Helper()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && file != "." && ignoredFolder(d.Name()) {
			return fs.SkipDir
		}
		if d.IsDir() || filepath.Ext(file) != extension {
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
