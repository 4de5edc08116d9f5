package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/telemetry/names"
)

// store is the OpenSearch at the end of the pipeline, without the proxy.
type store struct{ url string }

type object = map[string]any

// signals is, for each signal, the prefix of its indices, and the field and value
// that distinguish numbered records from others of the same process.
var signals = map[delivery.Signal]struct {
	index, field, value string
}{
	delivery.Line:  {names.LogIndex, names.EventName, names.EventEmitted},
	delivery.Span:  {names.SpanIndex, names.DocSpanName, names.SpanEmitted},
	delivery.Point: {names.MetricIndex, names.DocMetricName, names.MetricEmitted},
}

func filter(clauses ...object) object { return object{"bool": object{"filter": clauses}} }
func term(field, value string) object { return object{"term": object{field: value}} }

func numbered(service string, signal delivery.Signal) object {
	f := signals[signal]
	return filter(term(names.DocServiceName, service), term(f.field, f.value))
}

// count is how many numbered records of the service a search finds.
func (s *store) count(ctx context.Context, service string, signal delivery.Signal) (int, error) {
	var a struct{ Count int }
	err := s.search(ctx, signals[signal].index+"*/_count?ignore_unavailable=true", object{"query": numbered(service, signal)}, &a)
	return a.Count, err
}

// found lists the numbered records of the service by number and index.
func (s *store) found(ctx context.Context, service string, signal delivery.Signal) (all []delivery.Found, err error) {
	const page = 10_000
	source := func(name, field string) object { return object{name: object{"terms": object{"field": field}}} }
	composite := object{"size": page, "sources": []object{source("number", names.Count), source("index", "_index")}}
	for {
		var a struct {
			Aggregations struct {
				Found struct {
					AfterKey json.RawMessage `json:"after_key"`
					Buckets  []struct {
						Key struct {
							Number json.Number `json:"number"`
							Index  string      `json:"index"`
						} `json:"key"`
						Copies int `json:"doc_count"`
					} `json:"buckets"`
				} `json:"found"`
			} `json:"aggregations"`
		}
		q := object{"size": 0, "query": numbered(service, signal), "aggs": object{"found": object{"composite": composite}}}
		if err := s.search(ctx, signals[signal].index+"*/_search?ignore_unavailable=true", q, &a); err != nil {
			return nil, err
		}
		for _, b := range a.Aggregations.Found.Buckets {
			n, err := b.Key.Number.Int64()
			if err != nil {
				return nil, err
			}
			all = append(all, delivery.Found{Signal: signal, Number: n, Index: b.Key.Index, Copies: b.Copies})
		}
		if len(a.Aggregations.Found.Buckets) < page {
			return all, nil
		}
		composite["after"] = a.Aggregations.Found.AfterKey
	}
}

// identicalLines lists the lines with a text in a file. Their numbers are their
// positions in the file, counted from the first one that was found.
func (s *store) identicalLines(ctx context.Context, text, file string) (all []delivery.Found, err error) {
	var a struct {
		Hits struct {
			Hits []struct {
				Index  string `json:"_index"`
				Source struct {
					Attributes map[string]any `json:"attributes"`
				} `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	q := object{"size": 10_000, "_source": []string{names.Attributes}, "query": object{"match_phrase": object{names.Body: text}}}
	if err := s.search(ctx, names.LogIndex+"*/_search?ignore_unavailable=true", q, &a); err != nil {
		return nil, err
	}
	var offsets []int64
	for _, h := range a.Hits.Hits {
		at := h.Source.Attributes
		offset, err := strconv.ParseInt(fmt.Sprint(at[names.LogFileOffset]), 10, 64)
		if f, ok := at[names.LogFileOffset].(float64); ok {
			offset, err = int64(f), nil
		}
		if err != nil || at[names.LogFilePath] != file {
			return nil, fmt.Errorf("a line without its offset in %s: %v", file, at)
		}
		offsets = append(offsets, offset)
		all = append(all, delivery.Found{Signal: delivery.Line, Index: h.Index, Copies: 1})
	}
	for i, offset := range offsets {
		distance, length := offset-slices.Min(offsets), int64(len(text)+1)
		if all[i].Number = distance / length; distance%length != 0 {
			all[i].Number = -1 // no line begins there
		}
	}
	return all, nil
}

// countBetween counts the numbered lines of the service in a range of event time.
func (s *store) countBetween(ctx context.Context, service string, times object) (int, error) {
	var a struct{ Count int }
	q := filter(numbered(service, delivery.Line), object{"range": object{names.DocTime: times}})
	err := s.search(ctx, names.LogIndex+"*/_count?ignore_unavailable=true", object{"query": q}, &a)
	return a.Count, err
}

// deadLetters lists the dead letters of the service's records.
func (s *store) deadLetters(ctx context.Context, service string) (all []delivery.DeadLetter, err error) {
	var a struct {
		Hits struct {
			Hits []struct {
				Source map[string]any `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := s.search(ctx, names.DeadLetterIndex+"*/_search?ignore_unavailable=true", object{"size": 10_000}, &a); err != nil {
		return nil, err
	}
	for _, h := range a.Hits.Hits {
		refused, _ := h.Source[names.DocRefused].(string)
		var doc map[string]any
		d := json.NewDecoder(bytes.NewReader([]byte(refused)))
		d.UseNumber()
		if d.Decode(&doc) != nil || doc[names.DocServiceName] != service {
			continue
		}
		index, _ := h.Source[names.DocRefusedIndex].(string)
		deadLetter := delivery.DeadLetter{}
		for signal, f := range signals {
			if strings.HasPrefix(index, f.index) {
				deadLetter.Signal = signal
			}
		}
		if n, ok := doc[names.Count].(json.Number); ok {
			deadLetter.Number, _ = n.Int64() // zero if it is no integer
		}
		deadLetter.Reason, _ = h.Source[names.DocRefusedReason].(string)
		all = append(all, deadLetter)
	}
	return all, nil
}

// search posts a query.
func (s *store) search(ctx context.Context, path string, q, into any) error {
	return s.call(ctx, http.MethodPost, path, q, into)
}

func (s *store) call(ctx context.Context, method, path string, q, into any) error {
	b, err := json.Marshal(q)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+"/"+path, bytes.NewReader(b))
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
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, res.Status, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}
