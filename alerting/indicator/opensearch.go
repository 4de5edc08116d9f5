package indicator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/alerting/slo"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// OpenSearch is a Source that reads the access log lines the agent ships.
type OpenSearch struct {
	client *opensearchapi.Client
	index  string
}

// NewOpenSearch returns a Source that reads the indices that match the pattern
// index from the server at url. A query that takes longer than timeout fails.
func NewOpenSearch(url, index string, timeout time.Duration) (*OpenSearch, error) {
	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{
		Addresses:      []string{url},
		RequestTimeout: timeout,
		DisableRetry:   true, // the next tick is the retry
	}})
	if err != nil {
		return nil, fmt.Errorf("OpenSearch client for %s: %w", url, err)
	}
	return &OpenSearch{client: client, index: index}, nil
}

// Count implements Source.
func (o *OpenSearch) Count(ctx context.Context, slos []slo.SLO, from, to time.Time, width time.Duration) (map[string][]slo.Bucket, error) {
	response, err := o.search(ctx, countQuery(slos, from, to, width))
	if err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	if response.Hits.Total.Value == 0 {
		return nil, ErrNoTelemetry
	}
	var perSLO map[string]struct {
		Buckets struct {
			Buckets []struct {
				Key   int64 `json:"key"` // milliseconds
				Count int64 `json:"doc_count"`
				Bad   struct {
					Count int64 `json:"doc_count"`
				} `json:"bad"`
			} `json:"buckets"`
		} `json:"buckets"`
	}
	if err := json.Unmarshal(response.Aggregations, &perSLO); err != nil {
		return nil, fmt.Errorf("count events: decode the response: %w", err)
	}
	all := map[string][]slo.Bucket{}
	for _, s := range slos {
		for _, b := range perSLO[s.Name].Buckets.Buckets {
			all[s.Name] = append(all[s.Name], slo.Bucket{
				At:    time.UnixMilli(b.Key).UTC(),
				Count: slo.Count{Good: b.Count - b.Bad.Count, Bad: b.Bad.Count},
			})
		}
	}
	return all, nil
}

// Evidence implements Source.
func (o *OpenSearch) Evidence(ctx context.Context, s slo.SLO, from, to time.Time) (Evidence, error) {
	response, err := o.search(ctx, evidenceQuery(s, from, to))
	if err != nil {
		return Evidence{}, fmt.Errorf("find evidence: %w", err)
	}
	var aggs struct {
		Regions struct {
			Buckets []struct {
				Key   string `json:"key"`
				Count int64  `json:"doc_count"`
			} `json:"buckets"`
		} `json:"regions"`
	}
	if len(response.Aggregations) > 0 {
		if err := json.Unmarshal(response.Aggregations, &aggs); err != nil {
			return Evidence{}, fmt.Errorf("find evidence: decode the response: %w", err)
		}
	}
	e := Evidence{Regions: map[string]int64{}}
	for _, b := range aggs.Regions.Buckets {
		e.Regions[b.Key] = b.Count
	}
	for _, hit := range response.Hits.Hits {
		var line map[string]any
		if err := json.Unmarshal(hit.Source, &line); err != nil {
			return Evidence{}, fmt.Errorf("find evidence: decode a log line: %w", err)
		}
		if id, _ := line[names.DocTraceID].(string); id != "" && !slices.Contains(e.Traces, id) && len(e.Traces) < maxTraces {
			e.Traces = append(e.Traces, id)
		}
	}
	return e, nil
}

// search fails rather than return a partial result: a missing shard holds good
// and bad events, and a count without it could look healthy.
func (o *OpenSearch) search(ctx context.Context, query object) (*opensearchapi.SearchResp, error) {
	ctx, call := telemetry.StartOpenSearch(ctx, "search")
	response, err := o.searchOnce(ctx, query)
	call.End(errorType(err))
	return response, err
}

var (
	errServerTimeout = errors.New("the search timed out in OpenSearch")
	errPartial       = errors.New("shards failed")
)

// errorType is err as the error.type of a span: a short constant.
func errorType(err error) string {
	switch httpErr, ok := errors.AsType[*opensearch.StructError](err); {
	case err == nil:
		return ""
	case ok:
		return strconv.Itoa(httpErr.Status)
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, errServerTimeout):
		return "timeout"
	case errors.Is(err, errPartial):
		return "partial"
	}
	return "connection"
}

func (o *OpenSearch) searchOnce(ctx context.Context, query object) (*opensearchapi.SearchResp, error) {
	body, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	partial := false
	response, err := o.client.Search(ctx, &opensearchapi.SearchReq{
		Indices: []string{o.index},
		Body:    bytes.NewReader(body),
		Params:  opensearchapi.SearchParams{AllowPartialSearchResults: &partial},
	})
	switch {
	case err != nil:
		return nil, err
	case response.Timeout:
		return nil, errServerTimeout
	case response.Shards.Failed > 0:
		return nil, fmt.Errorf("%d of %d %w", response.Shards.Failed, response.Shards.Total, errPartial)
	}
	return response, nil
}
