package opensearch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

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
				// A pointer, because a list that is ordered by id has no score.
				Score  *float64          `json:"_score"`
				Source search.Restaurant `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	req := &opensearchapi.SearchReq{Indices: []string{f.alias}, Body: bytes.NewReader(body)}
	if err := call(ctx, f.client, "search", http.MethodPost, req, &page); err != nil {
		return nil, err
	}
	hits := make([]search.Hit, 0, len(page.Hits.Hits))
	for _, h := range page.Hits.Hits {
		hit := search.Hit{Restaurant: h.Source}
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
		query["should"] = []object{
			multiMatch(q.Words, "name.ko^3", "area.ko^2", "cuisine.ko", "description.ko"),
			multiMatch(q.Words, "name.en^3", "area.en^2", "cuisine.en", "description.en"),
		}
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

// multiMatch requires that each word is in one of the fields. The fields must be in one
// language, because cross_fields combines only fields with the same analyzer. A
// word that is in several fields scores a little more.
func multiMatch(s string, fields ...string) object {
	return object{"multi_match": object{"query": s, "type": "cross_fields", "operator": "and", "tie_breaker": 0.3, "fields": fields}}
}
