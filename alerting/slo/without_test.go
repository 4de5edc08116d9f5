package slo_test

import (
	"slices"
	"testing"

	"jari.example/alerting/slo"
)

func TestASetWithoutSomeRulesAndSubjectsMutesByTheOthers(t *testing.T) {
	subject := func(name string) slo.Subject { return slo.Subject{Name: name} }
	set := slo.Set{
		SLOs: []slo.SLO{{Rule: slo.Rule{Name: "edge", MutedBy: []string{"silent-us", "silent-kr"}}}, {Rule: slo.Rule{Name: "login"}}},
		Alerts: []slo.Alert{
			{Rule: slo.Rule{Name: "silent-kr", MutedBy: []string{"login"}}, Subjects: []slo.Subject{subject("indexer"), subject("search")}},
			{Rule: slo.Rule{Name: "silent-us"}, Subjects: []slo.Subject{subject("indexer")}},
			{Rule: slo.Rule{Name: "old-key"}, Subjects: []slo.Subject{subject("")}},
		},
	}
	rest, unknown := set.Without([]string{"login", "indexer", "indexer", "serach", ""})
	if !slices.Equal(unknown, []string{"serach", ""}) {
		t.Errorf("unknown %q", unknown)
	}
	var names []string
	for _, r := range rest.Rules() {
		names = append(names, r.Name)
	}
	if !slices.Equal(names, []string{"edge", "silent-kr", "old-key"}) {
		t.Errorf("the rules are %q", names)
	}
	kr := rest.Alerts[0]
	if len(kr.Subjects) != 1 || kr.Subjects[0].Name != "search" || len(kr.MutedBy) != 0 || !slices.Equal(rest.SLOs[0].MutedBy, []string{"silent-kr"}) {
		t.Errorf("%+v", rest)
	}
	if len(set.Alerts[0].Subjects) != 2 || len(set.SLOs[0].MutedBy) != 2 {
		t.Errorf("the set itself was changed: %+v", set)
	}
}
