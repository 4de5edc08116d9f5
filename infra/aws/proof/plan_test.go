package proof

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/aws/policy"
	"jari.example/infra/helptext"
	"jari.example/infra/local/fault"
	"jari.example/telemetry/names/realpart"
)

// third is a region that is one file: that of us, elsewhere.
func third(us string) string {
	return strings.NewReplacer("us-east-1", "eu-west-1", `"us"`, `"eu"`).Replace(us)
}

// shown is what a test reads of a plan beside its resources.
type shown struct {
	Planned struct {
		Outputs map[string]struct{ Value any } `json:"outputs"`
	} `json:"planned_values"`
}

// plan plans a region, on the emulator, and returns its JSON.
func (w workspace) plan(t *testing.T, variables string) []byte {
	t.Helper()
	const dir = "stacks/region"
	w.yields = true
	root := filepath.Join(w.dir, dir)
	for name, text := range map[string]string{
		"override.tf": "terraform {\n  backend \"local\" {}\n}\n", "region.tfvars": variables,
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w.env = append(slices.Clone(w.env), "AWS_ENDPOINT_URL="+realpart.Need(t, realpart.AWS), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_S3_USE_PATH_STYLE=true", "TF_VAR_origin_secrets="+fmt.Sprintf("[%q]", strings.Repeat("0123456789abcdef", 2)))
	w.init(t, dir)
	if out, err := w.terraform(t, dir, "plan", "-no-color", "-out=plan", "-var-file=region.tfvars", "-var=max_retries=2",
		"-var-file=../../envs/release.example.tfvars"); err != nil {
		t.Fatalf("plan: %.3000s%v", out, err)
	}
	out, err := w.terraform(t, dir, "show", "-json", "plan")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(out)
}

// aboutDocuments are the rules about policies and containers, which are known after apply: the states
// are compared with them.
var aboutDocuments = []string{
	"no-wildcard-action", "no-wildcard-resource", "tasks-confined", "tasks-drain", "images-by-digest", "logs-by-our-agent", "no-secret-in-plain-text",
}

func TestThePlanOfEachRegionFollowsTheRules(t *testing.T) {
	t.Parallel()
	us, err := os.ReadFile("../envs/prod-us.tfvars")
	if err != nil {
		t.Fatal(err)
	}
	kr, err := os.ReadFile("../envs/prod-kr.tfvars")
	if err != nil {
		t.Fatal(err)
	}
	var plans []policy.Plan
	for name, variables := range map[string]string{"kr": string(kr), "us": string(us), "a third one": third(string(us))} {
		t.Run(name, func(t *testing.T) {
			takeProcessor(t)
			text := newWorkspace(t).plan(t, variables)
			p, err := policy.Read(strings.NewReader(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d resources", len(p.Resources))
			for _, f := range p.Check(policy.Rules()) {
				t.Error(f)
			}
			for _, problem := range checkNetwork(p, table(t), fargateServices) {
				t.Error(problem)
			}
			plans = append(plans, p)
			var s shown
			if err := json.Unmarshal(text, &s); err != nil {
				t.Fatal(err)
			}
			programs, _ := s.Planned.Outputs["variables"].Value.(map[string]any)
			if len(programs) < 8 {
				t.Fatalf("the programs are %v", programs)
			}
			for program, given := range programs {
				for _, problem := range variablesOf(t, program, given) {
					t.Errorf("%s: %s", program, problem)
				}
			}
			jobs, _ := s.Planned.Outputs["job_variables"].Value.(map[string]any)
			if len(jobs) < 8 {
				t.Fatalf("the jobs are %v", jobs)
			}
			for _, name := range unknownToAlerting(t, p) {
				t.Errorf("ALERTING_WITHOUT has %q, which is no rule and no subject of an alert", name)
			}
			for job, given := range jobs {
				for _, problem := range jobVariables(t, given) {
					t.Errorf("%s: %s", job, problem)
				}
			}
		})
	}
	if len(plans) == 0 {
		return // skipped
	}
	elsewhere := func(rule string) bool {
		return rule == "no-user" || strings.HasPrefix(rule, "edge-") || slices.Contains(aboutDocuments, rule)
	}
	for _, rule := range unmet(elsewhere, plans...) {
		t.Errorf("the rule %s met nothing in the plans of regions", rule)
	}
}

// unknownToAlerting are the names in ALERTING_WITHOUT that no rule and no list of subjects has.
func unknownToAlerting(t *testing.T, p policy.Plan) (unknown []string) {
	t.Helper()
	rules, err := fault.Rules("../../../alerting/slos")
	if err != nil {
		t.Fatal(err)
	}
	subjects, err := os.ReadFile("../../../alerting/slos/service-silent.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range p.Of("aws_ssm_parameter") {
		if strings.HasSuffix(r.Text("name"), "/ALERTING_WITHOUT") {
			names = strings.Split(r.Text("value"), ",")
		}
	}
	if len(names) < 4 {
		t.Errorf("ALERTING_WITHOUT is %q", names)
	}
	return slices.DeleteFunc(names, func(name string) bool {
		isRule := slices.ContainsFunc(rules, func(r fault.Rule) bool { return r.Name == name })
		return isRule || regexp.MustCompile(`service.name: \[.*\b`+regexp.QuoteMeta(name)+`\b`).Match(subjects)
	})
}

// variablesOf says which variables a program does not know, and which it needs and does not get.
func variablesOf(t *testing.T, program string, given any) []string {
	t.Helper()
	help, err := helptext.Of(filepath.Join("..", "..", ".."), program)
	if err != nil {
		t.Fatal(err)
	}
	list, _ := given.([]any)
	var names []string
	for _, name := range list {
		names = append(names, strings.TrimSuffix(fmt.Sprint(name), "_SECRET_ARN")) // of a function
	}
	return compare(help, names)
}

// jobVariables says which variables the program of a job does not know. A task needs fewer than the
// program; postgrestest.Migrates runs each migration with those that it has here.
func jobVariables(t *testing.T, given any) (problems []string) {
	t.Helper()
	job, _ := given.(map[string]any)
	program, _ := job["program"].(string)
	if program == "jari-telemetry" { // it has no flags of a daemon
		known := telemetryVariables(t)
		list, _ := job["names"].([]any)
		for _, name := range list {
			knows := func(known string) bool {
				return name == known || strings.HasSuffix(known, "_") && strings.HasPrefix(fmt.Sprint(name), known)
			}
			if !slices.ContainsFunc(known, knows) {
				problems = append(problems, fmt.Sprint("does not know ", name))
			}
		}
		return problems
	}
	return slices.DeleteFunc(variablesOf(t, program, job["names"]), func(problem string) bool { return strings.HasPrefix(problem, "needs ") })
}

// telemetryVariables are those that jari-telemetry reads; one that ends in _ begins several names.
func telemetryVariables(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("../../../fluentbit/cmd/jari-telemetry/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range variableName.FindAllStringSubmatch(string(source), -1) {
			names = append(names, found[1])
		}
	}
	return names
}

var variableName = regexp.MustCompile(`"(JARI_[A-Z_]+)"`)

func TestAVariableThatAJobDoesNotKnowIsFound(t *testing.T) {
	for program, names := range map[string][]any{
		"userd":          {"USER_DATABASE_URL", "USER_DATABSE_URL"},
		"jari-telemetry": {"JARI_OPENSEARCH_URL", "JARI_OPENSEARCH_USER_SEARCH", "USER_DATABSE_URL"},
	} {
		got := jobVariables(t, map[string]any{"program": program, "names": names})
		if !slices.Equal(got, []string{"does not know USER_DATABSE_URL"}) {
			t.Errorf("%s: %q", program, got)
		}
	}
}

var alternative = regexp.MustCompile(`this or -(\S+) is required`)

// neededOnAWS are words of a help that say what a daemon does without a flag, which is for a
// laptop: what it stores is lost when it ends, or every process makes its own key.
var neededOnAWS = []string{"required", "in memory", "empty: generated"}

func compare(help string, given []string) (problems []string) {
	known, variable := map[string]bool{}, map[string]string{}
	flags := helptext.Flags(help)
	for _, f := range flags {
		known[f.Variable], known[f.Content], variable[f.Name] = true, true, f.Variable
	}
	for _, name := range given {
		if !known[name] {
			problems = append(problems, "does not know "+name)
		}
	}
	for _, f := range flags {
		needed := slices.ContainsFunc(neededOnAWS, func(word string) bool { return strings.Contains(f.What, word) })
		supplied := slices.Contains(given, f.Variable) || f.Content != "" && slices.Contains(given, f.Content)
		if other := alternative.FindStringSubmatch(f.What); other != nil {
			supplied = supplied || slices.Contains(given, variable[other[1]])
		}
		if needed && !supplied {
			problems = append(problems, "needs "+f.Variable)
		}
	}
	return problems
}

func TestComparesVariablesWithTheHelp(t *testing.T) {
	const help = `xd does.

  -database-url
      PostgreSQL URL; required
      $X_DATABASE_URL
  -key-file
      file of the key; empty: generated
      $X_KEY_FILE, or its content in $X_KEY
  -state-file
      file of the state; this or -state-parameter is required
      $X_STATE_FILE
  -state-parameter
      parameter of the state
      $X_STATE_PARAMETER
  -region
      region
      $X_REGION, default here
`
	for given, want := range map[string]string{
		"X_DATABASE_URL X_KEY X_STATE_PARAMETER":         "",
		"X_DATABASE_URL X_KEY_FILE X_STATE_FILE":         "",
		"X_DATABASE_URL X_KEY X_STATE_FILE X_OTHER":      "does not know X_OTHER",
		"X_KEY X_STATE_FILE":                             "needs X_DATABASE_URL",
		"X_DATABASE_URL X_STATE_FILE X_REGION":           "needs X_KEY_FILE",
		"X_DATABASE_URL X_KEY X_REGION":                  "needs X_STATE_FILE",
		"X_DATABASE_URL X_KEY X_STATE_FILE X_KEYS X_ONE": "does not know X_KEYS; does not know X_ONE",
	} {
		if got := strings.Join(compare(help, strings.Fields(given)), "; "); got != want {
			t.Errorf("%s: %q, want %q", given, got, want)
		}
	}
}
