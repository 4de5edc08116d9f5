package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// resource is one with attributes as JSON.
func resource(t *testing.T, kind, values string) Resource {
	t.Helper()
	r := Resource{Address: kind + ".test", Mode: "managed", Type: kind}
	if err := json.Unmarshal([]byte(values), &r.Values); err != nil {
		t.Fatalf("%s: %v", values, err)
	}
	return r
}

// nested is the JSON of an attribute at a path.
func nested(path string, value any) string {
	text, _ := json.Marshal(value)
	keys := strings.Split(path, ".")
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i] == "0" {
			text = fmt.Appendf(nil, "[%s]", text)
		} else {
			text = fmt.Appendf(nil, "{%q: %s}", keys[i], text)
		}
	}
	return string(text)
}

func TestEachAttributeIsChecked(t *testing.T) {
	for _, a := range attributes {
		t.Run(a.Name, func(t *testing.T) {
			want := a.Want
			if least, ok := want.(atLeast); ok {
				want = float64(least)
			}
			rule := a.rule()
			for name, c := range map[string]struct {
				values string
				found  int
			}{"as wanted": {nested(a.Path, want), 0}, "broken": {nested(a.Path, a.Broken), 1}, "missing": {"{}", 1}} {
				p := Plan{Resources: []Resource{resource(t, a.Type, c.values)}}
				if found := rule.Check(p); len(found) != c.found || p.Met(rule) != 1 {
					t.Errorf("%s: %v, met %d", name, found, p.Met(rule))
				}
			}
		})
	}
}

// fixtures are, for each special rule, resources that follow it and resources that do not:
// "type {attributes}".
var fixtures = map[string]struct{ good, broken []string }{
	"no-open-port": {
		[]string{`aws_vpc_security_group_ingress_rule {"prefix_list_id": "pl-1"}`},
		[]string{`aws_vpc_security_group_ingress_rule {"cidr_ipv4": "0.0.0.0/0"}`, `aws_vpc_security_group_ingress_rule {"cidr_ipv6": "::/0"}`},
	},
	"egress-https-only": {
		[]string{
			`aws_vpc_security_group_egress_rule {"cidr_ipv4": "0.0.0.0/0", "from_port": 443, "to_port": 443, "ip_protocol": "tcp"}`,
			`aws_vpc_security_group_egress_rule {"cidr_ipv4": "10.0.0.0/16", "from_port": 5432, "to_port": 5432, "ip_protocol": "tcp"}`,
		},
		[]string{`aws_vpc_security_group_egress_rule {"cidr_ipv4": "0.0.0.0/0", "ip_protocol": "-1"}`},
	},
	"rules-of-their-own": {
		[]string{`aws_security_group {"ingress": [], "egress": []}`, `aws_security_group {}`},
		[]string{`aws_security_group {"ingress": [{"from_port": 22}]}`},
	},
	"no-wildcard-action": {
		[]string{`aws_iam_role_policy {"policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:x\"}]}"}`},
		[]string{
			`aws_iam_role_policy {"policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"s3:*\"], \"Resource\": \"arn:x\"}]}"}`,
			`aws_iam_policy {"policy": "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"arn:x\"}}"}`,
			`aws_iam_policy {"policy": "no JSON"}`,
		},
	},
	"no-wildcard-resource": {
		[]string{
			`aws_iam_role_policy {"policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"ecr:GetAuthorizationToken\", \"Resource\": \"*\"}]}"}`,
			`aws_iam_role_policy {"policy": "{\"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"s3:GetObject\", \"Resource\": \"*\"}]}"}`,
			`aws_iam_role_policy {}`,
			`aws_iam_policy {"name": "jari-prod-boundary", "policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"*\"}]}"}`,
		},
		[]string{
			`aws_iam_role_policy {"policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": [\"*\"]}]}"}`,
			`aws_iam_policy {"name": "jari-prod-more", "policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"*\"}]}"}`,
		},
	},
	"roles-trust-services": {
		[]string{`aws_iam_role {"assume_role_policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Service\": \"ecs-tasks.amazonaws.com\"}}]}"}`},
		[]string{
			`aws_iam_role {"assume_role_policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": \"*\"}]}"}`,
			`aws_iam_role {"assume_role_policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\":\"*\"}}]}"}`,
			`aws_iam_role {"assume_role_policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"Federated\": \"arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com\"}}]}"}`,
		},
	},
	"roles-bounded": {
		[]string{
			`aws_iam_role {"permissions_boundary": "arn:x"}`, `aws_iam_role {}`,
			`aws_iam_role {"permissions_boundary": "", "assume_role_policy": "token.actions.githubusercontent.com"}`,
		},
		[]string{`aws_iam_role {"permissions_boundary": null}`, `aws_iam_role {"permissions_boundary": ""}`},
	},
	"no-user": {[]string{`aws_iam_role {}`}, []string{`aws_iam_user {}`, `aws_iam_access_key {}`}},
	"tasks-confined": {
		[]string{tasks(nil)},
		[]string{
			tasks(func(c map[string]any) { c["readonlyRootFilesystem"] = false }), tasks(func(c map[string]any) { c["user"] = "root" }),
			tasks(func(c map[string]any) { c["privileged"] = true }),
			tasks(func(c map[string]any) { c["linuxParameters"] = map[string]any{"initProcessEnabled": true} }),
			`aws_ecs_task_definition {"container_definitions": "no JSON"}`,
		},
	},
	"tasks-drain": {[]string{tasks(nil)}, []string{tasks(func(c map[string]any) { c["stopTimeout"] = 5 })}},
	"images-by-digest": {
		[]string{tasks(nil), `aws_ecs_task_definition {}`},
		[]string{tasks(func(c map[string]any) { c["image"] = "registry.example/jari/userd:latest" })},
	},
	"logs-by-our-agent": {
		[]string{tasks(nil)},
		[]string{
			tasks(func(c map[string]any) { c["logConfiguration"] = map[string]any{"logDriver": "awslogs"} }),
			tasks(func(c map[string]any) { delete(c, "portMappings") }),
		},
	},
	"no-secret-in-plain-text": {
		[]string{tasks(nil), tasks(func(c map[string]any) {
			c["environment"] = []any{map[string]any{"name": "USER_ADMIN_DATABASE_URL", "value": "postgres://admin@db/postgres"}}
		})},
		[]string{
			tasks(func(c map[string]any) {
				c["environment"] = []any{map[string]any{"name": "USER_DATABASE_URL", "value": "postgres://"}}
			}),
			tasks(func(c map[string]any) {
				c["environment"] = []any{map[string]any{"name": "USER_DATABASE_URL", "value": "postgres://user:secret@db/users"}}
			}),
		},
	},
	"database-password": {
		[]string{
			`aws_db_instance {"manage_master_user_password": true}`, `aws_db_instance {"password_wo_version": 1}`,
			`aws_db_instance {"replicate_source_db": "arn:x"}`,
		},
		[]string{`aws_db_instance {}`, `aws_db_instance {"password": "secret"}`},
	},
	"tls-listener": {
		[]string{`aws_lb_listener {"protocol": "HTTPS", "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}`},
		[]string{`aws_lb_listener {"protocol": "HTTP"}`, `aws_lb_listener {"protocol": "HTTPS", "ssl_policy": "ELBSecurityPolicy-2016-08"}`},
	},
	"queues-encrypted": {
		[]string{`aws_sqs_queue {"kms_master_key_id": "arn:x"}`, `aws_sqs_queue {"kms_master_key_id": null, "sqs_managed_sse_enabled": true}`, `aws_sqs_queue {}`},
		[]string{`aws_sqs_queue {"kms_master_key_id": null}`, `aws_sqs_queue {"kms_master_key_id": null, "sqs_managed_sse_enabled": false}`},
	},
	"buckets-closed": {
		[]string{
			`aws_s3_bucket {}`, `aws_s3_bucket_public_access_block {}`, `aws_s3_bucket_server_side_encryption_configuration {}`,
			`aws_s3_bucket_versioning {}`, `aws_s3_bucket_policy {}`,
		},
		[]string{`aws_s3_bucket {}`},
	},
	"search-private": {
		[]string{`aws_opensearch_domain {"vpc_options": [{"security_group_ids": ["sg-1"]}]}`},
		[]string{`aws_opensearch_domain {"vpc_options": []}`, `aws_opensearch_domain {}`},
	},
	"edge-https": {
		[]string{`aws_cloudfront_distribution {"default_cache_behavior": [{"viewer_protocol_policy": "redirect-to-https"}],
			"ordered_cache_behavior": [{"viewer_protocol_policy": "https-only"}]}`},
		[]string{
			`aws_cloudfront_distribution {"default_cache_behavior": [{"viewer_protocol_policy": "allow-all"}]}`,
			`aws_cloudfront_distribution {"default_cache_behavior": [{"viewer_protocol_policy": "https-only"}],
			"ordered_cache_behavior": [{"viewer_protocol_policy": "allow-all"}]}`,
		},
	},
	"edge-limits": {
		[]string{`aws_wafv2_web_acl {"rule": [{"statement": [{"rate_based_statement": [{"limit": 100}]}]}]}`},
		[]string{`aws_wafv2_web_acl {"rule": []}`, `aws_wafv2_web_acl {"rule": [{"statement": [{"rate_based_statement": []}]}]}`},
	},
	"tagged": {
		[]string{`aws_sqs_queue {"tags_all": {"Project": "jari", "Environment": "prod"}}`, `aws_route {}`},
		[]string{`aws_sqs_queue {"tags_all": {"Project": "jari"}}`, `aws_sqs_queue {"tags_all": {}}`},
	},
}

// tasks is a task definition with one container, which change may break.
func tasks(change func(map[string]any)) string {
	c := map[string]any{
		"name": "user", "image": "registry.example/jari/userd@sha256:" + strings.Repeat("0", 64), "user": "65532", "readonlyRootFilesystem": true,
		"stopTimeout": 60, "portMappings": []any{map[string]any{"containerPort": 8080}}, "logConfiguration": map[string]any{"logDriver": "awsfirelens"},
	}
	if change != nil {
		change(c)
	}
	containers, _ := json.Marshal([]any{c})
	values, _ := json.Marshal(map[string]string{"container_definitions": string(containers)})
	return "aws_ecs_task_definition " + string(values)
}

func TestEachSpecialRuleFindsWhatBreaksIt(t *testing.T) {
	for _, rule := range special {
		f, ok := fixtures[rule.Name]
		if !ok || len(f.good) == 0 || len(f.broken) == 0 {
			t.Errorf("%s has no fixture", rule.Name)
		}
		read := func(text string) Resource {
			kind, values, _ := strings.Cut(text, " ")
			return resource(t, kind, values)
		}
		var good Plan
		for _, text := range f.good {
			good.Resources = append(good.Resources, read(text))
		}
		if found := rule.Check(good); len(found) > 0 {
			t.Errorf("%s: found %v", rule.Name, found)
		}
		if good.Met(rule) == 0 && rule.Name != "no-user" {
			t.Errorf("%s meets nothing of its fixture", rule.Name)
		}
		for _, text := range f.broken {
			if found := rule.Check(Plan{Resources: []Resource{read(text)}}); len(found) == 0 {
				t.Errorf("%s does not find %s", rule.Name, text)
			}
		}
	}
}

func TestTheRulesAreManyAndHaveNamesAndReasons(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if r.Name == "" || r.Why == "" || seen[r.Name] {
			t.Errorf("rule %q: %q", r.Name, r.Why)
		}
		seen[r.Name] = true
	}
	if len(seen) < 30 {
		t.Errorf("%d rules, at least 30 are wanted", len(seen))
	}
}

func TestReadsAPlanAndAState(t *testing.T) {
	const root = `{"root_module": {"resources": [{"address": "a.b", "mode": "managed", "type": "a", "values": {"x": [{"y": 1}]}},
		{"address": "data.c.d", "mode": "data", "type": "c"}],
		"child_modules": [{"child_modules": [{"resources": [{"address": "module.m.e.f", "mode": "managed", "type": "e"}]}]}]}}`
	for _, key := range []string{"planned_values", "values"} {
		p, err := Read(strings.NewReader(`{"` + key + `": ` + root + `}`))
		if err != nil || len(p.Resources) != 2 || p.Resources[1].Address != "module.m.e.f" {
			t.Errorf("%s: %+v, %v", key, p, err)
			continue
		}
		if n, ok := p.Of("a")[0].Number("x.0.y"); !ok || n != 1 || p.Of("a")[0].Get("x.1.y") != nil || p.Of("a")[0].Get("x.0.y.z") != nil {
			t.Errorf("x.0.y is %v, %t", n, ok)
		}
	}
	for _, text := range []string{"no JSON", "{}", `{"values": {"root_module": {}}}`} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}
