package retention

import (
	"slices"
	"testing"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/fluentbit/ship/shiptest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// A clock that is centuries ahead creates indices that would otherwise be kept for as
// long.
func TestAnIndexOfAFutureDayAgesFromItsCreation(t *testing.T) {
	store := shiptest.New(t, realpart.Need(t, realpart.OpenSearch))
	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{Addresses: []string{store.URL}}})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	days := map[string]time.Time{
		"today":    now,
		"tomorrow": now.AddDate(0, 0, 1),
		"in 2200":  time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	for _, day := range days {
		store.Alter(t, store.Prefix+names.Daily(names.MetricIndex, day), "", "{}")
	}
	for _, c := range []struct {
		after int // days from now
		want  []string
	}{
		{29, nil},
		{30, []string{"in 2200"}}, // created today: today itself has not ended yet
		{31, []string{"in 2200", "today"}},
		{32, []string{"in 2200", "today", "tomorrow"}},
	} {
		later := now.Add(time.Minute).AddDate(0, 0, c.after)
		expired, err := Store{Client: client, Prefix: store.Prefix}.Expired(t.Context(), map[string]int{"metrics": 30}, later)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for name, day := range days {
			if slices.ContainsFunc(expired, func(i Index) bool { return i.Name == store.Prefix+names.Daily(names.MetricIndex, day) }) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("after %d days %v are expired, want %v", c.after, got, c.want)
		}
	}
}
