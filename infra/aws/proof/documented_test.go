package proof

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/local/fault"
)

var declared = regexp.MustCompile(`(?m)^resource "(\w+)"`)

// docs/aws.md promises to say of each type of resource what was shown of it.
func TestEachTypeOfResourceIsInTheTable(t *testing.T) {
	page, err := os.ReadFile("../../../docs/aws.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
		}
		return err
	})
	if err != nil || len(used) < 50 {
		t.Fatalf("found %d types, %v", len(used), err)
	}
	for kind := range used {
		if !strings.Contains(string(page), "`"+kind+"`") {
			t.Errorf("docs/aws.md does not say what was shown of %s", kind)
		}
	}
	for _, m := range regexp.MustCompile("`((?:aws|terraform)_\\w+)`").FindAllStringSubmatch(string(page), -1) {
		if !used[m[1]] {
			t.Errorf("docs/aws.md has %s, which is not used", m[1])
		}
	}
}

// A third region is one file of variables and one entry of the edge's map; the workflows name the regions, too.
func TestTheWorkflowsDeployEachRegion(t *testing.T) {
	files, err := filepath.Glob("../envs/*.tfvars")
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, file := range files {
		if name, isRegion := strings.CutPrefix(strings.TrimSuffix(filepath.Base(file), ".tfvars"), "prod-"); isRegion {
			labels = append(labels, name)
		}
	}
	if len(labels) < 2 {
		t.Fatalf("the regions are %q", labels)
	}
	for file, line := range map[string]string{"deploy.yml": "{ region: LABEL,", "plan.yml": "variables: ../../envs/prod-LABEL.tfvars"} {
		text, err := os.ReadFile("../../../.github/workflows/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, label := range labels {
			if want := strings.Replace(line, "LABEL", label, 1); !strings.Contains(string(text), want) {
				t.Errorf("%s has no %q", file, want)
			}
		}
	}
}

var (
	listed = regexp.MustCompile(`(?s)regional_rules = \[(.*?)\]`)
	quoted = regexp.MustCompile(`"([a-z-]+)"`)
)

// An alert about a region whose telemetry is elsewhere would page for ever.
func TestEachRuleAboutOneRegionIsInTheListOfThese(t *testing.T) {
	text, err := os.ReadFile("../stacks/region/settings.tf")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if m := listed.FindSubmatch(text); m != nil {
		for _, name := range quoted.FindAllSubmatch(m[1], -1) {
			list = append(list, string(name[1]))
		}
	}
	rules, err := fault.Rules("../../../alerting/slos")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range rules {
		if strings.HasSuffix(r.Name, "-kr") || strings.HasSuffix(r.Name, "-us") {
			want = append(want, r.Name)
		}
	}
	slices.Sort(want)
	if !slices.Equal(list, want) {
		t.Errorf("regional_rules are %q, alerting/slos has %q", list, want)
	}
}
