package runbook

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/telemetry/names/realpart"
)

const root = "../.."

func objectives(t *testing.T) slo.Set {
	t.Helper()
	set, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestEveryRuleHasARunbookAndEveryRunbookARule(t *testing.T) {
	if err := Check(objectives(t), os.DirFS(filepath.Join(root, "runbooks"))); err != nil {
		t.Error(err)
	}
}

// The negative control of the test above.
func TestCheckDetectsMistakes(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(root, "runbooks", "booking-availability.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := func(change ...string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(strings.NewReplacer(change...).Replace(string(good)))}
	}
	set := slo.Set{
		SLOs:   []slo.SLO{{Rule: slo.Rule{Name: "booking", Runbook: "booking"}}},
		Alerts: []slo.Alert{{Rule: slo.Rule{Name: "silent-kr", Runbook: "silent"}}, {Rule: slo.Rule{Name: "silent-us", Runbook: "silent"}}},
	}
	for name, tc := range map[string]struct {
		files fs.FS
		want  string // "" for no mistake
	}{
		"a page for each, which alerts may share": {fstest.MapFS{"booking.md": page(), "silent.md": page()}, ""},
		"an SLO without a runbook": {fstest.MapFS{"silent.md": page()},
			"booking has no runbook: copy runbooks/template.md to runbooks/booking.md"},
		"an alert without a runbook": {fstest.MapFS{"booking.md": page()},
			"silent-us has no runbook: copy runbooks/template.md to runbooks/silent.md"},
		"a runbook without a rule": {fstest.MapFS{"booking.md": page(), "silent.md": page(), "silent-kr.md": page()},
			"runbooks/silent-kr.md belongs to no SLO and no alert"},
		"no section on mitigation": {fstest.MapFS{"booking.md": page("## Mitigation", "## Other"), "silent.md": page()}, `use ["Meaning"`},
		"a step without a command": {fstest.MapFS{"booking.md": page("```sh", "```"), "silent.md": page()}, "has no command"},
		"a step without expectation": {fstest.MapFS{"booking.md": page("Expected", "Perhaps"), "silent.md": page()},
			"does not say what is expected"},
		"the template is not checked": {
			fstest.MapFS{"booking.md": page(), "silent.md": page(), "template.md": {Data: []byte("# A page without sections")}}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := Check(set, tc.files)
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// Each diagnostic command runs against the system and succeeds.
func TestDiagnosticCommandsSucceed(t *testing.T) {
	realpart.Need(t, realpart.Edge)
	pages, err := filepath.Glob(filepath.Join(root, "runbooks", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range Diagnosis(string(text)) {
			t.Run(filepath.Base(page)+" "+step.Title, func(t *testing.T) {
				out, err := run(t, step.Command)
				if err != nil || strings.Contains(out, `"error"`) {
					t.Errorf("%v\n%s\n%s", err, step.Command, out)
				}
			})
		}
	}
}

func run(t *testing.T, command string) (string, error) {
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", command)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The negative control: a command that fails, or that uses a variable that is not
// set.
func TestDetectsACommandThatFails(t *testing.T) {
	for _, command := range []string{"false", `curl -sS "$JARI_TEST_NO_SUCH_THING/x"`} {
		if out, err := run(t, command); err == nil {
			t.Errorf("%s: no error, %s", command, out)
		}
	}
}
