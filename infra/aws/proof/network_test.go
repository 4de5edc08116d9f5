package proof

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/aws/policy"
)

// outsiders are those whom a call leads to and who have no security group of ours. everywhere says who of
// them can be at any address.
var (
	outsiders  = []string{"cloudfront", "load-balancer", "dynamodb-stream", "cloudwatch", "dynamodb", "ses", "slack"}
	everywhere = []string{"ses", "slack"}

	fargateServices = []string{"alerting", "gateway", "notification", "reservation", "search", "user"}
)

// inOrder are the keys of a set, sorted.
func inOrder(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// wanted are the pairs of security groups that may talk, and the callers who may reach every address, by
// calls.json. The log router is in the task of each service; a database is the instance that holds it.
func wanted(calls []call, services []string) (pairs, out map[string]bool) {
	pairs, out = map[string]bool{}, map[string]bool{}
	for _, c := range calls {
		callers := []string{c.From}
		if c.From == "log-router" {
			callers = services
		}
		for _, from := range callers {
			switch {
			case slices.Contains(everywhere, c.To):
				out[from] = true
			case from != "internet" && from != "cloudfront" && !slices.Contains(outsiders, c.To):
				pairs[from+" to "+c.To] = true
			}
		}
	}
	return pairs, out
}

var ruleOfCall = regexp.MustCompile(`^(\S+) to (\S+?):\d+$`)

// planned are the same by the security group rules of a plan, of one direction.
func planned(p policy.Plan, kind string) (pairs, out map[string]bool) {
	pairs, out = map[string]bool{}, map[string]bool{}
	for _, r := range p.Of(kind) {
		m := ruleOfCall.FindStringSubmatch(r.Text("description"))
		switch {
		case r.Text("cidr_ipv4") == "0.0.0.0/0" || r.Text("cidr_ipv6") == "::/0":
			from, _, _ := strings.Cut(r.Text("description"), " ")
			out[from] = true
		case m != nil && strings.Contains(r.Address, "rule.call["):
			to := m[2]
			if strings.HasPrefix(to, "postgres-") {
				to = "postgres"
			}
			pairs[m[1]+" to "+to] = true
		}
	}
	return pairs, out
}

// checkNetwork compares the security group rules of a plan with calls.json.
func checkNetwork(p policy.Plan, calls []call, services []string) (problems []string) {
	pairs, out := wanted(calls, services)
	for _, kind := range []string{"aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule"} {
		gotPairs, gotOut := planned(p, kind)
		if !maps.Equal(gotPairs, pairs) {
			problems = append(problems, fmt.Sprintf("%s: %q, calls.json wants %q", kind, inOrder(gotPairs), inOrder(pairs)))
		}
		if strings.Contains(kind, "egress") && !maps.Equal(gotOut, out) {
			problems = append(problems, fmt.Sprintf("%q may reach every address, calls.json wants %q", inOrder(gotOut), inOrder(out)))
		}
	}
	return problems
}

func TestARuleThatNoCallNeedsIsFound(t *testing.T) {
	calls := []call{{From: "gateway", To: "user"}, {From: "user", To: "postgres", Database: "user"}, {From: "notification", To: "ses"}, {From: "log-router", To: "opensearch"}}
	rule := func(direction, address, description, cidr string) policy.Resource {
		kind := "aws_vpc_security_group_" + direction + "_rule"
		return policy.Resource{Address: kind + "." + address, Mode: "managed", Type: kind, Values: map[string]any{"description": description, "cidr_ipv4": cidr}}
	}
	var right policy.Plan
	for _, direction := range []string{"egress", "ingress"} {
		for _, d := range []string{"gateway to user:8080", "user to postgres-users:5432", "user to opensearch:443", "gateway to opensearch:443"} {
			right.Resources = append(right.Resources, rule(direction, `call["`+d+`"]`, d, ""))
		}
	}
	right.Resources = append(right.Resources, rule("egress", `outside["n"]`, "notification to internet:443", "0.0.0.0/0"), rule("egress", `endpoints["x"]`, "x to endpoints:443", ""))
	services := []string{"gateway", "user"}
	if got := checkNetwork(right, calls, services); len(got) > 0 {
		t.Errorf("what is right differs: %q", got)
	}
	for name, wrong := range map[string]policy.Plan{
		"one too many":     {Resources: append(slices.Clone(right.Resources), rule("ingress", `call["search to user:8080"]`, "search to user:8080", ""))},
		"one is missing":   {Resources: right.Resources[1:]},
		"another goes out": {Resources: append(slices.Clone(right.Resources), rule("egress", "x", "search to internet:443", "0.0.0.0/0"))},
	} {
		if got := checkNetwork(wrong, calls, services); len(got) != 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
}
