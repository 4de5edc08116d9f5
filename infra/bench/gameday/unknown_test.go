package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPairsOfFaultsDependOnTheSeedOnly(t *testing.T) {
	a, b := pairs(7, unknownRounds), pairs(7, unknownRounds)
	if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, pairs(8, unknownRounds)) {
		t.Error("a seed does not stand for its pairs")
	}
	for _, pair := range a {
		if pair[0].Rule == pair[1].Rule {
			t.Errorf("both faults of a pair are for %s", pair[0].Rule)
		}
		same := pair[0].Fault == pair[1].Fault
		if elsewhere := slices.Contains(pair[1].Args, "us"); same != elsewhere {
			t.Errorf("%s and %s are in one region: %t", pair[0].Fault, pair[1].Fault, !elsewhere)
		}
		if same && slices.Contains(pair[1].Named, "ap-northeast-2") {
			t.Errorf("the fault in us must not be named %q", pair[1].Named)
		}
	}
	var drawn []string
	for _, e := range flagged() {
		drawn = append(drawn, e.Rule+" by "+e.Fault)
		if !e.compares() {
			t.Errorf("%s names its cause by its title", e.Rule)
		}
	}
	if len(drawn) < 6 || !slices.Contains(drawn, "booking-availability by route-panics") {
		t.Errorf("the faults are %q", drawn)
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
		fired    string
		want     string
	}{
		"one fires and names it":      {[]message{fired("a", "x")}, "1", ""},
		"both fire and name theirs":   {[]message{fired("a", "x"), fired("b", "y")}, "2", ""},
		"one does not name its cause": {[]message{fired("a", "x"), fired("b", "x")}, "2", "b does not name"},
		"another alert fires":         {[]message{fired("c", "x")}, "0", "neither a nor b"},
		"the message is of before":    {[]message{{rule: "a", text: "x", posted: began.Add(-time.Second)}}, "0", "neither a nor b"},
	} {
		r := &round{began: began}
		r.judgePair(pair, c.messages)
		if got := strings.Join(r.problems, ""); (got == "") != (c.want == "") || !strings.Contains(got, c.want) || r.named != (c.want == "") || r.fired != c.fired+" of 2 alerts" {
			t.Errorf("%s: named %t, %q", name, r.named, got)
		}
	}
}
