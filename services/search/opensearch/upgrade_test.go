package opensearch_test

import (
	"encoding/json"
	"net/http"
	stdos "os"
	"strings"
	"testing"

	os "github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/services/search"
	"jari.example/services/search/opensearch"
	"jari.example/services/search/searchtest"
)

// store writes a document as it is, past the indexer.
func store(t *testing.T, c *os.Client, index, id, document string) {
	t.Helper()
	req := opensearchapi.IndexReq{Index: index, DocumentID: id, Body: strings.NewReader(document),
		Params: opensearchapi.IndexParams{Refresh: "true"}}
	if resp, err := os.Do[os.NoBody](t.Context(), c, http.MethodPut, req, nil); err != nil || resp.IsError() {
		t.Fatal(resp, err)
	}
}

// previous makes the index of the version before this one, with a document that has
// its time zone, as the indexer of that version left it.
func previous(t *testing.T, c *os.Client, alias string) {
	t.Helper()
	mapping, err := stdos.ReadFile("testdata/mapping-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	create := opensearchapi.IndicesCreateReq{Index: alias + "-v1", Body: strings.NewReader(string(mapping))}
	if resp, err := os.Do[os.NoBody](t.Context(), c, http.MethodPut, create, nil); err != nil || resp.IsError() {
		t.Fatal(resp, err)
	}
	put := opensearchapi.AliasPutReq{Indices: []string{alias + "-v1"}, Alias: alias}
	if resp, err := os.Do[os.NoBody](t.Context(), c, http.MethodPut, put, nil); err != nil || resp.IsError() {
		t.Fatal(resp, err)
	}
	document, err := json.Marshal(searchtest.Restaurant("bapsang", 1))
	if err != nil {
		t.Fatal(err)
	}
	store(t, c, alias+"-v1", "bapsang", strings.TrimSuffix(string(document), "}")+`,"time_zone":"Asia/Seoul"}`)
	store(t, c, alias+"-checkpoint", alias, `{"position":{"stream":"arn","shards":{"shard-1":"1"}}}`)
}

func TestAnUpgradeIsSearchableAllTheTime(t *testing.T) {
	c, x, alias := unpublished(t)
	if err := x.Prepare(t.Context()); err != nil { // creates the index of checkpoints, too
		t.Fatal(err)
	}
	drop(t, c, alias+"-v2")
	previous(t, c, alias)
	f := opensearch.NewFinder(c, alias)
	finds := func(step, words string, want ...string) {
		t.Helper()
		hits, err := f.Find(t.Context(), search.Query{Words: words, Limit: 5})
		if err != nil || len(hits) != len(want) {
			t.Fatalf("%s: %q finds %+v, %v; want %v", step, words, hits, err, want)
		}
		for i, h := range hits {
			if h.Err != nil || h.Restaurant.ID != want[i] || h.Restaurant.Name != searchtest.Profile().Name {
				t.Errorf("%s: %q finds %+v, want %v", step, words, h, want)
			}
		}
	}
	finds("searchd is upgraded first", "밥상", "bapsang")
	if err := x.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p, err := x.Load(t.Context()); err != nil || p.Stream != "" {
		t.Errorf("the checkpoint of the previous index is used: %+v, %v", p, err)
	}
	apply(t, x, write(searchtest.Restaurant("bapsang", 1)), write(searchtest.Restaurant("bapsang-2", 1)))
	finds("while the new index is filled", "밥상", "bapsang")
	for range 2 { // after a restart, too
		if err := x.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		finds("after it is published", "밥상한식당", "bapsang", "bapsang-2")
	}
	exists := opensearchapi.IndicesExistsReq{Indices: []string{alias + "-v1"}}
	if resp, err := os.Do[os.NoBody](t.Context(), c, http.MethodHead, exists, nil); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("the previous index still exists: %v, %v", resp, err)
	}
}

func TestAMalformedDocumentDoesNotHideTheOthers(t *testing.T) {
	c, x, alias := index(t)
	apply(t, x, write(searchtest.Restaurant("bapsang", 1)))
	for id, document := range map[string]string{
		"a-bare":     `{"id":"a-bare","version":1}`,
		"a-nameless": `{"id":"a-nameless","version":1,"name":{"ko":"밥상"},"area":{"ko":"강남","en":"Gangnam"},"cuisine":"korean","price":1,"address":"1"}`,
		"a-shown":    `{"id":"a-shown","version":1,"name":{"ko":"밥상","en":"Bapsang"},"shown":"밥상"}`,
		"a-price":    `{"id":"a-price","version":1,"name":{"ko":"밥상","en":"Bapsang"},"price":"3"}`,
		"a-place":    `{"id":"a-place","version":1,"name":{"ko":"밥상","en":"Bapsang"},"location":"37.5,127.0"}`,
	} {
		store(t, c, alias+"-v2", id, document)
	}
	for _, words := range []string{"", "밥상"} {
		hits, err := opensearch.NewFinder(c, alias).Find(t.Context(), search.Query{Words: words, Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		good, bad := 0, 0
		for _, h := range hits {
			switch {
			case h.Err != nil && strings.HasPrefix(h.Restaurant.ID, "a-"):
				bad++
			case h.Restaurant.ID == "bapsang" && h.Restaurant.Same(searchtest.Profile()):
				good++
			default:
				t.Errorf("%q finds %+v", words, h)
			}
		}
		if good != 1 || bad != map[string]int{"": 5, "밥상": 4}[words] {
			t.Errorf("%q finds %d readable and %d malformed restaurants", words, good, bad)
		}
	}
}

// The longest queries that are valid must stay below OpenSearch's limit of clauses.
func TestTheLongestQueriesAreAnswered(t *testing.T) {
	c, x, alias := index(t)
	apply(t, x, write(searchtest.Restaurant("bapsang", 1)))
	for _, words := range []string{
		strings.Repeat("가 ", 100), strings.Repeat("z ", 100), strings.Repeat("㈜", 200), strings.Repeat("가", 200), strings.Repeat("1가", 100),
		strings.Repeat("한식당", 66), strings.Repeat("1a", 100), strings.Repeat("ﷺ", 200), strings.Repeat("ﷺ ", 100), strings.Repeat("½ ", 100),
	} {
		q := search.Query{Words: words, Limit: 5}
		if err := q.Validate(); err != nil {
			t.Fatal(err)
		}
		if _, err := opensearch.NewFinder(c, alias).Find(t.Context(), q); err != nil {
			t.Errorf("%.20q…: %v", words, err)
		}
	}
}
