package indicator

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// The limits of evidence.
const (
	maxTraces = 3  // that an incident shows
	maxJudged = 10 // traces whose spans are read
	// maxFound is how many events with a trace are read; several may belong to one
	// trace. OpenSearch allows 100 in an aggregation (index.max_inner_result_window).
	// https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/index-settings/
	maxFound = 100
	maxValue = 80  // characters of a field in the log line
	maxLine  = 400 // characters of the log line
)

// The names of aggregations.
const (
	tracedAgg = "traced"
	errorsAgg = "errors"
	latestAgg = "latest"
)

// FindEvidence searches the bad events of the period: a few of their traces, those that
// are kept and then the latest first; one event as a log line; the most frequent error of the deepest failing
// spans of the traces, with what that span called, or without spans the most frequent
// error of the events. It makes up to three searches, and none when events of i have
// nothing to show. When the search of spans fails, it returns the error and what the
// events say.
func (o *OpenSearch) FindEvidence(ctx context.Context, i slo.Indicator, period count.Span) (slo.Evidence, error) {
	if !i.Source.Searchable() {
		return slo.Evidence{}, nil
	}
	response, err := o.search(ctx, patterns(i.Source.Index), evidenceQuery(i, period))
	if err != nil {
		return slo.Evidence{}, fmt.Errorf("find evidence: %w", err)
	}
	found, traces, err := decodeEvidence(response, i.Source)
	if err != nil {
		return slo.Evidence{}, fmt.Errorf("find evidence: %w", err)
	}
	if f := i.Source.Evidence; f != nil && f.Spans != nil && len(traces) > 0 {
		var most cause
		if most, traces, err = o.causes(ctx, *f.Spans, traces, period); err != nil {
			err = fmt.Errorf("find the failing spans: %w", err)
		} else if most != (cause{}) {
			found.ErrorType, found.Dependency = most.errorType, most.peer
		}
	}
	found.ErrorType, found.Dependency = storable(found.ErrorType), storable(found.Dependency)
	for _, id := range traces[:min(len(traces), maxTraces)] {
		found.Traces = append(found.Traces, storable(id))
	}
	return found, err
}

// evidenceQuery finds the latest bad event, the latest ones that belong to a trace, those
// whose traces are kept before all others, and the latest one with the most frequent error.
func evidenceQuery(i slo.Indicator, period count.Span) object {
	s, shown := i.Source, slo.EvidenceFields{}
	if s.Evidence != nil {
		shown = *s.Evidence
	}
	latest := func(size int, fields ...string) object {
		return object{
			"size": size, "_source": false, "fields": append([]string{}, fields...), // never null
			"sort": []object{{s.TimeField: object{"order": "desc", "unmapped_type": "date"}}},
		}
	}
	aggs := object{}
	if s.TraceField != "" {
		traced := latest(maxFound, s.TraceField)
		if shown.Kept != "" { // in a load peak most have no spans
			kept := object{shown.Kept: object{"order": "desc", "unmapped_type": "boolean"}}
			traced["sort"] = append([]object{kept}, traced["sort"].([]object)...)
		}
		aggs[tracedAgg] = object{
			"filter": object{"exists": object{"field": s.TraceField}},
			"aggs":   object{latestAgg: object{"top_hits": traced}},
		}
	}
	if shown.Error != "" {
		aggs[errorsAgg] = object{
			"terms": object{"field": shown.Error, "size": 1},
			"aggs":  object{latestAgg: object{"top_hits": latest(1, shown.Line...)}},
		}
	}
	bad := i.Bad
	if bad.IsZero() { // each event of an alert is bad
		bad = i.Total
	}
	query := latest(1, shown.Line...)
	query["query"], query["aggs"] = all(timeRange(s, period), condition(i.Total), condition(bad)), aggs
	return query
}

// hits are documents in a response, each with the values of the fields that it has.
type hits struct {
	Hits []struct {
		ID      string   `json:"_id"`
		Fields  fields   `json:"fields"`
		Matched []string `json:"matched_queries"`
	} `json:"hits"`
}

// latestHits are the documents that an aggregation has found under latestAgg.
type latestHits struct {
	Latest struct {
		Hits hits `json:"hits"`
	} `json:"latest"`
}

type fields map[string][]any

// first is the first value of a field; "" without one.
func (f fields) first(name string) string {
	if len(f[name]) == 0 {
		return ""
	}
	return fmt.Sprint(f[name][0])
}

// decodeEvidence returns what the events say, and up to maxJudged traces, the latest
// first.
func decodeEvidence(response *opensearchapi.SearchResp, s slo.Source) (found slo.Evidence, traces []string, err error) {
	var aggs struct {
		Traced latestHits `json:"traced"`
		Errors struct {
			Buckets []struct {
				Key any `json:"key"`
				latestHits
			} `json:"buckets"`
		} `json:"errors"`
	}
	if len(response.Aggregations) > 0 {
		if err := unmarshal(response.Aggregations, &aggs); err != nil {
			return found, nil, err
		}
	}
	for _, hit := range aggs.Traced.Latest.Hits.Hits {
		if id := hit.Fields.first(s.TraceField); id != "" && !slices.Contains(traces, id) && len(traces) < maxJudged {
			traces = append(traces, id)
		}
	}
	if s.Evidence == nil {
		return found, traces, nil
	}
	for _, hit := range response.Hits.Hits {
		var event fields
		if err := unmarshal(hit.Fields, &event); err != nil {
			return found, nil, err
		}
		found.LogLine = logLine(event, s.Evidence.Line)
	}
	for _, most := range aggs.Errors.Buckets {
		found.ErrorType = fmt.Sprint(most.Key)
		for _, hit := range most.Latest.Hits.Hits {
			found.LogLine = logLine(hit.Fields, s.Evidence.Line)
		}
	}
	return found, traces, nil
}

// unmarshal keeps numbers as they are written. Nothing decodes to nothing.
func unmarshal(data []byte, into any) error {
	if len(data) == 0 {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("decode the response: %w", err)
	}
	return nil
}

// logLine is an event as name=value, like logfmt: the fields that it has of those that
// may be shown, in their order.
func logLine(event fields, shown []string) string {
	var parts []string
	for _, name := range shown {
		value := cut(event.first(name), maxValue)
		if strings.ContainsFunc(value, func(r rune) bool { return r == '"' || r == '=' || r == ' ' || !unicode.IsPrint(r) }) {
			value = strconv.Quote(value)
		}
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	return cut(strings.Join(parts, " "), maxLine)
}

// cut is at most n characters of s.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
