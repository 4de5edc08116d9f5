// Package alerting_test holds the rules for imports inside this module.
package alerting_test

import (
	"slices"
	"testing"

	"jari.example/internal/archtest"
)

// channels are the packages that implement notify.Notifier.
var channels = []string{"slack"}

// forbid returns the rule that the packages from do not import the packages to,
// in tests neither. All are relative to the module.
func forbid(why string, from, to []string) archtest.Rule {
	return archtest.Rule{Why: why, Forbidden: func(f, t string) bool {
		return slices.Contains(from, f) && slices.ContainsFunc(to, func(tree string) bool { return archtest.Within(t, tree) })
	}}
}

var rules = []archtest.Rule{
	forbid("a store knows no channel: use the types of notify and incident",
		[]string{"postgres", "inmem", "storetest"}, channels),
	forbid("what detects incidents knows neither how they are delivered nor where they are stored",
		[]string{"slo", "spec", "indicator", "evaluate", "incident"}, append([]string{"notify", "postgres"}, channels...)),
	forbid("the relay knows no channel: main gives it a Notifier",
		[]string{"notify"}, append([]string{"postgres"}, channels...)),
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
	} {
		if len(archtest.Check([]archtest.Edge{e}, rules)) == 0 {
			t.Errorf("%s may import %s", e.From, e.To)
		}
	}
	for _, e := range []archtest.Edge{
		{From: "postgres", To: "notify"}, {From: "slack", To: "notify"}, {From: "cmd/alertingd", To: "slack"},
		{From: "incident", To: "evaluate"},
	} {
		if findings := archtest.Check([]archtest.Edge{e}, rules); len(findings) > 0 {
			t.Errorf("an allowed import is reported: %v", findings)
		}
	}
}
