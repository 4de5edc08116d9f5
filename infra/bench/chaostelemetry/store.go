package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jari.example/infra/bench/chaostelemetry/delivery"
	"jari.example/infra/bench/opensearch"
	"jari.example/telemetry/names"
)

// store is the OpenSearch at the end of the pipeline, without the proxy.
type store struct{ opensearch.Client }

type object = opensearch.Object

// signals is, for each signal, the prefix of its indices, and the field and value
// that distinguish numbered records from others of the same process.
var signals = map[delivery.Signal]struct {
	index, field, value string
}{
	delivery.Line:  {names.LogIndex, names.EventName, names.EventEmitted},
	delivery.Span:  {names.SpanIndex, names.DocSpanName, names.SpanEmitted},
	delivery.Point: {names.MetricIndex, names.DocMetricName, names.MetricEmitted},
}

func numbered(service string, signal delivery.Signal) object {
	f := signals[signal]
	return opensearch.Filter(opensearch.Term(names.DocServiceName, service), opensearch.Term(f.field, f.value))
}

// count is how many numbered records of the service a search finds.
func (s *store) count(ctx context.Context, service string, signal delivery.Signal) (int, error) {
	n, err := s.Count(ctx, signals[signal].index+"*", numbered(service, signal))
	return int(n), err
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
		if err := s.Search(ctx, signals[signal].index+"*", q, &a); err != nil {
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
	if err := s.Search(ctx, names.LogIndex+"*", q, &a); err != nil {
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
	n, err := s.Count(ctx, names.LogIndex+"*", opensearch.Filter(numbered(service, delivery.Line), object{"range": object{names.DocTime: times}}))
	return int(n), err
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
	if err := s.Search(ctx, names.DeadLetterIndex+"*", object{"size": 10_000}, &a); err != nil {
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
