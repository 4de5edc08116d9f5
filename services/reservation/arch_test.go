package reservation_test

import (
	"slices"
	"strings"
	"testing"

	"jari.example/internal/archtest"
)

const root = "jari.example/services/reservation"

// testSupport is imported by tests only.
var testSupport = []string{"storetest/...", "lineartest/..."}

// layers is who may import whom: a package imports its own layer and those below.
// services/arch_test.go has the rules for all services, such as what the domain
// must not depend on, and infra/rules the most files of a package.
var layers = within(root, archtest.Layers{
	{"cmd/...", "strategies/cmd/..."},
	{"daemon"}, // assembles the parts
	testSupport,
	{"postgres", "inmem", "userhttp", "notificationhttp", "strategies"}, // adapters
	{"httpapi"},
	{"app"}, // use cases
	{"observe"},
	{"outbox", "jobs"},
	{"."}, // the domain
	{"schedule"},
})

// within makes the patterns of layers full import paths.
func within(root string, layers archtest.Layers) (full archtest.Layers) {
	for _, layer := range layers {
		var patterns []string
		for _, pattern := range layer {
			patterns = append(patterns, strings.TrimSuffix(root+"/"+pattern, "/."))
		}
		full = append(full, patterns)
	}
	return full
}

var rules = []archtest.Rule{
	layers.Rule(true),
	{
		Why:        "the service does not contain its test support: only tests import it",
		Production: true,
		Forbidden:  func(from, to string) bool { return isTestSupport(to) && !isTestSupport(from) },
	},
}

func isTestSupport(pkg string) bool {
	return slices.ContainsFunc(testSupport, func(pattern string) bool {
		return archtest.Within(pkg, root+"/"+strings.TrimSuffix(pattern, "/..."))
	})
}

func TestPackagesImportInwardOnly(t *testing.T) {
	edges, err := archtest.Imports(".", root, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(edges) < 200 {
		t.Fatalf("found only %d imports: the test looks in the wrong place", len(edges))
	}
	for _, finding := range archtest.Check(edges, rules) {
		t.Error(finding)
	}
	for _, p := range layers.Missing(edges, root) {
		t.Errorf("%s is in no layer: give it a place in arch_test.go", p)
	}
}

func TestDetectsImportsThatLeadOutward(t *testing.T) {
	const domain, cmd = root, root + "/cmd/reservationd"
	for _, e := range []archtest.Edge{
		{From: domain, To: root + "/postgres", File: "x.go"},
		{From: domain, To: root + "/outbox", File: "x.go"},
		{From: root + "/schedule", To: domain, File: "x.go"},
		{From: root + "/jobs", To: root + "/observe", File: "x.go"},
		{From: root + "/observe", To: root + "/app", File: "x.go"},
		{From: root + "/app", To: root + "/httpapi", File: "x.go"},
		{From: root + "/httpapi", To: root + "/inmem", File: "x.go"},
		{From: root + "/postgres", To: root + "/daemon", File: "x.go"},
		{From: root + "/daemon", To: root + "/strategies/cmd/benchreservationd", File: "x.go"},
		{From: root + "/inmem", To: root + "/storetest", File: "x.go"},
		{From: root + "/daemon", To: root + "/storetest", File: "x.go"},
		{From: cmd, To: root + "/lineartest", File: "x.go"},
		{From: root + "/storetest", To: root + "/daemon", File: "x.go"},
	} {
		if len(archtest.Check([]archtest.Edge{e}, rules)) == 0 {
			t.Errorf("no rule forbids %s → %s", e.From, e.To)
		}
	}
	for _, e := range []archtest.Edge{
		{From: cmd, To: root + "/daemon", File: "x.go"},
		{From: root + "/postgres", To: domain, File: "x.go"},
		{From: root + "/lineartest", To: root + "/httpapi", File: "x.go"},
		{From: root + "/inmem", To: root + "/storetest", File: "x_test.go"},
		{From: domain, To: root + "/app", File: "x_test.go"},
	} {
		if findings := archtest.Check([]archtest.Edge{e}, rules); len(findings) > 0 {
			t.Errorf("an allowed import is reported: %v", findings)
		}
	}
	if missing := layers.Missing([]archtest.Edge{{From: root + "/new"}}, root); len(missing) != 1 {
		t.Errorf("a package without a layer is not reported: %v", missing)
	}
}
