package opensearch_test

import (
	"encoding/json"
	stdos "os"
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"

	"jari.example/services/search"
)

// relevance says what a search over a region's sample restaurants finds:
// All of these and no others, in any order; or First, which is the best match. Why
// gives the reason where it is not plain.
type relevance struct {
	Q, First, Why string
	All           []string
}

func decoded[T any](t *testing.T, file string) (v T) {
	t.Helper()
	content, err := stdos.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return v
}

func TestSearchesFindWhatTheTableSays(t *testing.T) {
	for region, rows := range decoded[map[string][]relevance](t, "testdata/relevance.json") {
		t.Run(region, func(t *testing.T) {
			all := decoded[[]search.Restaurant](t, "../../../infra/local/seed/"+region+".json")
			for i := range all {
				all[i].Version = 1
			}
			f := filled(t, all)
			for _, row := range rows {
				row.check(t, f, row.Q)
				row.check(t, f, norm.NFD.String(row.Q))
			}
		})
	}
}

func (want relevance) check(t *testing.T, f search.Finder, words string) {
	t.Helper()
	hits, err := f.Find(t.Context(), search.Query{Words: words, Limit: 50})
	if err != nil {
		t.Fatalf("%q: %v", words, err)
	}
	var found []string
	for _, h := range hits {
		found = append(found, h.Restaurant.ID)
	}
	if want.First != "" {
		if len(found) == 0 || found[0] != want.First {
			t.Errorf("%q finds %v, want %s first", words, found, want.First)
		}
		return
	}
	slices.Sort(found)
	if slices.Sort(want.All); !slices.Equal(found, want.All) {
		t.Errorf("%q finds %v, want %v %s", words, found, want.All, want.Why)
	}
}
