package indicator

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
	"jari.example/telemetry"
)

const (
	// oldAfter is longer than the 36 hours in which late lines are looked for, so that
	// these searches skip old indices, too.
	oldAfter = 48 * time.Hour
	// refreshEvery is shorter than the default lookback: an old index that gets a new
	// document is searched again before the lookback has passed it.
	refreshEvery = time.Minute
	// maxOldBytes limits the names in a URL. OpenSearch takes a first line of 4,096
	// bytes (http.max_initial_line_length).
	maxOldBytes = 2500
)

// oldIndices knows which indices have only documents that are too old to be counted,
// such as those of earlier days, so that a search leaves them out. OpenSearch skips
// such a shard by itself, but only after it has prepared all aggregations for it, which
// with an index per day made a month of history twice as slow as a day.
//
//  1. Every call notes its sources and the end of its period.
//  2. Once a minute OpenSearch is asked which indices of these sources have documents
//     before and which have some after the end less 48 hours. The indices that have
//     only documents before are old. An index without documents is not: it may be the
//     one of tomorrow.
//  3. A call excludes the old indices by name if they were found for all of its sources
//     and if its period begins after that time. An index that is new is matched by the
//     pattern as before.
//
// Nothing is excluded when OpenSearch could not be asked.
type oldIndices struct {
	mu      sync.Mutex
	asked   time.Time            // of the machine's clock
	newest  time.Time            // the latest end of a period
	sources map[place]slo.Source // that were counted since it was asked

	names []string       // old
	of    map[place]bool // the sources they were found for
	since time.Time      // they have no document of these at or after it
}

// excluded are the old indices as parts of an index pattern, for a search of the
// sources from this time on.
func (o *oldIndices) excluded(sources []slo.Source, from time.Time) (parts []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if from.Before(o.since) || slices.ContainsFunc(sources, func(s slo.Source) bool { return !o.of[placeOf(s)] }) {
		return nil
	}
	size := 0
	for _, name := range o.names {
		if size += len(name) + 2; size > maxOldBytes {
			break
		}
		parts = append(parts, "-"+name)
	}
	return parts
}

// due notes what is counted, and returns what to ask about if it is time to.
func (o *oldIndices) due(sources []slo.Source, to time.Time) (ask []slo.Source, since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sources == nil {
		o.sources = map[place]slo.Source{}
	}
	for _, s := range sources {
		o.sources[placeOf(s)] = s
	}
	if to.After(o.newest) {
		o.newest = to
	}
	if !o.asked.IsZero() && time.Since(o.asked) < refreshEvery {
		return nil, time.Time{}
	}
	for _, s := range o.sources {
		ask = append(ask, s)
	}
	o.asked, o.sources = time.Now(), nil
	return ask, o.newest.Add(-oldAfter)
}

func (o *oldIndices) set(names []string, sources []slo.Source, since time.Time) {
	of := map[place]bool{}
	for _, s := range sources {
		of[placeOf(s)] = true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.names, o.of, o.since = names, of, since
}

// refreshOld asks which indices are old, if it is time to. That it fails costs only
// time: the next minute asks again.
func (o *OpenSearch) refreshOld(ctx context.Context, sources []slo.Source, to time.Time) {
	ask, since := o.old.due(sources, to)
	if !hasWildcard(indicesOf(ask)) {
		return
	}
	ctx, call := telemetry.StartOpenSearch(ctx, "field_caps")
	names, err := o.findOld(ctx, ask, since)
	call.End(errorType(err))
	if err != nil {
		ask = nil
	}
	o.old.set(names, ask, since)
}

func (o *OpenSearch) findOld(ctx context.Context, sources []slo.Source, since time.Time) ([]string, error) {
	begin, end := time.UnixMilli(0), since.AddDate(100, 0, 0)
	older, err := o.withDocuments(ctx, sources, count.Span{From: begin, To: since})
	if err != nil || len(older) == 0 {
		return nil, err
	}
	newer, err := o.withDocuments(ctx, sources, count.Span{From: since, To: end})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(older, func(name string) bool { return slices.Contains(newer, name) }), nil
}

// withDocuments are the indices of the sources that have documents of the period.
func (o *OpenSearch) withDocuments(ctx context.Context, sources []slo.Source, period count.Span) ([]string, error) {
	var filters []object
	var fields []string
	for _, s := range sources {
		filters = append(filters, all(indexFilter(s, sources), timeRange(s, period)))
		fields = append(fields, s.TimeField)
	}
	body, err := json.Marshal(object{"index_filter": anyOf(filters)})
	if err != nil {
		return nil, err
	}
	yes := true
	var response opensearchapi.IndicesFieldCapsResp
	answered, err := opensearch.Do(ctx, o.client.Client, http.MethodPost, fieldCaps{opensearchapi.IndicesFieldCapsReq{
		Indices: indicesOf(sources), Body: bytes.NewReader(body), Header: http.Header{"Content-Type": {"application/json"}},
		Params: opensearchapi.IndicesFieldCapsParams{Fields: fields, IgnoreUnavailable: &yes, AllowNoIndices: &yes},
	}}, &response)
	if err == nil && answered.IsError() {
		err = opensearch.ParseError(answered)
	}
	return response.Indices, err
}

// fieldCaps sends the body, which opensearch-go 4.8.1 leaves out.
type fieldCaps struct {
	opensearchapi.IndicesFieldCapsReq
}

func (f fieldCaps) GetRequest(method string) (*http.Request, error) {
	r, err := f.IndicesFieldCapsReq.GetRequest(method)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(f.Body)
	return r, nil
}

// indicesOf are the parts of the index patterns of the sources.
func indicesOf(sources []slo.Source) (indices []string) {
	for _, s := range sources {
		indices = append(indices, patterns(s.Index)...)
	}
	return indices
}

// hasWildcard reports whether names can be excluded from the indices: without one, "-x"
// is an index of that name.
func hasWildcard(indices []string) bool {
	return slices.ContainsFunc(indices, func(index string) bool { return strings.Contains(index, "*") })
}
