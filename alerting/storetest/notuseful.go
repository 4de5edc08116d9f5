package storetest

import (
	"maps"
	"testing"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
)

func notUseful(t *testing.T, s Store, term lease.Term) {
	ctx, want := t.Context(), map[string]int{}
	none, err := s.NotUseful(ctx)
	must(t, err)
	if len(none) != 0 {
		t.Errorf("without an incident: %v", none)
	}
	for _, one := range []struct {
		rule   string
		people []string
	}{{"a", []string{"Mina", "Jun"}}, {"a", []string{"Mina"}}, {"b", nil}, {"c", []string{"Jun"}}} {
		i := example(one.rule)
		must(t, s.Open(ctx, term, opened(i, "opened")))
		_, err := s.Respond(ctx, i.ID, func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
			i.Response.NotUseful, i.ResolvedAt = one.people, at(3)
			return entries("not useful"), nil, nil
		})
		must(t, err)
		if len(one.people) > 0 {
			want[one.rule] += len(one.people)
		}
	}
	got, err := s.NotUseful(ctx)
	must(t, err)
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
