// Package alerting_test holds the rules for imports inside this module.
package alerting_test

import (
	"slices"
	"testing"

	"jari.example/internal/archtest"
)

// channels are the packages that implement notify.Notifier.
var channels = []string{"slack", "mail"}

// forbid returns the rule that the packages from do not import the packages to,
// in tests neither. All are relative to the module.
func forbid(why string, from, to []string) archtest.Rule {
	return archtest.Rule{Why: why, Forbidden: func(f, t string) bool {
		return slices.Contains(from, f) && slices.ContainsFunc(to, func(tree string) bool { return archtest.Within(t, tree) })
	}}
}

// core are the packages that read, count and evaluate rules.
// infra/rules checks that slo imports the standard library alone.
var core = []string{"slo", "oncall", "spec", "count", "count/counttest", "indicator", "evaluate", "incident"}

// offline are the packages that try rules without a system, in addition to core.
var offline = []string{"replay", "slotest", "starter", "runbook", "slos", "nearest"}

// network are the packages that reach other systems.
var network = []string{
	"net", "github.com/jackc", "github.com/opensearch-project", "github.com/slack-go", "postgres", "indicator", "slack", "notify", "ask",
}

var rules = []archtest.Rule{
	forbid("a store knows no channel: use the types of notify and incident",
		[]string{"postgres", "inmem", "storetest"}, channels),
	forbid("what detects incidents knows neither how they are delivered nor where they are stored",
		core, append([]string{"notify", "postgres"}, channels...)),
	forbid("the relay knows no channel: main gives it a Notifier",
		[]string{"notify"}, append([]string{"postgres"}, channels...)),
	forbid("what a message says belongs to no medium: a notifier turns the lines of wording into its own format",
		[]string{"wording"}, append([]string{"postgres", "github.com/slack-go"}, channels...)),
	forbid("a test file is evaluated without a system: give it stored or recorded counts", offline, network),
	forbid("queries and runbooks are read and checked without a system: package ask sends requests", []string{"query", "expect", "runbook"},
		[]string{"github.com/jackc", "github.com/opensearch-project", "postgres", "indicator", "slack", "notify", "ask"}),
	{
		Why: "rules name the fields of any documents: take a field from the rule's DataSource, " +
			"and let slos/vocabularygen write the names of ours into the vocabulary",
		Production: true,
		Forbidden: func(from, to string) bool {
			return to == "jari.example/telemetry/names" && slices.Contains(slices.Concat(core, offline), from)
		},
	},
}

func TestImports(t *testing.T) {
	edges, err := archtest.Imports(".", "", "jari.example/alerting/")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][2]string{{"postgres", "notify"}, {"slack", "notify"}} {
		if !slices.ContainsFunc(edges, func(e archtest.Edge) bool { return e.From == want[0] && e.To == want[1] }) {
			t.Errorf("the import of %s by %s was not found: the test reads the wrong files", want[1], want[0])
		}
	}
	for _, finding := range archtest.Check(edges, rules) {
		t.Error(finding)
	}
}

func TestDetectsForbiddenImports(t *testing.T) {
	for _, e := range []archtest.Edge{
		{From: "postgres", To: "slack"}, {From: "inmem", To: "slack"}, {From: "storetest", To: "slack/slacktest"},
		{From: "incident", To: "notify"}, {From: "evaluate", To: "postgres"}, {From: "notify", To: "slack"},
		{From: "spec", To: "slack"}, {From: "wording", To: "slack"}, {From: "notify", To: "mail"}, {From: "count", To: "postgres"},
		{From: "indicator", To: "jari.example/telemetry/names"}, {From: "starter", To: "jari.example/telemetry/names"},
		{From: "replay", To: "net/http"}, {From: "query", To: "ask"}, {From: "runbook", To: "ask"},
		{From: "expect", To: "github.com/jackc/pgx/v5"}, {From: "runbook", To: "net/http"}, {From: "slotest", To: "postgres"}, {From: "starter", To: "indicator/indicatortest"},
	} {
		if len(archtest.Check([]archtest.Edge{e}, rules)) == 0 {
			t.Errorf("%s may import %s", e.From, e.To)
		}
	}
	for _, e := range []archtest.Edge{
		{From: "postgres", To: "notify"}, {From: "slack", To: "notify"}, {From: "slack", To: "wording"}, {From: "cmd/alertingd", To: "slack"},
		{From: "incident", To: "evaluate"}, {From: "indicator", To: "github.com/opensearch-project/opensearch-go/v4"},
		{From: "slos/vocabularygen", To: "jari.example/telemetry/names"}, {From: "cmd/alertingd", To: "jari.example/telemetry/names"},
		{From: "replay", To: "evaluate"}, {From: "slotest", To: "spec"}, {From: "query", To: "jari.example/telemetry/names"},
		{From: "ask", To: "github.com/jackc/pgx/v5"}, {From: "cmd/jarictl", To: "ask"},
	} {
		if findings := archtest.Check([]archtest.Edge{e}, rules); len(findings) > 0 {
			t.Errorf("an allowed import is reported: %v", findings)
		}
	}
}
