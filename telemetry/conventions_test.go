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

// What is neither ours nor an attribute or a metric of the conventions.
var elsewhere = []string{
	names.Time, names.SeverityText, names.SeverityNumber, names.Body, names.TraceID, names.SpanID, // the data model of logs
	names.EventName,                  // the same, and before that an attribute
	names.Truncated, names.Unindexed, // of the agent's making
	names.LogFileOffset, // of the agents
	names.PeerService,   // service.peer.name by now; what draws the service map reads this one
}

// conventions is the text of OpenTelemetry's own package of this version.
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

func TestNamesAreOursOrOfTheConventions(t *testing.T) {
	known := conventions(t, names.Conventions)
	foreign := func(name string) bool {
		return name != "" && !strings.HasPrefix(name, "jari.") && !strings.HasPrefix(name, "refused.") &&
			!slices.Contains(elsewhere, name) && !strings.Contains(known, `"`+name+`"`)
	}
	all := []string{names.CPUMode, names.PoolName, names.PoolState}
	for _, f := range slices.Concat(names.Fields, names.Unmapped) {
		all = append(all, f.Name)
	}
	for _, m := range names.Metrics {
		all = append(all, m.Name)
	}
	for _, name := range all {
		if foreign(name) {
			t.Errorf("%s is not in the conventions %s: call it jari.…, or as they do", name, names.Conventions)
		}
	}
	for _, name := range elsewhere { // the controls
		if name != names.Body && strings.Contains(known, `"`+name+`"`) {
			t.Errorf("%s is of the conventions: it needs no exception", name)
		}
	}
	if !foreign("http.status_code") {
		t.Error("a name of ten years ago passes")
	}
}

// The SDK and the instrumentations put names on spans and metrics themselves.
func TestTheConventionsAreThoseOfTheInstrumentations(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^(go\.opentelemetry\.io/(?:otel/sdk|contrib)\S*) .*/semconv/v(\S+)`).FindAllStringSubmatch(string(out), -1)
	if len(found) == 0 {
		t.Fatal("none of them follows any: the test looks in the wrong place")
	}
	for _, by := range found {
		if version, _, _ := strings.Cut(by[2], "/"); version != names.Conventions {
			t.Errorf("%s follows %s, names %s", by[1], version, names.Conventions)
		}
	}
}
