package nearest

import (
	"slices"
	"strings"
	"testing"
)

func TestSuggestsTheNameThatWasProbablyMeant(t *testing.T) {
	for why, tc := range map[string]struct {
		name  string
		names []string
		want  string // "" for none
	}{
		"one letter is missing":           {"rout", []string{"region", "route"}, "route"},
		"the case differs":                {"slo", []string{"SLO"}, "SLO"},
		"the rest is missing":             {"ratio", []string{"description", "ratioMetric"}, "ratioMetric"},
		"two letters are no beginning":    {"se", []string{"severity"}, ""},
		"the first of two that are alike": {"cart", []string{"card", "care"}, "card"},
		"no letter is the same":           {"x", []string{"us"}, ""},
		"too many letters differ":         {"frontend", []string{"gateway", "user"}, ""},
		"a text that is no name":          {strings.Repeat("a", 201), []string{strings.Repeat("a", 200)}, ""},
	} {
		if got, ok := Name(tc.name, tc.names); got != tc.want || ok != (tc.want != "") {
			t.Errorf("%s: got %q, want %q", why, got, tc.want)
		}
	}
}

func TestListsAllNamesWhenTheyAreFew(t *testing.T) {
	names := strings.Split("abcdefghijklm", "")
	if got, want := OneOf("zzz", names[:12]), "use a, b, c, d, e, f, g, h, i, j, k or l"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := OneOf("zzz", names), "use one of a, b, c, d, e, f, g, h, i, j, k, l … (13 in all)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := OneOf("zzz", nil), "there are none"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Either(slices.Clone(names[:1])); got != "a" {
		t.Errorf("got %q", got)
	}
}
