package proof

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/aws/policy"
)

// services are IAM's prefixes of what a line of calls.json may lead to. The other parts (PostgreSQL,
// Redis, OpenSearch, Slack) are reached with a password: their security groups follow the table.
var services = map[string]string{"ses": "ses", "dynamodb": "dynamodb", "dynamodb-stream": "dynamodb", "cloudwatch": "logs"}

// everyPrograms are IAM's prefixes of what a program has whatever it calls: its key, its log, its secrets
// and settings, the queue of its failures, its network interface, and sessions of people in its task.
var everyPrograms = []string{"kms", "logs", "secretsmanager", "ssm", "sqs", "ec2", "ssmmessages"}

// allowed are the actions of the roles of programs in a state, by program.
func allowed(t *testing.T, p policy.Plan, name string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, r := range p.Of("aws_iam_role_policy") {
		program, ours := strings.CutPrefix(r.Text("role"), name+"-")
		program = strings.TrimPrefix(strings.TrimSuffix(strings.TrimSuffix(program, "-task"), "-function"), "job-")
		if !ours || strings.HasSuffix(program, "-execution") || strings.HasSuffix(program, "-scheduler") {
			continue // what starts a program
		}
		actions, err := policy.Actions(r.Text("policy"))
		if err != nil {
			t.Fatalf("%s: %v", r.Address, err)
		}
		all[program] = append(all[program], actions...)
	}
	return all
}

// differences says where roles allow what no call needs, and where a call is not allowed.
func differences(roles map[string][]string, calls []call) (all []string) {
	may := func(program, prefix string) bool {
		return slices.ContainsFunc(roles[program], func(action string) bool { return strings.HasPrefix(action, prefix+":") })
	}
	callers := map[string][]string{} // program to prefixes
	for _, c := range calls {
		prefix, isService := services[c.To]
		callers[c.From] = append(callers[c.From], prefix)
		if isService && c.From != "log-router" && !may(c.From, prefix) {
			all = append(all, fmt.Sprintf("%s calls %s, and its role has no action of %s", c.From, c.To, prefix))
		}
	}
	for program, actions := range roles {
		prefixes, known := callers[program]
		if !known {
			continue // the bastion, flow logs and others that are no program of the table
		}
		for _, action := range actions {
			prefix, _, _ := strings.Cut(action, ":")
			if !slices.Contains(everyPrograms, prefix) && !slices.Contains(prefixes, prefix) {
				all = append(all, fmt.Sprintf("the role of %s allows %s, for which calls.json has no line", program, action))
			}
		}
	}
	slices.Sort(all)
	return all
}

// table reads calls.json.
func table(t *testing.T) (all []call) {
	t.Helper()
	text, err := os.ReadFile("../calls.json")
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRolesAreThoseOfPrograms(t *testing.T) {
	const policyOf = `{"Statement":[{"Effect":"Allow","Action":"%s:Get","Resource":"x"}]}`
	var p policy.Plan
	for role, service := range map[string]string{
		"jari-prod-kr-search-task": "dynamodb", "jari-prod-kr-job-index-rebuild-task": "dynamodb", "jari-prod-kr-indexer-function": "sqs",
		"jari-prod-kr-search-execution": "ecr", "jari-prod-us-search-task": "ses",
	} {
		p.Resources = append(p.Resources, policy.Resource{Type: "aws_iam_role_policy", Values: map[string]any{"role": role, "policy": fmt.Sprintf(policyOf, service)}})
	}
	got := allowed(t, p, "jari-prod-kr")
	want := map[string][]string{"search": {"dynamodb:Get"}, "index-rebuild": {"dynamodb:Get"}, "indexer": {"sqs:Get"}}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestARoleThatDiffersFromTheCallsIsFound(t *testing.T) {
	calls := []call{{From: "notification", To: "ses"}, {From: "search", To: "dynamodb"}, {From: "user", To: "postgres"}}
	right := map[string][]string{
		"notification": {"ses:SendEmail", "kms:Decrypt"}, "search": {"dynamodb:GetItem"}, "user": {"ssmmessages:OpenDataChannel"},
		"bastion": {"rds-db:connect"},
	}
	if got := differences(right, calls); len(got) > 0 {
		t.Errorf("what is right differs: %q", got)
	}
	wrong := map[string][]string{"notification": {"dynamodb:GetItem"}, "search": {"dynamodb:GetItem"}, "user": {"ses:SendEmail"}}
	want := []string{
		"notification calls ses, and its role has no action of ses",
		"the role of notification allows dynamodb:GetItem, for which calls.json has no line",
		"the role of user allows ses:SendEmail, for which calls.json has no line",
	}
	if got := differences(wrong, calls); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
