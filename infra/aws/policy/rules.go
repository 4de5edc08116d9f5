package policy

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Rules are all rules.
func Rules() (all []Rule) {
	for _, a := range attributes {
		all = append(all, a.rule())
	}
	return append(all, special...)
}

// special are the rules that look at more than one attribute.
var special = []Rule{
	{"no-open-port", "Nobody on the internet reaches a port of ours; CloudFront does, by its prefix list.",
		each("aws_vpc_security_group_ingress_rule", func(r Resource) string {
			if anywhere(r) {
				return "ingress from everywhere"
			}
			return ""
		})},
	{"egress-https-only", "A program that was broken into does not reach arbitrary ports.",
		each("aws_vpc_security_group_egress_rule", func(r Resource) string {
			from, _ := r.Number("from_port")
			to, _ := r.Number("to_port")
			if anywhere(r) && (from != 443 || to != 443 || r.Text("ip_protocol") != "tcp") {
				return fmt.Sprintf("egress to everywhere at %s %v to %v", r.Text("ip_protocol"), from, to)
			}
			return ""
		})},
	{"rules-of-their-own", "Rules within a group and beside it replace each other.",
		each("aws_security_group", func(r Resource) string {
			if len(r.List("ingress"))+len(r.List("egress")) > 0 {
				return "has rules of its own: use aws_vpc_security_group_…_rule"
			}
			return ""
		})},
	{"no-wildcard-action", "A role may do what it is for.", policies(func(s statement) string {
		for _, action := range s.Actions {
			if action == "*" || strings.HasSuffix(action, ":*") {
				return "allows " + action
			}
		}
		return ""
	})},
	{"no-wildcard-resource", "A role may use the resources that it is for.", policies(func(s statement) string {
		for _, action := range s.Actions {
			if slices.Contains(s.Resources, "*") && !withoutResource(action) && len(s.Condition) == 0 {
				return "allows " + action + " for every resource"
			}
		}
		return ""
	})},
	{"roles-trust-services", "Only the named service or repository can be a role.", each("aws_iam_role", func(r Resource) string {
		text := r.Text("assume_role_policy")
		if text == "" {
			return "" // known after apply
		}
		statements, err := decode(text)
		if err != nil {
			return err.Error()
		}
		for _, s := range statements {
			if s.Principal == "*" || strings.Contains(s.Principal, `"AWS":"*"`) {
				return "everybody may assume it"
			}
			if strings.Contains(s.Principal, "token.actions.githubusercontent.com") && !strings.Contains(string(s.Condition), ":sub") {
				return "every repository on GitHub may assume it"
			}
		}
		return ""
	})},
	{"roles-bounded", "The role of delivery may create roles, and no role that may do more than the boundary.",
		each("aws_iam_role", func(r Resource) string {
			_, known := r.Values["permissions_boundary"]
			// Those of delivery themselves are made by an administrator; with the boundary they could not apply anything.
			delivers := strings.Contains(r.Text("assume_role_policy"), "token.actions.githubusercontent.com")
			if known && r.Text("permissions_boundary") == "" && !delivers {
				return "has no permissions boundary"
			}
			return ""
		})},
	{"no-user", "Users have keys that last; people and workflows get roles.", func(p Plan) (all []Finding) {
		for _, kind := range []string{"aws_iam_user", "aws_iam_access_key"} {
			for _, r := range p.Of(kind) {
				all = append(all, Finding{Address: r.Address, What: "is a user or its key"})
			}
		}
		return all
	}},
	{"tasks-confined", "A program that was broken into can write nothing and is nobody.", containers(func(c container) string {
		switch {
		case !c.ReadOnly:
			return "its root file system can be written to"
		case c.User != "65532" && c.User != "65532:65532" && c.Firelens == nil:
			return fmt.Sprintf("runs as %q", c.User)
		case c.Privileged:
			return "is privileged"
		case c.Linux.Init:
			return "has an init process, which hides the crash guard's last line (decision 11)"
		}
		return ""
	})},
	{"tasks-drain", "A task ends its requests before it is killed.", containers(func(c container) string {
		if c.Firelens == nil && c.Service() && c.StopTimeout < 30 {
			return fmt.Sprintf("its stop timeout is %d s", c.StopTimeout)
		}
		return ""
	})},
	{"images-by-digest", "A task runs the image that was tested.", containers(func(c container) string {
		if !strings.Contains(c.Image, "@sha256:") {
			return "its image is " + c.Image
		}
		return ""
	})},
	{"logs-by-our-agent", "Lines reach OpenSearch, where alerts count them.", containers(func(c container) string {
		want := "awslogs" // a job ends, and has no agent beside it; the agent's own lines must not go through itself
		if c.Service() {
			want = "awsfirelens"
		}
		if c.Log.Driver != want {
			return fmt.Sprintf("its log driver is %q, %q is wanted", c.Log.Driver, want)
		}
		return ""
	})},
	{"no-secret-in-plain-text", "What a task definition says everybody with read access reads.", containers(func(c container) string {
		for _, v := range c.Environment {
			if secretName.MatchString(v.Name) && !withoutPassword(v.Value) {
				return v.Name + " is plain text"
			}
		}
		return ""
	})},
	{"database-password", "No password of the master user is in the state.", each("aws_db_instance", func(r Resource) string {
		_, writeOnly := r.Number("password_wo_version") // RDS copies no instance whose password it keeps itself
		if r.Get("manage_master_user_password") != true && !writeOnly && r.Text("replicate_source_db") == "" {
			return "its password is neither kept by RDS nor write-only"
		}
		return ""
	})},
	{"tls-listener", "Nothing is answered without TLS.", each("aws_lb_listener", func(r Resource) string {
		if r.Text("protocol") != "HTTPS" || !strings.HasPrefix(r.Text("ssl_policy"), "ELBSecurityPolicy-TLS13") {
			return fmt.Sprintf("%s with %q", r.Text("protocol"), r.Text("ssl_policy"))
		}
		return ""
	})},
	{"queues-encrypted", "Records of failures have restaurants in them.", each("aws_sqs_queue", func(r Resource) string {
		key, known := r.Values["kms_master_key_id"] // not known: it is a key that is made, too
		if r.Get("sqs_managed_sse_enabled") != true && known && (key == nil || key == "") {
			return "is not encrypted"
		}
		return ""
	})},
	{"buckets-closed", "Each bucket has what makes it private, encrypted and versioned.", func(p Plan) (all []Finding) {
		buckets := p.Of("aws_s3_bucket")
		p.meet(len(buckets))
		for _, kind := range []string{
			"aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration", "aws_s3_bucket_versioning", "aws_s3_bucket_policy",
		} {
			if n := len(p.Of(kind)); n < len(buckets) {
				all = append(all, Finding{Address: kind, What: fmt.Sprintf("%d for %d buckets", n, len(buckets))})
			}
		}
		return all
	}},
	{"search-private", "Nobody on the internet reaches the domain, whose access policy leaves the decision to its users.",
		each("aws_opensearch_domain", func(r Resource) string {
			if len(r.List("vpc_options")) == 0 {
				return "is in no VPC"
			}
			return ""
		})},
	{"edge-https", "A viewer's request is never in plain text.", each("aws_cloudfront_distribution", func(r Resource) string {
		for i := -1; i < len(r.List("ordered_cache_behavior")); i++ {
			path := "default_cache_behavior.0"
			if i >= 0 {
				path = fmt.Sprintf("ordered_cache_behavior.%d", i)
			}
			if p := r.Text(path + ".viewer_protocol_policy"); p != "redirect-to-https" && p != "https-only" {
				return path + " is " + p
			}
		}
		return ""
	})},
	{"edge-limits", "Clients that send too much are refused at the edge.", each("aws_wafv2_web_acl", func(r Resource) string {
		text, _ := json.Marshal(r.Get("rule"))
		if !strings.Contains(string(text), `"rate_based_statement":[{`) {
			return "has no rule about rates"
		}
		return ""
	})},
	{"tagged", "Costs and owners are known.", func(p Plan) (all []Finding) {
		for _, r := range p.Resources {
			tags, has := r.Values["tags_all"].(map[string]any)
			if has {
				p.meet(1)
			}
			if has && (tags["Project"] == nil || tags["Environment"] == nil) {
				all = append(all, Finding{Address: r.Address, What: "has no tag Project or Environment"})
			}
		}
		return all
	}},
}

// secretName are names of variables whose value is one.
var secretName = regexp.MustCompile(`(PASSWORD|_TOKEN|_KEY|_SECRET|SIGNING|DATABASE_URL|REDIS_URL)$`)

// withoutPassword reports whether a text is a URL that names a user and has no password.
func withoutPassword(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return false
	}
	_, has := u.User.Password()
	return !has
}

// anywhere reports whether a rule is about every address.
func anywhere(r Resource) bool {
	return r.Text("cidr_ipv4") == "0.0.0.0/0" || r.Text("cidr_ipv6") == "::/0"
}
