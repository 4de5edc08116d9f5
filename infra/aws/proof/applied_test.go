package proof

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"jari.example/infra/aws/emulator"
	"jari.example/infra/aws/policy"
	"jari.example/telemetry/names/realpart"
)

var full = flag.Bool("full", false, "apply both regions, with OpenSearch's domains (half an hour)")

// tolerated are the differences of a second plan that are the emulator's.
var tolerated = []struct {
	kinds, attributes []string
	reason            string
}{
	{
		[]string{"aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"}, []string{"description"},
		"moto forgets the descriptions of rules",
	},
	{[]string{"aws_lambda_function"}, []string{"kms_key_arn"}, "moto does not return the key"},
	{
		[]string{"aws_db_instance"}, []string{
			"monitoring_interval", "monitoring_role_arn",
			"performance_insights_enabled", "performance_insights_kms_key_id", "performance_insights_retention_period",
		}, "moto does not return what observes a database",
	},
	{[]string{"aws_db_parameter_group"}, []string{"parameter"}, "moto does not return how parameters are applied"},
	{
		[]string{"aws_ecs_service"}, []string{"availability_zone_rebalancing", "health_check_grace_period_seconds"},
		"moto does not return these settings of a service",
	},
	{[]string{"aws_instance"}, []string{"vpc_security_group_ids"}, "moto returns the groups of an instance's interface only"},
}

const maxTolerated = 6

// reasonOf is why a difference is tolerated; "": it is not.
func reasonOf(d drift) string {
	for _, t := range tolerated {
		if slices.Contains(t.kinds, d.kind) && slices.Contains(t.attributes, d.attribute) {
			return t.reason
		}
	}
	return ""
}

// unexpected are the differences that are not tolerated, as text.
func unexpected(found map[drift][]string) (all []string) {
	for d, addresses := range found {
		if reasonOf(d) == "" {
			all = append(all, fmt.Sprintf("%s.%s of %d: %s", d.kind, d.attribute, len(addresses), addresses[0]))
		}
	}
	slices.Sort(all)
	return all
}

// unprotected are the rules that a state without deletion_protection cannot follow. The plans of
// production do.
var unprotected = []string{"database-protected", "database-final-snapshot", "catalogue-protected", "load-balancer-protected"}

// withoutSubject are the rules that meet nothing in the states: there is no user, and without -full no
// domain of OpenSearch, which the plans have.
func withoutSubject(rule string) bool {
	return rule == "no-user" || strings.HasPrefix(rule, "search-") && !*full
}

// unmet are the rules that met nothing in all of these.
func unmet(plans ...policy.Plan) (names []string) {
	for _, rule := range policy.Rules() {
		n := 0
		for _, p := range plans {
			n += p.Met(rule)
		}
		if n == 0 && !withoutSubject(rule.Name) {
			names = append(names, rule.Name)
		}
	}
	return names
}

// emulated lets the workspace use an emulator of its own in front of moto, and returns its URL. asked
// gets what Terraform asks it to do.
func (w workspace) emulated(t *testing.T, asked *asked) (workspace, string) {
	t.Helper()
	moto, err := url.Parse(realpart.Need(t, realpart.AWS))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(emulator.New(moto, asked.add))
	t.Cleanup(server.Close)
	w.env = append(slices.Clone(w.env), "AWS_ENDPOINT_URL="+server.URL, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_S3_USE_PATH_STYLE=true", "TF_VAR_max_retries=2", "TF_VAR_deletion_protection=false",
		// The content of a key-value store has a host of the account's name, which no resolver knows.
		"HTTP_PROXY="+server.URL, "NO_PROXY=127.0.0.1,localhost",
		"TF_VAR_origin_secret="+originSecret, "TF_VAR_origin_secrets="+fmt.Sprintf("[%q]", originSecret))
	return w, server.URL
}

var originSecret = strings.Repeat("0123456789abcdef", 2)

// request calls the emulator as a service in a region, and returns the body. A call with a
// target is one of a JSON protocol, another one with a body is one of the query protocol.
func request(t *testing.T, method, url, service, region, target, body string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=test/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", region, service))
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	} else if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode/100 != 2 {
		t.Errorf("%s %s %s %.200s: %s: %.300s, %v", method, url, target, body, response.Status, text, err)
	}
	return string(text)
}

// The provider waits minutes for databases and for the distribution, so that the stacks are applied
// side by side, as soon as the zone exists that they share.
func TestTheEmulatorTakesTheStacks(t *testing.T) {
	if os.Getenv("JARI_TEST_APPLY") == "" {
		t.Skip("applies for minutes what the other tests plan: `make test-aws` does")
	}
	t.Parallel()
	var asked asked
	w, url := newWorkspace(t).emulated(t, &asked)
	const bucket = "jari-terraform-state-123456789012"
	request(t, http.MethodPut, url+"/"+bucket, "s3", "us-east-1", "", "")
	global := w.stack(t, "stacks/global", []string{"-backend-config=envs/prod.s3.tfbackend"}, "-var-file=envs/prod.tfvars")
	global.apply(t, "-target=aws_route53_zone.this")
	var zone string
	global.output(t, "zone_id", &zone)
	labels := []string{"us", "kr"} // a copy goes before its source
	if !*full {
		labels = labels[1:]
	}
	regions := map[string]stack{}
	var state, kr policy.Plan // of global, and of a region
	for _, label := range labels {
		regions[label] = region(t, w.env, label, zone)
	}
	if *full {
		regions["kr"].apply(t, `-target=module.rds["users"]`) // us copies it
	}
	if !t.Run("apply", func(t *testing.T) {
		t.Run("global", func(t *testing.T) {
			t.Parallel()
			global.apply(t)
			state = global.check(t)
			smokeOfEdge(t, url)
			reportDrift(t, global)
		})
		for label, s := range regions {
			t.Run(label, func(t *testing.T) {
				t.Parallel()
				if p := s.prove(t, url, label); label == "kr" {
					kr = p
				}
			})
		}
	}) {
		t.FailNow()
	}
	if keys := request(t, http.MethodGet, url+"/"+bucket+"?list-type=2", "s3", "us-east-1", "", ""); !strings.Contains(keys, "prod/global.tfstate<") ||
		!strings.Contains(keys, "prod/kr.tfstate<") || strings.Contains(keys, ".tflock") {
		t.Errorf("the bucket of the states has %s", keys)
	}
	for _, rule := range unmet(kr, state) {
		t.Errorf("the rule %s met nothing in both states", rule)
	}
	plan, apply := deliveryActions(t, state)
	actions := asked.take()
	t.Run("pull request", func(t *testing.T) {
		for name, s := range map[string]stack{"global": global, "kr": regions["kr"]} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s.planOfPullRequest(t)
			})
		}
	})
	if all := asked.take(); len(all) < 3 || len(refused(all, plan)) > 0 {
		t.Errorf("of the actions of a pull request's plan, %q, the role plan may not do %q", all, refused(all, plan))
	}
	t.Run("destroy", func(t *testing.T) {
		t.Run("regions", func(t *testing.T) {
			t.Parallel()
			for _, label := range labels {
				regions[label].apply(t, "-destroy")
			}
		})
		t.Run("edge", func(t *testing.T) {
			t.Parallel()
			global.apply(t, "-destroy", "-target=module.edge")
		})
	})
	global.apply(t, "-destroy")
	if all := append(actions, asked.take()...); len(all) < 200 || len(refused(all, append(apply, administrator...))) > 0 {
		t.Errorf("of %d actions the role apply may not do %q", len(all), refused(all, append(apply, administrator...)))
	}
}

// prove applies a region, compares its state with the rules and with calls.json, and reads it back.
func (s stack) prove(t *testing.T, url, label string) policy.Plan {
	t.Helper()
	s.apply(t)
	p := s.check(t)
	if len(p.Resources) < 400 {
		t.Errorf("%s has %d resources only", label, len(p.Resources))
	}
	roles := allowed(t, p, "jari-prod-"+label)
	if len(roles) < 6 {
		t.Errorf("the programs with a role are %v", roles)
	}
	for _, what := range differences(roles, table(t)) {
		t.Error(what)
	}
	smoke(t, url, p)
	reportDrift(t, s)
	return p
}

// smokeOfEdge compares the published functions with their files.
func smokeOfEdge(t *testing.T, url string) {
	t.Helper()
	for _, name := range []string{"viewer-request", "page-request"} {
		want, err := os.ReadFile(filepath.Join("..", "..", "edge", name+".js"))
		if err != nil {
			t.Fatal(err)
		}
		if got := request(t, http.MethodGet, url+"/2020-05-31/function/jari-prod-"+name+"?Stage=LIVE", "cloudfront", "us-east-1", "", ""); got != string(want) {
			t.Errorf("the published function %s differs from its file", name)
		}
	}
}

// region is the stack of a region in a workspace of its own, since a root has one state at a time.
func region(t *testing.T, env []string, label, zone string) stack {
	t.Helper()
	w := newWorkspace(t)
	w.env = env
	args := []string{"-var-file=../../envs/prod-" + label + ".tfvars", "-var-file=../../envs/release.example.tfvars", "-var=zone_id=" + zone}
	if !*full {
		args = append(args, "-var=search=null") // the provider waits ten minutes for a domain
	}
	return w.stack(t, "stacks/region", []string{"-backend-config=../../envs/prod-" + label + ".s3.tfbackend"}, args...)
}

func reportDrift(t *testing.T, s stack) {
	t.Helper()
	found := s.drifts(t)
	for _, what := range unexpected(found) {
		t.Errorf("a second plan of %s changes %s", s.root, what)
	}
	for d, addresses := range found {
		t.Logf("second plan of %s: %s.%s of %d: %s", s.root, d.kind, d.attribute, len(addresses), reasonOf(d))
	}
}

// smoke reads back what the programs will need.
func smoke(t *testing.T, url string, p policy.Plan) {
	t.Helper()
	region := strings.Split(p.Of("aws_lambda_function")[0].Text("arn"), ":")[3]
	for _, r := range p.Of("aws_ssm_parameter") {
		request(t, http.MethodPost, url, "ssm", region, "AmazonSSM.GetParameter", fmt.Sprintf(`{"Name":%q,"WithDecryption":true}`, r.Text("name")))
	}
	for _, r := range p.Of("aws_secretsmanager_secret_version") {
		request(t, http.MethodPost, url, "secretsmanager", region, "secretsmanager.GetSecretValue", fmt.Sprintf(`{"SecretId":%q}`, r.Text("secret_id")))
	}
	for _, r := range p.Of("aws_dynamodb_table") {
		out := request(t, http.MethodPost, url, "dynamodb", region, "DynamoDB_20120810.DescribeTable", fmt.Sprintf(`{"TableName":%q}`, r.Text("name")))
		if !strings.Contains(out, `"LatestStreamArn"`) {
			t.Errorf("the table %s has no stream: %.500s", r.Text("name"), out)
		}
	}
	for _, r := range p.Of("aws_lambda_function") {
		request(t, http.MethodGet, url+"/2015-03-31/functions/"+r.Text("function_name"), "lambda", region, "", "")
	}
	roles := p.Of("aws_iam_role")
	if len(roles) < 12 { // two for each service
		t.Errorf("there are %d roles only", len(roles))
	}
	for _, r := range roles {
		body := "Action=AssumeRole&Version=2011-06-15&RoleSessionName=test&RoleArn=" + r.Text("arn")
		if out := request(t, http.MethodPost, url, "sts", region, "", body); !strings.Contains(out, "AccessKeyId") {
			t.Errorf("the role %s cannot be assumed: %.300s", r.Text("name"), out)
		}
	}
}

func TestEachToleratedDriftHasItsReason(t *testing.T) {
	if len(tolerated) > maxTolerated {
		t.Errorf("%d differences are tolerated, at most %d are wanted", len(tolerated), maxTolerated)
	}
	for _, one := range tolerated {
		if one.reason == "" {
			t.Errorf("%v has no reason", one.kinds)
		}
	}
	got := unexpected(map[drift][]string{{"aws_lambda_function", "kms_key_arn"}: {"a"}, {"aws_lambda_function", "role"}: {"b", "c"}})
	if want := []string{"aws_lambda_function.role of 2: b"}; !slices.Equal(got, want) {
		t.Errorf("unexpected are %q", got)
	}
}
