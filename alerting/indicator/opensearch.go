// Package indicator counts the events of indicators in OpenSearch, and finds example
// traces of bad ones. It knows nothing about the documents but what an indicator
// says: index pattern, fields and conditions.
package indicator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
	"jari.example/telemetry"
)

// maxTraces is how many example traces an incident shows.
const maxTraces = 3

// OpenSearch is a count.Source.
type OpenSearch struct {
	client *opensearchapi.Client
	old    oldIndices
}

// NewOpenSearch returns a source that reads from the server at url. A search that
// takes longer than timeout fails.
func NewOpenSearch(url string, timeout time.Duration) (*OpenSearch, error) {
	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{
		Addresses:      []string{url},
		RequestTimeout: timeout,
		DisableRetry:   true, // the next tick is the retry
	}})
	if err != nil {
		return nil, fmt.Errorf("OpenSearch client for %s: %w", url, err)
	}
	return &OpenSearch{client: client}, nil
}

// Count implements count.Source. An index that does not exist has no documents.
func (o *OpenSearch) Count(ctx context.Context, indicators map[slo.Key]slo.Indicator, period count.Span, width time.Duration) (
	map[slo.Key][]count.Bucket, int64, error) {
	sources := sourcesOf(indicators)
	indices := append(indicesOf(sources), o.old.excluded(sources, earliest(indicators, period))...)
	var refreshing sync.WaitGroup // beside the search, so that it takes no longer
	refreshing.Go(func() { o.refreshOld(ctx, sources, period.To) })
	defer refreshing.Wait()
	response, err := o.search(ctx, indices, countQuery(indicators, period, width))
	if err != nil {
		return nil, 0, fmt.Errorf("count events: %w", err)
	}
	counts, documents, err := decodeCounts(response.Aggregations, int64(response.Hits.Total.Value), indicators, period)
	if err != nil {
		return nil, 0, fmt.Errorf("count events: %w", err)
	}
	return counts, documents, nil
}

// Traces returns the ids of up to three traces of bad events of the period, the
// latest first; none when events of i have no trace id.
func (o *OpenSearch) Traces(ctx context.Context, i slo.Indicator, period count.Span) ([]string, error) {
	field := i.Source.TraceField
	if field == "" {
		return nil, nil
	}
	response, err := o.search(ctx, patterns(i.Source.Index), tracesQuery(i, period))
	if err != nil {
		return nil, fmt.Errorf("find traces: %w", err)
	}
	var traces []string
	for _, hit := range response.Hits.Hits {
		var values map[string][]string
		if err := json.Unmarshal(hit.Fields, &values); err != nil {
			return nil, fmt.Errorf("find traces: decode a document: %w", err)
		}
		for _, id := range values[field] {
			if id != "" && !slices.Contains(traces, id) && len(traces) < maxTraces {
				traces = append(traces, id)
			}
		}
	}
	return traces, nil
}

// search fails rather than return a partial result: a missing shard holds good
// and bad events, and a count without it could look healthy.
func (o *OpenSearch) search(ctx context.Context, indices []string, query object) (*opensearchapi.SearchResp, error) {
	ctx, call := telemetry.StartOpenSearch(ctx, "search")
	response, err := o.searchOnce(ctx, indices, query)
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

func (o *OpenSearch) searchOnce(ctx context.Context, indices []string, query object) (*opensearchapi.SearchResp, error) {
	body, err := json.Marshal(query)
	if err != nil {
		return nil, err
	}
	no, yes, one := false, true, 1
	response, err := o.client.Search(ctx, &opensearchapi.SearchReq{
		Indices: indices,
		Body:    bytes.NewReader(body),
		Params: opensearchapi.SearchParams{
			AllowPartialSearchResults: &no, IgnoreUnavailable: &yes, AllowNoIndices: &yes,
			// Shards without a document in the period, which are all but today's, are
			// skipped. By default they only are when there are more than 128.
			PreFilterShardSize: &one,
		},
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
