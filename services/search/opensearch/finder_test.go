package opensearch_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	os "github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/services/internal/fault"
	"jari.example/services/search"
	"jari.example/services/search/indexer"
	"jari.example/services/search/opensearch"
	"jari.example/services/search/searchtest"
	"jari.example/telemetry/names/realpart"
)

// index prepares an index of its own for the test.
func index(t *testing.T) (*os.Client, *opensearch.Index, string) {
	t.Helper()
	c, err := opensearch.Dial(realpart.Need(t, realpart.OpenSearch))
	if err != nil {
		t.Fatal(err)
	}
	alias := "jari-test-" + uuid.NewString()[:8]
	x := opensearch.NewIndex(c, alias, alias+"-checkpoint")
	t.Cleanup(func() { drop(t, c, alias+"-v1", alias+"-checkpoint") })
	if err := x.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, x, alias
}

func drop(t *testing.T, c *os.Client, indices ...string) {
	t.Helper()
	req := opensearchapi.IndicesDeleteReq{Indices: indices, Params: opensearchapi.IndicesDeleteParams{IgnoreUnavailable: new(true)}}
	if _, err := os.Do[os.NoBody](context.Background(), c, http.MethodDelete, req, nil); err != nil {
		t.Error(err)
	}
}

func write(r search.Restaurant) indexer.Change {
	return indexer.Change{ID: r.ID, Version: r.Version, Restaurant: &r}
}

func apply(t *testing.T, x *opensearch.Index, changes ...indexer.Change) {
	t.Helper()
	if refused, err := x.Apply(t.Context(), changes); err != nil || len(refused) > 0 {
		t.Fatalf("apply: %v, refused %v", err, refused)
	}
}

func TestFinder(t *testing.T) {
	c, x, alias := index(t)
	searchtest.Finder(t, func(t *testing.T, all []search.Restaurant) search.Finder {
		var changes []indexer.Change
		for _, r := range all {
			changes = append(changes, write(r))
		}
		apply(t, x, changes...)
		if _, err := x.Versions(t.Context()); err != nil { // it refreshes
			t.Fatal(err)
		}
		return opensearch.NewFinder(c, alias)
	})
}

func TestKoreanIsTakenApartAsPeopleWriteIt(t *testing.T) {
	c, x, alias := index(t)
	apply(t, x, write(searchtest.Restaurant("bapsang", 1)))
	if _, err := x.Versions(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := opensearch.NewFinder(c, alias)
	for words, want := range map[string]int{
		"한식": 1, "한식당": 1, "강남": 1, "강남구": 1, "서울의 한식당": 1, "파인다이닝": 1,
		"다이닝": 0, // the dictionary keeps 파인다이닝 whole
		"양식":  0,
		"!!!": 0,
		"의":   0,
	} {
		hits, err := f.Find(t.Context(), search.Query{Words: words, Limit: 5})
		if err != nil || len(hits) != want {
			t.Errorf("%q finds %d, %v; want %d", words, len(hits), err, want)
		}
	}
}

func TestAnIndexThatIsNotThereYetIsUnavailable(t *testing.T) {
	c, _, alias := index(t)
	_, err := opensearch.NewFinder(c, alias+"-other").Find(t.Context(), search.Query{Limit: 1})
	if f := fault.Of(err); f.Code != fault.Unavailable || f.RetryAfter == 0 {
		t.Errorf("got %v, want unavailable with a time to wait", err)
	}
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	c, err := opensearch.Dial("http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the client must not rest its only server
		_, err = opensearch.NewFinder(c, "any").Find(t.Context(), search.Query{Limit: 1})
		if f := fault.Of(err); f.Code != fault.Unavailable || f.RetryAfter == 0 {
			t.Errorf("got %v, want unavailable with a time to wait", err)
		}
	}
}
