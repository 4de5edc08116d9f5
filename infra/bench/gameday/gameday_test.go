package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/crowd"
	"jari.example/infra/local/fault"
	"jari.example/infra/local/slack"
)

const rulesDir = "../../../alerting/slos"

func TestEntriesAreSortedAndTheirFaultsExist(t *testing.T) {
	if !slices.IsSortedFunc(entries, func(a, b entry) int { return strings.Compare(a.Rule, b.Rule) }) {
		t.Error("the entries are not in the order of their rules")
	}
	for _, e := range entries {
		if _, err := fault.Find(fault.Faults(), e.Fault); err != nil {
			t.Errorf("%s: %v", e.Rule, err)
		}
		if len(e.Named) == 0 || e.Cause == "" {
			t.Errorf("%s does not say what the message names, or which cause the runbook finds", e.Rule)
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
	if m.rule != "booking-availability" || !m.page || m.ended || m.headline != "🔴 Bookings are failing: 93 %" ||
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
	for text, c := range map[string]struct{ page, ended bool }{
		"✅ Resolved: Bookings are failing": {true, true}, "🟡 Ticket: Free times": {false, false}, "⚪ Closed: it": {true, true},
	} {
		if m, _, _ := read(slack.Message{TS: "1.0", Text: text, Blocks: json.RawMessage(exampleMessage)}); m.page != c.page || m.ended != c.ended {
			t.Errorf("%s: page %t, ended %t", text, m.page, m.ended)
		}
	}
	if _, ok, _ := read(slack.Message{TS: "2.0", ThreadTS: "1.0", Blocks: json.RawMessage(exampleMessage)}); ok {
		t.Error("a reply is read as an incident")
	}
	if _, ok, _ := read(slack.Message{TS: "2.0", Text: "the digest"}); ok {
		t.Error("another message is read as an incident")
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

func TestARowSaysWhatIsLateOrMissing(t *testing.T) {
	began := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	at := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	earlier := replayed{"booking-latency", at(-50), at(-20)}
	for name, c := range map[string]struct {
		detected, resolved float64 // 0: never
		replay             []replayed
		want               []string // in the problems; none: no problem
	}{
		"in time":           {15, 60, []replayed{earlier, {"booking-latency", at(8), at(55)}}, nil},
		"late":              {15.1, 60, []replayed{{"booking-latency", at(7), at(55)}}, []string{"late: 8.1 s"}},
		"resolved late":     {15, 64, []replayed{{"booking-latency", at(8), at(55)}}, []string{"resolved late: 9.0 s"}},
		"not in the replay": {15, 60, []replayed{earlier, {"booking-availability", at(8), at(55)}}, []string{"no such incident"}},
	} {
		r := &round{entry: entry{Rule: "booking-latency"}, began: began, ended: began, allowed: 7 * time.Second}
		r.detected, r.resolved = at(c.detected), at(c.resolved)
		got := r.row(c.replay).Problems
		if (got == "") != (len(c.want) == 0) || !strings.Contains(got, strings.Join(c.want, "")) {
			t.Errorf("%s: problems %q", name, got)
		}
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
			seen[e.Rule+" "+e.Fault] = true
			if e.Rule == chosen[(i+1)%6].Rule && e.Fault == chosen[(i+1)%6].Fault {
				t.Errorf("%s is twice in a sample", e.Rule)
			}
		}
	}
	for _, e := range entries {
		if seen[e.Rule+" "+e.Fault] == e.Long {
			t.Errorf("%s by %s: in a sample %t, long %t", e.Rule, e.Fault, seen[e.Rule+" "+e.Fault], e.Long)
		}
	}
	if _, err := sample(len(entries)+1, ""); err == nil {
		t.Error("a sample of more than all is accepted")
	}
}

func TestPagesOfOtherRulesAreUnrelated(t *testing.T) {
	e := entry{Rule: "search-availability", Also: []string{"service-silent-kr"}}
	for rule, want := range map[string]bool{
		"search-availability": true, "service-silent-kr": true, "edge-availability-us": true, "service-silent-us": false, "booking-latency": false,
	} {
		if got := e.expected(rule, []string{"edge-availability"}); got != want {
			t.Errorf("%s: expected %t", rule, got)
		}
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
}

func TestThePageShowsEveryRowAndWhatWasRead(t *testing.T) {
	g := &game{played: []*round{{
		entry: entry{Rule: "booking-latency"}, found: message{headline: "🔴 Bookings | are slow"},
		lines: []string{"98 % of failures"}, causes: []string{"NO: closed"},
	}, {entry: entry{Rule: "calm"}}}}
	dir := filepath.Join(t.TempDir(), "bench")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	one := 8.5
	rows := []row{
		{Alert: "booking-latency", Fault: "route-delay", Earliest: &one, Named: true, Steps: "7", Problems: "late <1 s>"},
		{Alert: "calm", Fault: "none"},
	}
	if err := g.writePage(dir, bench.New("gameday", rows)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "gameday.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`| booking-latency | route-delay | 8.5 | – | – | yes | 7 | – | late \<1 s> |`, "| calm | none |", `> 🔴 Bookings \| are slow`,
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
	for problems, want := range map[string]int{late + "; " + step: 0, "no message of free-times-latency; " + step: 0, late: 1, step: 1, "": 2} {
		if got := notFound(problems); strings.Count(got, "not reported") != want {
			t.Errorf("%q: %q", problems, got)
		}
	}
}

func TestARoundThatChangesOthersIsPlayedFirst(t *testing.T) {
	var o options
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	check := o.define(fs)
	if err := fs.Parse([]string{"-only", "agent-disk-low,mail-delivery,mails-stuck"}); err != nil {
		t.Fatal(err)
	}
	if _, err := check(); err != nil {
		t.Fatal(err)
	}
	if got := rulesOf(o.chosen); !slices.Equal(got, []string{"mails-stuck", "agent-disk-low", "mail-delivery"}) {
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
	if opened, _, known := r.earliest(nil); !known || opened != last {
		t.Errorf("the earliest time is %v, %t", opened, known)
	}
}

func TestPairsOfFaultsDependOnTheSeedOnly(t *testing.T) {
	a, b := pairs(7, unknownRounds), pairs(7, unknownRounds)
	if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, pairs(8, unknownRounds)) {
		t.Error("a seed does not stand for its pairs")
	}
	for _, pair := range a {
		same := pair[0].Fault == pair[1].Fault
		if elsewhere := slices.Contains(pair[1].Args, "us"); same != elsewhere {
			t.Errorf("%s and %s are in one region: %t", pair[0].Fault, pair[1].Fault, !elsewhere)
		}
		if same && slices.Contains(pair[1].Named, "ap-northeast-2") {
			t.Errorf("the fault in us must not be named %q", pair[1].Named)
		}
	}
}

func TestAPairIsProvenByOneAlertThatNamesItsCause(t *testing.T) {
	began := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	pair := [2]entry{{Rule: "a", Named: []string{"x"}}, {Rule: "b", Named: []string{"y"}}}
	fired := func(rule, text string) message {
		return message{rule: rule, text: text, posted: began.Add(time.Second)}
	}
	for name, c := range map[string]struct {
		messages []message
		want     string
	}{
		"one fires and names it":      {[]message{fired("a", "x")}, ""},
		"both fire and name theirs":   {[]message{fired("a", "x"), fired("b", "y")}, ""},
		"one does not name its cause": {[]message{fired("a", "x"), fired("b", "x")}, "b does not name"},
		"another alert fires":         {[]message{fired("c", "x")}, "neither a nor b"},
		"the message is of before":    {[]message{{rule: "a", text: "x", posted: began.Add(-time.Second)}}, "neither a nor b"},
	} {
		r := &round{began: began}
		r.judgePair(pair, c.messages)
		if got := strings.Join(r.problems, ""); (got == "") != (c.want == "") || !strings.Contains(got, c.want) || r.named != (c.want == "") {
			t.Errorf("%s: named %t, %q", name, r.named, got)
		}
	}
}
