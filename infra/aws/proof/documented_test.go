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
	everyResource = regexp.MustCompile(`(?i)\bresources?\s*=\s*\[?"\*"`)
	opensBlock    = regexp.MustCompile(`^\s*(statement )?\{$|^(data|resource|locals)\b`)
	ofWholeBlock  = regexp.MustCompile(`^\s*#.*"\*"`) // says what "*" is in all statements that follow
)

// withoutReason are the lines of a file that name every resource and have no reason: in a comment behind
// it, in or above its statement, or above, for the whole block, where the comment speaks of "*".
func withoutReason(text string) (all []int) {
	lines := strings.Split(text, "\n")
	comment := func(n int) bool { return n >= 0 && strings.HasPrefix(strings.TrimSpace(lines[n]), "#") }
	for n, line := range lines {
		if !everyResource.MatchString(line) || strings.Contains(line, "] #") || comment(n) {
			continue
		}
		found, inside := false, true // its statement
		for up := n - 1; up >= 0 && !found; up-- {
			found = inside && comment(up) || ofWholeBlock.MatchString(lines[up])
			if opensBlock.MatchString(lines[up]) {
				found, inside = found || inside && comment(up-1), false
			}
			if !strings.HasPrefix(lines[up], " ") && lines[up] != "" { // the whole block
				found = found || up > 0 && ofWholeBlock.MatchString(lines[up-1])
				break
			}
		}
		if !found {
			all = append(all, n+1)
		}
	}
	return all
}

func TestEachStatementAboutEveryResourceHasItsReason(t *testing.T) {
	all := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".tf" {
			return err
		}
		text, err := os.ReadFile(path)
		all += len(everyResource.FindAll(text, -1))
		for _, line := range withoutReason(string(text)) {
			t.Errorf("%s:%d allows every resource and does not say why", path, line)
		}
		return err
	})
	if err != nil || all < 10 {
		t.Fatalf("%d statements about every resource, %v", all, err)
	}
	const found = `data "x" "y" {
  statement {
    # why
    resources = ["*"]
  }

  statement {
    resources = ["*"]
  }
}
data "x" "z" {
  # here "*" is one key
  statement {
    actions   = ["a"]
    resources = ["*"]
  }
  statement {
    resources = ["*"]
  }
}
  policy = [{ Resource = "*" }]
  policy = [{ Resource = ["*"] # lists
`
	if got := withoutReason(found); !slices.Equal(got, []int{8, 21}) {
		t.Errorf("found in lines %v", got)
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
