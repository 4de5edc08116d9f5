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
	"sync"
	"testing"
	"time"

	"jari.example/infra/aws/emulator"
	"jari.example/infra/aws/policy"
	"jari.example/telemetry/names/realpart"
)

var full = flag.Bool("full", false, "apply both regions, with OpenSearch's domains (half an hour)")

// tolerated are the differences of a second plan that are the emulator's, each with its reason.
var tolerated = map[drift]string{
	{"aws_vpc_security_group_ingress_rule", "description"}: "moto forgets the descriptions of rules",
	{"aws_vpc_security_group_egress_rule", "description"}:  "moto forgets the descriptions of rules",
	{"aws_lambda_function", "kms_key_arn"}:                 "moto does not return the key",
	{"aws_db_parameter_group", "parameter"}:                "moto does not return how parameters are applied",
	{"aws_instance", "vpc_security_group_ids"}:             "moto returns the groups of an instance's interface only",
}

const maxTolerated = 6

// occurred are the drifts of all stacks: one that is tolerated and does not occur needs no tolerance.
var occurred sync.Map

// unexpected are the differences that are not tolerated, as text.
func unexpected(found map[drift][]string) (all []string) {
	for d, addresses := range found {
		if tolerated[d] == "" {
			all = append(all, fmt.Sprintf("%s.%s of %d: %s", d.kind, d.attribute, len(addresses), addresses[0]))
		}
	}
	slices.Sort(all)
	return all
}

// unprotected are the rules that a state without deletion_protection cannot follow. The plans of
// production do.
var unprotected = []string{"database-protected", "database-final-snapshot", "catalogue-protected", "load-balancer-protected"}

// notInState are the rules that a state cannot follow, because of its variables.
func notInState(rule string) bool {
	return slices.Contains(unprotected, rule) || rule == "database-authority" && !*full
}

// withoutSubject are the rules that meet nothing in the states: there is no user, and without -full no
// domain of OpenSearch, which the plans have.
func withoutSubject(rule string) bool {
	return rule == "no-user" || strings.HasPrefix(rule, "search-") && !*full
}

// unmet are the rules that met nothing in all of these, less those that cannot.
func unmet(cannot func(rule string) bool, plans ...policy.Plan) (names []string) {
	for _, rule := range policy.Rules() {
		n := 0
		for _, p := range plans {
			n += p.Met(rule)
		}
		if n == 0 && !cannot(rule.Name) {
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
	w.env = append(slices.Clone(w.env), "AWS_ENDPOINT_URL="+server.URL, "AWS_ACCESS_KEY_ID="+applier, "AWS_SECRET_ACCESS_KEY=test",
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
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=smoke/20260101/%s/%s/aws4_request, SignedHeaders=host, Signature=0", region, service))
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

// The access keys that Terraform signs with, by which the emulator tells its requests apart, also from
// those of the test itself.
const (
	applier = "test"
	planner = "plan"
)

// The provider waits minutes for databases and for the distribution, so that the stacks are applied
// and destroyed side by side, as soon as the zone exists that they share.
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
	kr := region(t, w.env, "kr", zone)
	var state, stateOfKR policy.Plan
	copied := make(chan struct{}) // closed when no database of kr has a copy
	t.Run("side by side", func(t *testing.T) {
		if *full {
			us := region(t, w.env, "us", zone)
			kr.apply(t, `-target=module.rds["users"]`) // us copies it
			t.Run("us", func(t *testing.T) {
				t.Parallel()
				defer close(copied)
				us.prove(t, url, "us")
				us.destroy(t)
			})
		} else {
			close(copied)
		}
		t.Run("kr", func(t *testing.T) {
			t.Parallel()
			stateOfKR = kr.prove(t, url, "kr")
			<-copied
			kr.destroy(t)
		})
		t.Run("global", func(t *testing.T) {
			t.Parallel()
			global.apply(t)
			state = global.check(t)
			smokeOfEdge(t, url)
			global.planAgain(t)
			global.destroy(t, "-target=module.edge", "-target=aws_route53_record.caa") // the zone has records of the regions
		})
	})
	if len(state.Resources) == 0 || len(stateOfKR.Resources) == 0 {
		t.FailNow() // one was not applied
	}
	global.destroy(t)
	if keys := request(t, http.MethodGet, url+"/"+bucket+"?list-type=2", "s3", "us-east-1", "", ""); !strings.Contains(keys, "prod/global.tfstate<") ||
		!strings.Contains(keys, "prod/kr.tfstate<") || strings.Contains(keys, ".tflock") {
		t.Errorf("the bucket of the states has %s", keys)
	}
	for d := range tolerated {
		if _, did := occurred.Load(d); !did {
			t.Errorf("no second plan changes %v: it needs no tolerance", d)
		}
	}
	for _, rule := range unmet(withoutSubject, stateOfKR, state) {
		t.Errorf("the rule %s met nothing in both states", rule)
	}
	plan, apply := deliveryActions(t, state)
	if all := asked.by(planner); len(all) < 3 || len(refused(all, plan)) > 0 {
		t.Errorf("of the actions of a pull request's plan, %q, the role plan may not do %q", all, refused(all, plan))
	}
	if all := asked.by(applier); len(all) < 200 || len(refused(all, append(apply, administrator...))) > 0 {
		t.Errorf("of %d actions the role apply may not do %q", len(all), refused(all, append(apply, administrator...)))
	}
}

// prove applies a region, compares its state with the rules and with calls.json, reads it back, and
// plans it again.
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
	s.planAgain(t)
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

// withoutWaits are variables for which the provider waits less: ten minutes for a domain, and 80 seconds
// to modify new databases.
const withoutWaits = "search = null\ncertificate_authority = null\n"

// drop is a drop as `jarictl drops plan -output json` writes it.
const drop = `{"scheduled_capacity":{"gateway":[{"name":"drop-test","at":"%s","min":4,"max":24}]}}`

// region is the stack of a region in a workspace of its own, since a root has one state at a time.
func region(t *testing.T, env []string, label, zone string) stack {
	t.Helper()
	w := newWorkspace(t)
	w.env = env
	args := []string{"-var-file=../../envs/prod-" + label + ".tfvars", "-var-file=../../envs/release.example.tfvars", "-var=zone_id=" + zone}
	add := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(w.dir, "stacks/region", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-var-file="+name)
	}
	add("drops.tfvars.json", fmt.Sprintf(drop, time.Now().Add(48*time.Hour).UTC().Format("2006-01-02T15:04:05")))
	if !*full {
		add("quick.tfvars", withoutWaits) // on the command line null would be a text
	}
	return w.stack(t, "stacks/region", []string{"-backend-config=../../envs/prod-" + label + ".s3.tfbackend"}, args...)
}

// planAgain makes a second plan and that of a pull request.
func (s stack) planAgain(t *testing.T) {
	t.Helper()
	t.Run("planned again", func(t *testing.T) {
		t.Run("second", func(t *testing.T) {
			t.Parallel()
			s.reportDrift(t)
		})
		t.Run("of a pull request", func(t *testing.T) {
			t.Parallel()
			s.planOfPullRequest(t)
		})
	})
}

func (s stack) reportDrift(t *testing.T) {
	t.Helper()
	found := s.drifts(t)
	for _, what := range unexpected(found) {
		t.Errorf("a second plan of %s changes %s", s.root, what)
	}
	for d, addresses := range found {
		occurred.Store(d, true)
		t.Logf("second plan of %s: %s.%s of %d: %s", s.root, d.kind, d.attribute, len(addresses), tolerated[d])
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

func TestADriftThatIsNotToleratedIsFound(t *testing.T) {
	if len(tolerated) > maxTolerated {
		t.Errorf("%d differences are tolerated, at most %d are wanted", len(tolerated), maxTolerated)
	}
	for d, reason := range tolerated {
		if reason == "" {
			t.Errorf("%v has no reason", d)
		}
	}
	got := unexpected(map[drift][]string{{"aws_lambda_function", "kms_key_arn"}: {"a"}, {"aws_lambda_function", "role"}: {"b", "c"}})
	if want := []string{"aws_lambda_function.role of 2: b"}; !slices.Equal(got, want) {
		t.Errorf("unexpected are %q", got)
	}
}
