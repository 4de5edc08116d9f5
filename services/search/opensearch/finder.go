package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	os "github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/services/search"
)

// Finder searches the index behind alias.
type Finder struct {
	client *os.Client
	alias  string
}

var _ search.Finder = (*Finder)(nil)

// NewFinder returns a finder over alias.
func NewFinder(client *os.Client, alias string) *Finder { return &Finder{client, alias} }

// object is a piece of OpenSearch's query language.
type object map[string]any

// Find implements search.Finder. Its error is fault.Unavailable while OpenSearch is
// down or the index does not exist yet.
func (f *Finder) Find(ctx context.Context, q search.Query) ([]search.Hit, error) {
	body, err := json.Marshal(request(q))
	if err != nil {
		return nil, fmt.Errorf("encode query: %w", err)
	}
	var page struct {
		Hits struct {
			Hits []struct {
				ID string `json:"_id"`
				// A pointer, because a list that is ordered by id has no score.
				Score  *float64        `json:"_score"`
				Source json.RawMessage `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	req := &opensearchapi.SearchReq{Indices: []string{f.alias}, Body: bytes.NewReader(body)}
	if err := call(ctx, f.client, "search", http.MethodPost, req, &page); err != nil {
		return nil, err
	}
	hits := make([]search.Hit, 0, len(page.Hits.Hits))
	for _, h := range page.Hits.Hits {
		var hit search.Hit
		if hit.Restaurant, hit.Err = restaurant(h.Source); hit.Err != nil {
			hit.Restaurant = search.Restaurant{ID: h.ID}
		}
		if h.Score != nil {
			hit.Score = *h.Score
		}
		hits = append(hits, hit)
	}
	return hits, nil
}

// Ready reports whether the alias can be searched.
func (f *Finder) Ready(ctx context.Context) error {
	_, err := f.Find(ctx, search.Query{Limit: 1})
	return err
}

func request(q search.Query) object {
	filter := []object{}
	if q.Cuisine != "" {
		filter = append(filter, object{"term": object{"cuisine": q.Cuisine}})
	}
	query := object{"filter": filter}
	sort := []object{{"id": object{"order": "asc"}}}
	after := func(p search.PagePosition) []any { return []any{p.ID} }
	if q.Words != "" {
		query["should"] = matches(q.Words)
		query["minimum_should_match"] = 1
		sort = append([]object{{"_score": object{"order": "desc"}}}, sort...)
		after = func(p search.PagePosition) []any { return []any{p.Score, p.ID} }
	}
	r := object{"query": object{"bool": query}, "sort": sort, "size": q.Limit, "track_total_hits": false}
	if q.After != nil {
		r["search_after"] = after(*q.After)
	}
	return r
}

// matches returns the ways in which a restaurant can match: its name is all of the
// words, or each word is in one of its texts.
func matches(words string) []object {
	keys := search.Keys(words)
	return []object{
		equal("keys.spelled", keys.Spelled, search.ScoreSpelled),
		equal("keys.joined", keys.Joined, search.ScoreJoined),
		equal("keys.letters", keys.Letters, search.ScoreLetters),
		{"bool": eachWord(search.Normal(words))},
	}
}

// nameBoost is the score of one word that is a name: about that of a word in a name.
const nameBoost = 10

func equal(field, value string, score float64) object {
	return object{"constant_score": object{"filter": object{"term": object{field: value}}, "boost": score}}
}

// fields are searched for words of either language: a restaurant may have an
// English word in a Korean text, and a query may have words of both.
var fields = []string{"name.ko^3", "name.en^3", "area.ko^2", "area.en^2", "cuisine.words", "description.ko", "description.en"}

// maxParts bounds the clauses of a query, of which OpenSearch accepts 1,024.
const maxParts = 16

// eachWord requires that each word is in one of the texts, or is a name without its
// spaces. Each word is analyzed alone, as in the index, and its parts must follow
// each other: nori takes a name that it does not know to pieces, of which other
// names have some. If it takes all of a word for particles, the word must occur as
// it is: field whole has the words of all texts as they are written. The words
// after the first maxParts-1 are one.
//
// English stop words such as "the" match everything, but not alone: field none is
// empty in every document.
func eachWord(words string) object {
	must := []object{}
	for _, word := range strings.SplitN(words, " ", maxParts) {
		must = append(must, object{"dis_max": object{"queries": []object{
			{"multi_match": object{"query": word, "type": "phrase", "slop": 1, "tie_breaker": 0.3, "fields": fields}},
			{"match_phrase": object{"whole": object{"query": word, "zero_terms_query": "all"}}},
			equal("keys.joined", search.Keys(word).Joined, nameBoost),
		}}})
	}
	onlyStopWords := object{"match": object{"none": object{"query": words, "zero_terms_query": "all"}}}
	return object{"must": must, "must_not": onlyStopWords}
}
