package preview

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/kibana/board"
)

// Source reads panels and traces from OpenSearch.
type Source struct {
	client *opensearchapi.Client
	prefix string // prepended to every index name
}

// Open returns a Source. It does not connect yet. prefix is prepended to all index
// names; it is "" except in tests.
func Open(url, prefix string) (*Source, error) {
	c, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{
		Addresses: []string{url}, RequestTimeout: 20 * time.Second, DisableRetry: true}})
	if err != nil {
		return nil, err
	}
	return &Source{c, prefix}, nil
}

// Run returns the content of a panel for the time range from ≤ t < to. Missing
// indices count as empty.
func (s *Source) Run(ctx context.Context, p *board.Panel, from, to time.Time) (board.Table, error) {
	search, err := p.Search(s.prefix, from, to)
	if err != nil {
		return board.Table{}, err
	}
	resp, err := s.search(ctx, search)
	if err != nil {
		return board.Table{}, fmt.Errorf("panel %s: %w", p.ID, err)
	}
	var r board.Response
	r.Aggregations = resp.Aggregations
	r.Hits.Total.Value = resp.Hits.Total.Value
	for _, h := range resp.Hits.Hits {
		var hit struct {
			Fields map[string][]any `json:"fields"`
		}
		if len(h.Fields) > 0 {
			if err := json.Unmarshal(h.Fields, &hit.Fields); err != nil {
				return board.Table{}, fmt.Errorf("panel %s: %w", p.ID, err)
			}
		}
		r.Hits.Hits = append(r.Hits.Hits, hit)
	}
	return p.Table(r)
}

func (s *Source) search(ctx context.Context, q board.Search) (*opensearchapi.SearchResp, error) {
	yes := true
	return s.client.Search(ctx, &opensearchapi.SearchReq{
		Indices: []string{q.Indices}, Body: bytes.NewReader(q.Body),
		Params: opensearchapi.SearchParams{AllowNoIndices: &yes, IgnoreUnavailable: &yes},
	})
}
