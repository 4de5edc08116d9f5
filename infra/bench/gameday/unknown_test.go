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
