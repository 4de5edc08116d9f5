package proof

import (
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"jari.example/infra/aws/policy"
)

// asked are the IAM actions of the requests to an emulator, by the id of the access key.
type asked struct {
	mu      sync.Mutex
	actions map[string]map[string]bool
}

func (a *asked) add(accessKey, action string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.actions == nil {
		a.actions = map[string]map[string]bool{}
	}
	if a.actions[accessKey] == nil {
		a.actions[accessKey] = map[string]bool{}
	}
	a.actions[accessKey][action] = true
}

// by are the actions that one access key asked for, sorted.
func (a *asked) by(accessKey string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.actions[accessKey]))
}

// administrator does these: delivery cannot change itself (modules/delivery/README.md).
var administrator = []string{
	"iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider", "iam:TagOpenIDConnectProvider",
}

// deliveryActions are the patterns of actions that the roles plan and apply of delivery may do, read
// from the state of the stack global.
func deliveryActions(t *testing.T, global policy.Plan) (plan, apply []string) {
	t.Helper()
	const prefix = "jari-prod-delivery-"
	for _, r := range global.Of("aws_iam_policy") {
		name, ours := strings.CutPrefix(r.Text("name"), prefix)
		if !ours {
			continue
		}
		actions, err := policy.Actions(r.Text("policy"))
		if err != nil {
			t.Fatalf("%s: %v", r.Address, err)
		}
		if name == "plan" {
			plan = append(plan, actions...)
		} else {
			apply = append(apply, actions...)
		}
	}
	return plan, apply
}

// refused are the actions that no pattern matches. Everybody may ask STS who they are; smoke assumes
// roles.
func refused(actions, patterns []string) []string {
	return slices.DeleteFunc(slices.Clone(actions), func(action string) bool {
		return strings.HasPrefix(action, "sts:") || slices.ContainsFunc(patterns, func(pattern string) bool {
			matches, _ := path.Match(pattern, action) // fails for a bad pattern, which matches nothing
			return matches
		})
	})
}

func TestAnActionThatDeliveryMayNotDoIsFound(t *testing.T) {
	global := policy.Plan{Resources: []policy.Resource{
		{Address: "a", Type: "aws_iam_policy", Values: map[string]any{"name": "jari-prod-delivery-plan", "policy": `{"Statement":[{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"}]}`}},
		{Address: "b", Type: "aws_iam_policy", Values: map[string]any{"name": "jari-prod-delivery-data", "policy": `{"Statement":[{"Effect":"Allow","Action":["rds:CreateDBInstance"],"Resource":"*"},{"Effect":"Deny","Action":"iam:CreateRole","Resource":"*"}]}`}},
		{Address: "c", Type: "aws_iam_policy", Values: map[string]any{"name": "jari-prod-other", "policy": `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}},
	}}
	plan, apply := deliveryActions(t, global)
	var a asked
	for _, action := range []string{"sts:GetCallerIdentity", "rds:CreateDBInstance", "ec2:DescribeVpcs", "iam:CreateRole"} {
		a.add(applier, action)
	}
	a.add(planner, "ec2:DescribeSubnets")
	actions := a.by(applier)
	if got, want := refused(actions, plan), []string{"iam:CreateRole", "rds:CreateDBInstance"}; !slices.Equal(got, want) {
		t.Errorf("plan may not do %q, want %q", got, want)
	}
	if got, want := refused(actions, apply), []string{"ec2:DescribeVpcs", "iam:CreateRole"}; !slices.Equal(got, want) {
		t.Errorf("apply may not do %q, want %q", got, want)
	}
	if got := a.by(planner); !slices.Equal(got, []string{"ec2:DescribeSubnets"}) {
		t.Errorf("a plan asked for %q", got)
	}
}
