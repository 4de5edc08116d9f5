package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"jari.example/infra/bench/opensearch"
	"jari.example/telemetry/names"
)

// store is the OpenSearch at the end of the pipeline.
type store struct{ opensearch.Client }

type object = opensearch.Object

// recordKind is how a record of telemetryemit is stored: as a line or as a span.
// field and value distinguish its documents from others of the process; at is
// the field with the time of emission.
type recordKind struct {
	name, index, field, value, at string
}

var recordKinds = []recordKind{
	{"line", names.LogIndex, names.EventName, names.EventEmitted, names.DocTime},
	{"span", names.SpanIndex, names.DocSpanName, names.SpanEmitted, names.DocStartTime},
}

// query is the query for the documents of a service with numbers in [from, to).
func (k recordKind) query(service string, from, to int64) object {
	return opensearch.Filter(opensearch.Term(names.DocServiceName, service), opensearch.Term(k.field, k.value),
		object{"range": object{names.Count: object{"gte": from, "lt": to}}})
}

// count is how many of those documents a search finds now.
func (s *store) count(ctx context.Context, kind recordKind, service string, to int64) (n int64, err error) {
	n, err = s.Count(ctx, kind.index+"*", kind.query(service, 0, to))
	return n, unlessAbsent(err)
}

// distinct is how many different numbers those documents have.
func (s *store) distinct(ctx context.Context, kind recordKind, service string, to int64) (n int64, err error) {
	const page = 20_000
	by := object{"size": page, "sources": []object{{"n": object{"terms": object{"field": names.Count}}}}}
	for {
		var a struct {
			Aggregations struct {
				Numbers struct {
					After   object            `json:"after_key"`
					Buckets []json.RawMessage `json:"buckets"`
				} `json:"numbers"`
			} `json:"aggregations"`
		}
		err := unlessAbsent(s.Search(ctx, kind.index+"*", object{
			"query": kind.query(service, 0, to), "size": 0, "aggs": object{"numbers": object{"composite": by}},
		}, &a))
		got := a.Aggregations.Numbers
		n += int64(len(got.Buckets))
		if err != nil || len(got.Buckets) < page {
			return n, err
		}
		by["after"] = got.After
	}
}

// document is the number of a record and when it was emitted.
type document struct {
	number int64
	at     time.Time
}

// since lists up to 1,000 documents with numbers from first on.
func (s *store) since(ctx context.Context, kind recordKind, service string, first int64) (list []document, err error) {
	var a struct {
		Hits struct {
			Hits []struct {
				Fields map[string][]any `json:"fields"`
			} `json:"hits"`
		} `json:"hits"`
	}
	err = s.Search(ctx, kind.index+"*", object{
		"query": kind.query(service, first, 1<<62), "size": 1000, "_source": false,
		"sort":            []object{{names.Count: object{"order": "asc", "unmapped_type": "long"}}},
		"docvalue_fields": []object{{"field": names.Count}, {"field": kind.at, "format": "strict_date_optional_time_nanos"}},
	}, &a)
	for _, h := range a.Hits.Hits {
		if len(h.Fields[names.Count]) != 1 || len(h.Fields[kind.at]) != 1 {
			return nil, fmt.Errorf("a document without number or time: %v", h.Fields)
		}
		number, _ := h.Fields[names.Count][0].(float64)
		text, _ := h.Fields[kind.at][0].(string)
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, err
		}
		list = append(list, document{int64(number), at})
	}
	return list, unlessAbsent(err)
}

// unlessAbsent is err, and nil while there is no index yet: nothing is found then.
func unlessAbsent(err error) error {
	if opensearch.Absent(err) {
		return nil
	}
	return err
}

// deleteIndices deletes indices and templates with that prefix.
func (s *store) deleteIndices(ctx context.Context, prefix string) error {
	for _, what := range []string{prefix + "*", "_index_template/" + prefix + "*"} {
		if err := unlessAbsent(s.Call(ctx, http.MethodDelete, what, nil, nil)); err != nil {
			return err
		}
	}
	return nil
}

// deleteDocuments deletes the documents of those services from a server that is
// used by others, too.
func (s *store) deleteDocuments(ctx context.Context, services ...string) error {
	return s.Call(ctx, http.MethodPost, names.LogIndex+"*,"+names.SpanIndex+"*/_delete_by_query?conflicts=proceed&ignore_unavailable=true",
		object{"query": object{"terms": object{names.DocServiceName: services}}}, nil)
}

func hostOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if u.Scheme != "http" || u.Port() == "" {
		return "", fmt.Errorf("the URL of OpenSearch must be http://host:port for a TCP proxy, not %s", address)
	}
	return u.Host, nil
}
