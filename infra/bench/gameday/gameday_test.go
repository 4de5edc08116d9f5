package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/crowd"
	"jari.example/infra/bench/whole"
	"jari.example/infra/local/fault"
	"jari.example/infra/local/slack"
)

const rulesDir = "../../../alerting/slos"

func TestEntriesAreSortedAndTheirFaultsExist(t *testing.T) {
	if !slices.IsSortedFunc(entries, func(a, b entry) int { return strings.Compare(a.Rule, b.Rule) }) {
		t.Error("the entries are not in the order of their rules")
	}
	all, err := fault.Rules(rulesDir)
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]string{}
	for _, r := range all {
		titles[r.Name] = r.Title
	}
	if e := (entry{Named: []string{"Mails are late"}}); !e.onlyTitle(titles["mail-delivery"]) {
		t.Errorf("%q is not found in the title %q", e.Named, titles["mail-delivery"])
	}
	for _, e := range entries {
		if _, err := fault.Find(fault.Faults(), e.Fault); err != nil {
			t.Errorf("%s: %v", e.Rule, err)
		}
		if len(e.Named) == 0 || e.Cause == "" {
			t.Errorf("%s does not say what the message names, or which cause the runbook finds", e.Rule)
		}
		if e.compares() && e.onlyTitle(titles[e.Rule]) {
			t.Errorf("%s: %q is in its title, which the message has whatever the fault is", e.Rule, e.Named)
		}
		if e.Also != nil && slices.Contains(e.Also, e.Rule) {
			t.Errorf("%s: %s is the rule itself", e.Rule, e.Rule)
		}
	}
}

func TestEveryRuleHasAnEntry(t *testing.T) {
	all, err := fault.Rules(rulesDir)
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, r := range all {
		rules = append(rules, r.Name)
	}
	if missing := withoutEntry(rules, entries); len(missing) > 0 {
		t.Errorf("the game day proves nothing of %q: add entries to entries.go", missing)
	}
	for _, rule := range rulesOf(entries) {
		if !slices.Contains(rules, rule) {
			t.Errorf("the entry %s stands for no rule", rule)
		}
	}
	// The controls: a rule that is new, and an entry that is gone.
	if missing := withoutEntry(append(rules, "new"), entries); !slices.Equal(missing, []string{"new"}) {
		t.Errorf("missing %q", missing)
	}
	if missing := withoutEntry(rules, entries[1:]); !slices.Equal(missing, []string{entries[0].Rule}) {
		t.Errorf("missing %q", missing)
	}
}

func withoutEntry(rules []string, entries []entry) []string {
	return slices.DeleteFunc(slices.Clone(rules), func(rule string) bool { return slices.Contains(rulesOf(entries), rule) })
}

// exampleMessage is an incident as alertingd posts it, without what nobody reads here.
const exampleMessage = `[
 {"type": "header", "text": {"type": "plain_text", "text": "🔴 Bookings are failing"}},
 {"type": "rich_text", "elements": [
  {"type": "rich_text_section", "elements": [{"type": "text", "text": "94 % of booking attempts fail."}]},
  {"type": "rich_text_list", "elements": [
   {"type": "rich_text_section", "elements": [
    {"type": "text", "text": "98 % of failures but 3 % of successes went through "}, {"type": "text", "text": "reservation 1.9.2"},
    {"type": "date", "timestamp": 1795390242, "fallback": " (since 23:30)"}]},
   {"type": "rich_text_section", "elements": [{"type": "text", "text": "100 % of failures but no success had a failing call to postgresql"}]}]}]},
 {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
  {"type": "link", "text": "Runbook", "url": "https://run.example/runbooks/booking-availability"},
  {"type": "link", "text": "Example trace 1", "url": "https://kibana.example/traces/a1"}]}]},
 {"type": "context", "elements": [{"type": "mrkdwn", "text": "booking-availability: 99.9 % over 30 d · incident 0193-id"}]}]`

func TestReadsAnIncidentsMessage(t *testing.T) {
	m, ok, err := read(slack.Message{TS: "1795390242.000100", Text: "🔴 Bookings are failing: 93 %\nmore", Blocks: json.RawMessage(exampleMessage)})
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if m.rule != "booking-availability" || m.incident != "0193-id" || m.ended || m.headline != "🔴 Bookings are failing: 93 %" ||
		m.runbook != "booking-availability" || !slices.Equal(m.traces, []string{"a1"}) || m.posted.Unix() != 1795390242 {
		t.Errorf("read %+v", m)
	}
	want := []string{
		"98 % of failures but 3 % of successes went through reservation 1.9.2 (since 23:30)",
		"100 % of failures but no success had a failing call to postgresql",
	}
	if !slices.Equal(m.lines(), want) {
		t.Errorf("lines %q", m.lines())
	}
	for text, ended := range map[string]bool{"✅ Resolved: Bookings are failing": true, "🟡 Ticket: Free times": false, "⚪ Closed: it": true} {
		if m, _, _ := read(slack.Message{TS: "1.0", Text: text, Blocks: json.RawMessage(exampleMessage)}); m.ended != ended {
			t.Errorf("%s: ended %t", text, m.ended)
		}
	}
	if _, ok, _ := read(slack.Message{TS: "2.0", ThreadTS: "1.0", Blocks: json.RawMessage(exampleMessage)}); ok {
		t.Error("a reply is read as an incident")
	}
	if _, ok, _ := read(slack.Message{TS: "2.0", Text: "the digest"}); ok {
		t.Error("another message is read as an incident")
	}
}

func TestOnlyWhatComesToTheChannelOfIncidentsIsAPage(t *testing.T) {
	const ticket = "✅ Resolved: Free times are not shown" // as a page that is resolved
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posted := map[string][]slack.Message{
			"#incidents": {{TS: "2.0", Text: "🔴 Bookings are failing", Blocks: json.RawMessage(exampleMessage)}},
			"#tickets":   {{TS: "1.0", Text: ticket, Blocks: json.RawMessage(exampleMessage)}, {TS: "3.0", Text: "the digest"}},
		}
		if err := json.NewEncoder(w).Encode(map[string]any{"messages": posted[r.FormValue("channel")]}); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	g := &game{System: &whole.System{Addresses: map[string]string{"JARI_ADDR_SLACK": server.URL}}}
	all, err := g.messages(t.Context())
	if err != nil || len(all) != 2 || all[0].headline != ticket || all[0].page || !all[1].page {
		t.Errorf("%+v, %v", all, err)
	}
}

func TestTheCauseIsNamedOnlyInLinesThatCompare(t *testing.T) {
	m, _, err := read(slack.Message{TS: "1.0", Text: "x", Blocks: json.RawMessage(exampleMessage)})
	if err != nil {
		t.Fatal(err)
	}
	compares := span{Service: "reservation"}
	for _, c := range []struct {
		entry
		want bool
	}{
		{entry{Named: []string{"reservation 1.9.2"}, Span: compares}, true},
		{entry{Named: []string{"reservation 1.9.2", "postgresql"}, Span: compares}, true},
		{entry{Named: []string{"reservation 1.9.2", "redis"}, Span: compares}, false},
		{entry{Named: []string{"booking attempts"}, Span: compares}, false}, // not a line that compares
		{entry{Named: []string{"booking attempts"}}, true},
	} {
		if got := m.names(c.entry); got != c.want {
			t.Errorf("%q: named %t", c.Named, got)
		}
	}
}

func TestARowSaysWhatDiffersFromTheReplay(t *testing.T) {
	began := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	earlier := replayed{"booking-latency", at(-50), at(-20)}
	for name, c := range map[string]struct {
		detected, resolved float64
		lag                time.Duration // while the end was awaited
		replay             []replayed
		want               string // in the problems; "": no problem
	}{
		"in time":               {15, 60, 0, []replayed{earlier, {"booking-latency", at(8), at(55)}}, ""},
		"late":                  {15.1, 60, 9 * time.Second, []replayed{{"booking-latency", at(7), at(55)}}, "late: 8.1 s"},
		"too early":             {15, 60, 0, []replayed{{"booking-latency", at(23), at(55)}}, "8.0 s before the earliest time"},
		"resolved too early":    {15, 47, 0, []replayed{{"booking-latency", at(8), at(55)}}, "resolved 8.0 s before each"},
		"resolved late":         {15, 64, 0, []replayed{{"booking-latency", at(8), at(55)}}, "resolved late: 9.0 s"},
		"as late as its logs":   {15, 64, 3 * time.Second, []replayed{{"booking-latency", at(8), at(55)}}, ""},
		"later than its logs":   {15, 64, 2 * time.Second, []replayed{{"booking-latency", at(8), at(55)}}, "allowed are 8.0 s"},
		"open in the replay":    {15, 60, 0, []replayed{{"booking-latency", at(8), time.Time{}}}, "does not resolve it"},
		"missing in the replay": {15, 60, 0, []replayed{earlier, {"booking-availability", at(8), at(55)}}, "no such incident"},
	} {
		r := &round{entry: entry{Rule: "booking-latency"}, began: began, ended: began, lag: time.Second, allowed: 7 * time.Second, endLag: c.lag}
		r.detected, r.resolved = at(c.detected), at(c.resolved)
		got := r.row([][]replayed{c.replay}).Problems
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: problems %q", name, got)
		}
	}
	r := &round{entry: entry{Rule: "booking-latency", For: time.Minute}, began: began, ended: at(60), allowed: 7 * time.Second, detected: at(50), resolved: at(61)}
	if row := r.row([][]replayed{{{"booking-latency", at(8), at(61)}}}); row.Problems != "" || *row.Earliest != 60 {
		t.Errorf("a fault whose telemetry comes at its end: %+v", row)
	}
}

func TestAnAlertIsProvenOnlyWithoutProblems(t *testing.T) {
	if g := goals([]row{{}, {Problems: "late"}}); g[0].Met || g[0].Got != "1 of 2" {
		t.Errorf("%+v", g)
	}
	if g := goals([]row{{}, {}}); !g[0].Met {
		t.Errorf("%+v", g)
	}
}

func TestEachCommitBeginsItsSampleAtAnotherAlert(t *testing.T) {
	seen := map[string]bool{}
	for n := range 200 {
		chosen, err := sample(6, fmt.Sprint("commit ", n))
		if err != nil || len(chosen) != 6 {
			t.Fatal(chosen, err)
		}
		for i, e := range chosen {
			seen[e.Rule] = true
			if e.Rule == chosen[(i+1)%6].Rule {
				t.Errorf("%s is twice in a sample", e.Rule)
			}
		}
	}
	for _, e := range entries {
		if seen[e.Rule] == e.Long {
			t.Errorf("%s by %s: in a sample %t, long %t", e.Rule, e.Fault, seen[e.Rule], e.Long)
		}
	}
	if _, err := sample(len(entries)+1, ""); err == nil {
		t.Error("a sample of more than all is accepted")
	}
}

func TestPagesOfOtherRulesAreUnrelated(t *testing.T) {
	e := entry{Rule: "search-availability", Also: []string{"service-silent-kr"}}
	for rule, want := range map[string]bool{
		"search-availability": true, "service-silent-kr": true, "edge-availability-kr": true, "edge-availability-us": false,
		"service-silent-us": false, "booking-latency": false,
	} {
		if got := e.expected(rule, []string{"edge-availability"}); got != want {
			t.Errorf("%s: expected %t", rule, got)
		}
	}
	e.Args = []string{"--service", "gateway", "--region", "us"}
	if e.expected("edge-availability-kr", []string{"edge-availability"}) || !e.expected("edge-availability-us", []string{"edge-availability"}) {
		t.Error("a fault in us makes rules about kr fire")
	}
}

func TestTheDiagnosisDoesNotReadWhichFlagWasChanged(t *testing.T) {
	dir := t.TempDir()
	if err := withoutFlags(rulesDir, dir); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(rulesDir, "*.yaml"))
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(dir, filepath.Base(file)))
		if err != nil || strings.Contains(string(text), "when: {field: event.name, is: feature_flag.changed") {
			t.Errorf("%s: %v", file, err)
		}
		if filepath.Base(file) == "sources.yaml" && !strings.Contains(string(text), "alerting.objectives.loaded") {
			t.Errorf("%s: other changes are gone, too", file)
		}
	}
	if err := withoutFlags(dir, t.TempDir()); err == nil {
		t.Error("rules that hide nothing are accepted")
	}
	// Nor does it compare requests by an attribute of a flag.
	if sources, err := os.ReadFile(filepath.Join(dir, "sources.yaml")); err != nil || strings.Contains(string(sources), "feature_flag") {
		t.Errorf("sources.yaml still names a flag, %v", err)
	}
}

func TestThePageShowsEveryRowAndWhatWasRead(t *testing.T) {
	g := &game{options: options{seed: 7}, played: []*round{{
		entry: entry{Rule: "booking-latency"}, system: "Collector", found: message{headline: "🔴 Bookings | are slow"},
		lines: []string{"98 % of failures"}, causes: []string{"NO: closed"},
	}, {entry: entry{Rule: "calm"}}}}
	dir := filepath.Join(t.TempDir(), "bench")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	one := 8.5
	rows := []row{
		{Alert: "booking-latency", Fault: "route-delay", Earliest: &one, Overhead: &one, Named: true, Traced: new(bool), Steps: 7, Problems: "late <1 s>"},
		{Alert: "mails-stuck", Fault: "ses-refuses", Named: true, OnlyTitle: true, Steps: 3, Cause: true},
		{Alert: "unknown 1", Fault: "a and b", Named: true, Fired: "1 of 2 alerts"},
		{Alert: "calm", Fault: noFault},
	}
	if err := g.writePage(dir, bench.New("gameday", rows)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "gameday.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`| booking-latency | route-delay | 8.5 | – | 8.5 | – | yes | no | 7, no | – | late \<1 s> |`,
		"| mails-stuck | ses-refuses | – | – | – | – | title | – | 3, yes | – |  |", "| unknown 1 | a and b | – | – | – | – | yes, 1 of 2 alerts |", "-seed 7", "| calm | none | – | – | – | – | – | – | – | – |  |",
		"### booking-latency, Collector", `> 🔴 Bookings \| are slow`,
		"> 98 % of failures", "The runbook: NO: closed",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "### calm") {
		t.Error("a round without a message has a section")
	}
}

func TestTheControlHasItsMistakes(t *testing.T) {
	rules, pages := filepath.Join(t.TempDir(), "rules"), filepath.Join(t.TempDir(), "runbooks")
	if err := withMistakes("../../..", rules, pages); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(rules, controlEntry.Rule+".yaml"): "burn: 28.8}", filepath.Join(pages, controlRunbook+".md"): wrongAnswer[1],
		filepath.Join(rules, "booking-availability.yaml"): "burn: 14.4}",
	} {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %q, %v", file, want, err)
		}
	}
	const late, step = "late: 19.0 s after the earliest time", `the runbook free-times finds ["LATE"]`
	for problems, want := range map[string]int{late + "; " + step: 0, "no message of free-times-latency; " + step: 0, "resolved " + late + "; " + step: 1, late: 1, step: 1, "": 2} {
		if got := notFound(problems); strings.Count(got, "not reported") != want {
			t.Errorf("%q: %q", problems, got)
		}
	}
}

func TestARoundThatChangesOthersIsPlayedFirst(t *testing.T) {
	var o options
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	check := o.define(fs)
	if err := fs.Parse([]string{"-only", "agent-disk-low,mail-delivery,mails-stuck,region-silent-kr"}); err != nil {
		t.Fatal(err)
	}
	if _, err := check(); err != nil {
		t.Fatal(err)
	}
	if got := rulesOf(o.chosen); !slices.Equal(got, []string{"mails-stuck", "region-silent-kr", "agent-disk-low", "mail-delivery"}) {
		t.Errorf("the order is %q", got)
	}
}

func TestWithTheWindowsOfProductionTheDinersCountFailures(t *testing.T) {
	rule, err := os.ReadFile("../../../alerting/slos/" + unscaledEntry.Rule + ".yaml")
	if want := fmt.Sprintf("minBadEvents: %d\n", unscaledNeeds); err != nil || !strings.Contains(string(rule), want) {
		t.Errorf("%s does not say %q, %v", unscaledEntry.Rule, want, err)
	}
	if !crowd.Does(unscaledFlow) {
		t.Errorf("diners do not %q", unscaledFlow)
	}
	began := time.Now()
	last := began.Add(3 * time.Second)
	r := &round{began: began, counted: last}
	if by, known := r.earliest(nil); !known || by.opened != last {
		t.Errorf("the earliest time is %v, %t", by.opened, known)
	}
}

func TestACauseOfAnEarlierRoundIsNotLookedFor(t *testing.T) {
	for name, c := range map[string]struct {
		entry
		want string
	}{
		"of a flag":                   {entry{Cause: "A FLAG WAS SWITCHED ON"}, "-since 25s"},
		"of what has ended meanwhile": {entry{Cause: "the gap", For: time.Minute}, "-since 1m25s"},
		"of a state":                  {entry{Cause: "it is down"}, ""},
	} {
		r := &round{entry: c.entry, began: time.Now().Add(-20 * time.Second)}
		if got := strings.Join(r.lookBack(), " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
