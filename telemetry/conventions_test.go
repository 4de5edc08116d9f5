package telemetry_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jari.example/telemetry/names"
)

// Names that are neither ours nor attributes or metrics of the conventions.
var exceptions = []string{
	names.Time, names.SeverityText, names.SeverityNumber, names.Body, names.TraceID, names.SpanID, // log data model
	names.EventName,                  // log data model, formerly an attribute
	names.Truncated, names.Unindexed, // added by us and the agent
	names.LogFileOffset, // added by agents
	names.PeerService,   // now service.peer.name; the service map still reads this one
}

// conventions returns the source of OpenTelemetry's semconv package of version.
func conventions(t *testing.T, version string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "go.opentelemetry.io/otel/semconv/v"+version).Output()
	if err != nil {
		t.Fatalf("OpenTelemetry has no conventions %s: %v", version, err)
	}
	var text strings.Builder
	err = fs.WalkDir(os.DirFS(strings.TrimSpace(string(out))), ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(file) != ".go" {
			return err
		}
		source, err := os.ReadFile(path.Join(strings.TrimSpace(string(out)), file))
		text.Write(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestNamesAreOursOrOfTheSemanticConventions(t *testing.T) {
	known := conventions(t, names.Conventions)
	unknown := func(name string) bool {
		return name != "" && !strings.HasPrefix(name, "jari.") && !strings.HasPrefix(name, "refused.") &&
			!slices.Contains(exceptions, name) && !strings.Contains(known, `"`+name+`"`)
	}
	all := []string{names.CPUMode, names.PoolName, names.PoolState}
	for _, f := range slices.Concat(names.Fields, names.Unmapped) {
		all = append(all, f.Name)
	}
	for _, m := range names.Metrics {
		all = append(all, m.Name)
	}
	for _, name := range all {
		if unknown(name) {
			t.Errorf("%s is not in the semantic conventions %s: prefix it with jari. or use their name", name, names.Conventions)
		}
	}
	for _, name := range exceptions { // negative controls
		if name != names.Body && strings.Contains(known, `"`+name+`"`) {
			t.Errorf("%s is in the semantic conventions: remove the exception", name)
		}
	}
	if !unknown("http.status_code") {
		t.Error("an outdated name is accepted")
	}
}

// The SDK and the instrumentations set names on spans and metrics themselves.
func TestTheInstrumentationsUseTheSameConventions(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports := regexp.MustCompile(`(?m)^(go\.opentelemetry\.io/(?:otel/sdk|contrib)\S*) .*/semconv/v(\S+)`)
	found := imports.FindAllStringSubmatch(string(out), -1)
	if len(found) == 0 {
		t.Fatal("no instrumentation imports semconv: the test looks in the wrong place")
	}
	for _, match := range found {
		if version, _, _ := strings.Cut(match[2], "/"); version != names.Conventions {
			t.Errorf("%s uses %s, names %s", match[1], version, names.Conventions)
		}
	}
}
