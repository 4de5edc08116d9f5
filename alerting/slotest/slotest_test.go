package slotest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/alerting/slo"
	"jari.example/alerting/spec"
)

// shop are the rules of the example.
func shop(t *testing.T) slo.Set {
	t.Helper()
	set, err := spec.Load(os.DirFS("testdata/rules"))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestTheExampleOfTheDocumentationIsMet(t *testing.T) {
	f, err := Load("testdata/example.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Run(t.Context(), shop(t)); err != nil {
		t.Error(err)
	}
}

// file is a test file about checkouts with these series and expectations.
func file(t *testing.T, series, expect string) File {
	t.Helper()
	f, err := parse([]byte("apiVersion: jari.example/v1\nkind: SeriesTest\nmetadata: {name: checkout-availability}\nspec:\n  tests:\n" +
		"  - name: case\n    series:\n    - " + series + "\n    expect:\n    - " + expect + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	f.path = "checkout-availability.test.yaml"
	return f
}

const (
	outage  = `{good: "50x60 0x10 50x50", bad: "0x60 50x10"}` // page from 1h1m to 1h40m
	silence = `{rule: worker-silent, events: "1x30"}`
)

func TestSaysAtWhichMinuteWhatWasExpectedAndFound(t *testing.T) {
	for name, c := range map[string]struct{ series, expect, want string }{
		"an incident that does not open": {`{good: "50x20"}`, "{at: 15m, state: page}",
			"line 10: checkout-availability at 15m: expected state page, found none\n    no incident was opened"},
		"an incident that must not open": {outage, "{during: all, state: none}",
			"checkout-availability at 1h1m: expected state none, found page"},
		"an incident that ends too early": {outage, "{at: 1h40m, state: page}",
			"checkout-availability at 1h40m: expected state page, found resolved\n" +
				"    checkout-availability: opened at 1h1m, page at 1h1m, resolved at 1h40m; 500 of 2000 events were bad"},
		"an incident that stays open": {`{good: "50x60", bad: "0x60 50x10"}`, "{at: 3h, state: resolved}",
			"expected state resolved, found page\n    checkout-availability: opened at 1h1m, page at 1h1m, open: it waits for good events"},
		"a page instead of a ticket": {outage, "{at: 65m, state: ticket}", "expected state ticket, found page"},
		"a ticket instead of a page": {`{good: "1000x600 990x120", bad: "0x600 10x120"}`, "{at: 12h, state: page}",
			"expected state page, found ticket"},
		"another number of incidents": {outage, "{at: 70m, state: page, incidents: 2}", "expected incidents 2, found 1"},
		"no incident at all":          {outage, "{at: 50m, incidents: 1}", "expected incidents 1, found 0"},
		"other subjects": {silence, "{rule: worker-silent, at: 40m, subjects: [mailer]}",
			"expected subjects [mailer], found [mailer printer]"},
		"subjects that recovered": {silence, "{rule: worker-silent, at: 20m, subjects: [mailer]}", "expected subjects [mailer], found []"},
		"rules that are not affected": {outage, "{at: 65m, alsoAffected: [payment-availability]}",
			"expected alsoAffected [payment-availability], found []"},
		"a rule that does not exist": {`{rule: checkout, good: "5"}`, "{at: 5m, state: none}", `there is no rule "checkout"`},
		"a subject that does not exist": {`{rule: worker-silent, subject: baker, events: "5"}`, "{at: 5m, state: none}",
			`has no subject "baker"; write one of "mailer", "printer"`},
		"events of a ratio":         {`{events: "5"}`, "{at: 5m, state: none}", "write good and bad instead of events"},
		"bad events of a heartbeat": {`{rule: worker-silent, good: "5"}`, "{at: 5m, state: none}", "write events instead of good and bad"},
	} {
		t.Run(name, func(t *testing.T) {
			err := file(t, c.series, c.expect).Run(t.Context(), shop(t))
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "checkout-availability.test.yaml:6: case\n") {
				t.Errorf("%v\nlacks\n%s", err, c.want)
			}
		})
	}
}

func TestExpectationsAreMetByWhatHappens(t *testing.T) {
	for name, c := range map[string]struct{ series, expect string }{
		"the minute of an incident": {outage,
			"{during: 0m-1h, state: none}\n    - {during: 1h-1h39m, state: page}\n    - {during: 1h39m-2h, state: resolved}"},
		"several regions": {`{region: a, good: "50x20"}` + "\n    - " + `{region: b, bad: "50x20"}`, "{at: 5m, state: page}"},
		"a series for every other subject": {silence + "\n    - " + `{rule: worker-silent, subject: mailer, events: "1x60"}`,
			"{rule: worker-silent, at: 40m, subjects: [printer]}"},
		"a time without any documents": {`{rule: worker-silent, events: "1x60"}` + "\n    noTelemetry: [30m-40m]",
			"{rule: worker-silent, at: 30m, state: none}\n    - {rule: worker-silent, at: 35m, state: page, subjects: [mailer, printer]}"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := file(t, c.series, c.expect).Run(t.Context(), shop(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEachRuleNeedsATestThatFiresAndOneThatDoesNot(t *testing.T) {
	set := shop(t)
	named := func(name, expect string) File {
		f := file(t, `{good: "5"}`, expect)
		f.Metadata.Name, f.path = name, filepath.Join("tests", name+suffix)
		return f
	}
	const both = "{at: 5m, state: page}\n  - name: other\n    expect:\n    - {during: all, state: none}"
	complete := []File{named("checkout-availability", both), named("payment-availability", both), named("worker-silent", both)}
	if err := Untested(set, complete...); err != nil {
		t.Errorf("complete: %v", err)
	}
	never := named("worker-silent", "{during: all, state: none}")
	always := named("worker-silent", "{at: 5m, state: none}\n    - {at: 9m, state: page}")
	misnamed := complete[2]
	misnamed.path = "shop.yaml"
	for want, files := range map[string][]File{
		"worker-silent: no test; write worker-silent.test.yaml":                  complete[:2],
		"tests/worker-silent.test.yaml: no test expects an incident":             {complete[0], complete[1], never},
		"tests/worker-silent.test.yaml: no test expects that nobody is notified": {complete[0], complete[1], always},
		`tests/baker-silent.test.yaml: there is no rule "baker-silent"`:          append(complete[:3:3], named("baker-silent", both)),
		`shop.yaml: metadata.name is "worker-silent"; call the file worker-`:     {complete[0], complete[1], misnamed},
	} {
		if err := Untested(set, files...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
}
