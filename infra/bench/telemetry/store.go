package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"jari.example/telemetry/names"
)

// store is the OpenSearch at the end of the pipeline.
type store struct{ url string }

type object = map[string]any

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
	return object{"bool": object{"filter": []object{
		{"term": object{names.DocServiceName: service}},
		{"term": object{k.field: k.value}},
		{"range": object{names.Count: object{"gte": from, "lt": to}}},
	}}}
}

// count is how many of those documents a search finds now.
func (s *store) count(ctx context.Context, kind recordKind, service string, to int64) (n int64, err error) {
	var a struct{ Count int64 }
	err = s.request(ctx, http.MethodPost, kind.index+"*/_count?ignore_unavailable=true", object{"query": kind.query(service, 0, to)}, &a)
	return a.Count, err
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
		err := s.request(ctx, http.MethodPost, kind.index+"*/_search?ignore_unavailable=true", object{
			"query": kind.query(service, 0, to), "size": 0, "aggs": object{"numbers": object{"composite": by}},
		}, &a)
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
	err = s.request(ctx, http.MethodPost, kind.index+"*/_search?ignore_unavailable=true", object{
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
	return list, err
}

// deleteIndices deletes indices and templates with that prefix.
func (s *store) deleteIndices(ctx context.Context, prefix string) error {
	for _, what := range []string{prefix + "*", "_index_template/" + prefix + "*"} {
		if err := s.request(ctx, http.MethodDelete, what, nil, nil); err != nil {
			return err
		}
	}
	return nil
}

// deleteDocuments deletes the documents of those services from a server that is
// used by others, too.
func (s *store) deleteDocuments(ctx context.Context, services ...string) error {
	return s.request(ctx, http.MethodPost, names.LogIndex+"*,"+names.SpanIndex+"*/_delete_by_query?conflicts=proceed&ignore_unavailable=true",
		object{"query": object{"terms": object{names.DocServiceName: services}}}, nil)
}

func (s *store) request(ctx context.Context, method, path string, body, into any) error {
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(b)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.url+"/"+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusServiceUnavailable:
		return nil // there is no index yet, or it is being created: nothing is found
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("OpenSearch responds with %s: %.300s", res.Status, text)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
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
