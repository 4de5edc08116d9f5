package indicator

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"

	"jari.example/alerting/count"
	"jari.example/alerting/diagnosis"
	"jari.example/alerting/slo"
)

// maxChangesShown leaves room for what differs.
const maxChangesShown = 2

// Diagnose says what differs between the bad and the good events of the period, and what
// changed in another one: the values that are over-represented among bad events first, at
// most diagnosis.MaxFindings in all. It is nil when the period has no bad event or no good
// one, so that nothing could be compared, and nothing has changed. It makes two searches
// for events, up to two for their spans, and up to two for changes. With an error it
// returns what the other searches say.
func (o *OpenSearch) Diagnose(ctx context.Context, i slo.Indicator, period, changed count.Span) ([]slo.Finding, error) {
	if !i.Comparable() {
		return nil, nil
	}
	var bad, good []*compared
	var changes []slo.Finding
	var errBad, errGood, errChanges error
	var searching sync.WaitGroup
	searching.Go(func() { bad, errBad = o.sample(ctx, i, true, period) })
	searching.Go(func() { good, errGood = o.sample(ctx, i, false, period) })
	searching.Go(func() { changes, errChanges = o.changes(ctx, i.Source, changed) })
	searching.Wait()
	err := errors.Join(errBad, errGood)
	var found []slo.Finding
	if err == nil && len(bad) > 0 && len(good) > 0 {
		all := slices.Concat(bad, good)
		err = o.addSpans(ctx, i.Source, all, period)
		found = compare(i.Source.Evidence.Compared, all)
	}
	if err = errors.Join(err, errChanges); err != nil {
		err = fmt.Errorf("compare bad with good events: %w", err)
	}
	return withChanges(found, changes), err
}

// compared is an event of the sample.
type compared struct {
	id, trace string
	bad       bool
	weight    float64
	// chosen is false for an event that was read only because its spans are kept: it
	// says nothing about how often events have their values.
	chosen bool
	values map[owned][]string // a list without values: known to have none
}

// owned is a compared field, by its index, with the owner of the values.
type owned struct {
	field int
	of    string
}

// add adds a value of a document to the values of the event. Where the field has an owner,
// the event is known to have none of those values that other owners have.
func (e *compared) add(n int, c slo.Compared, doc fields) {
	key, value := owned{n, ""}, cut(doc.first(c.Field), maxValue)
	if c.Of != "" {
		if key.of = doc.first(c.Of); key.of == "" {
			return
		}
		if value != "" {
			value = key.of + " " + value
		}
	}
	if e.values[key] == nil {
		e.values[key] = []string{}
	}
	if value != "" && !slices.Contains(e.values[key], value) {
		e.values[key] = append(e.values[key], value)
	}
}

// sample reads bad or good events at random, and some more whose spans are kept.
func (o *OpenSearch) sample(ctx context.Context, i slo.Indicator, bad bool, period count.Span) ([]*compared, error) {
	response, err := o.search(ctx, patterns(i.Source.Index), sampleQuery(i, bad, period))
	if err != nil {
		return nil, err
	}
	var aggs struct {
		Traced latestHits `json:"traced"`
	}
	if err := unmarshal(response.Aggregations, &aggs); err != nil {
		return nil, err
	}
	var all []*compared
	byID := map[string]*compared{}
	for _, hit := range response.Hits.Hits {
		var doc fields
		if err := unmarshal(hit.Fields, &doc); err != nil {
			return nil, err
		}
		e := newCompared(i.Source, hit.ID, bad, true, doc)
		all, byID[hit.ID] = append(all, e), e
	}
	for _, hit := range aggs.Traced.Latest.Hits.Hits {
		e := byID[hit.ID]
		if e == nil {
			e = newCompared(i.Source, hit.ID, bad, false, hit.Fields)
			all = append(all, e)
		}
		e.trace = hit.Fields.first(i.Source.TraceField)
	}
	return all, nil
}

func newCompared(s slo.Source, id string, bad, chosen bool, doc fields) *compared {
	e := &compared{id: id, bad: bad, weight: 1, chosen: chosen, values: map[owned][]string{}}
	if w, err := strconv.ParseFloat(doc.first(s.Evidence.Weight), 64); err == nil && w > 1 {
		e.weight = w
	}
	for n, c := range s.Evidence.Compared {
		if c.In == slo.InEvent && chosen {
			e.add(n, c, doc)
		}
	}
	return e
}

// sampleQuery finds bad or good events at random. The seed is fixed: the same events make
// the same message.
func sampleQuery(i slo.Indicator, bad bool, period count.Span) object {
	s := i.Source
	of := condition(i.Bad)
	if !bad {
		of = object{"bool": object{"must_not": of}}
	}
	var read []string
	for _, c := range s.Evidence.Compared {
		if c.In == slo.InEvent {
			read = append(read, c.Field, c.Of)
		}
	}
	read = slices.DeleteFunc(append(read, s.Evidence.Weight), func(name string) bool { return name == "" })
	slices.Sort(read)
	read = slices.Compact(read)
	query := object{
		"size": diagnosis.MaxSample, "_source": false, "track_total_hits": false, "docvalue_fields": append([]string{}, read...),
		"query": object{"function_score": object{
			"query":        object{"bool": object{"filter": []object{timeRange(s, period), condition(i.Total), of}}},
			"random_score": object{"seed": 1, "field": "_seq_no"}, "boost_mode": "replace",
		}},
	}
	if s.TraceField != "" && s.Evidence.Spans != nil {
		traced := object{"exists": object{"field": s.TraceField}}
		if s.Evidence.Kept != "" {
			traced = all(traced, object{"term": object{s.Evidence.Kept: true}})
		}
		query["aggs"] = object{tracedAgg: object{"filter": traced, "aggs": object{latestAgg: object{"top_hits": object{
			"size": maxFound, "_source": false, "docvalue_fields": append([]string{s.TraceField}, read...),
		}}}}}
	}
	return query
}

// compare returns the findings of the events.
func compare(by []slo.Compared, all []*compared) []slo.Finding {
	columns := map[owned]int{}
	for _, e := range all {
		for key := range e.values {
			columns[key] = 0
		}
	}
	keys := slices.SortedFunc(func(yield func(owned) bool) {
		for key := range columns {
			if !yield(key) {
				return
			}
		}
	}, owned.compare)
	fieldsOf := make([]diagnosis.Field, len(keys))
	for n, key := range keys {
		columns[key] = n
		fieldsOf[n].Outcome = by[key.field].Outcome
	}
	events := make([]diagnosis.Event, len(all))
	for n, e := range all {
		events[n] = diagnosis.Event{Bad: e.bad, Weight: e.weight, Values: make([][]string, len(keys))}
		for key, values := range e.values {
			events[n].Values[columns[key]] = values
		}
	}
	found := []slo.Finding{} // not nil: compared
	for _, f := range diagnosis.Compare(fieldsOf, events) {
		found = append(found, slo.Finding{
			Phrase: by[keys[f.Field].field].Phrase, Value: storable(f.Value), Lift: f.Lift(),
			Bad: whole(f.Bad), BadOf: whole(f.BadOf), Good: whole(f.Good), GoodOf: whole(f.GoodOf),
		})
	}
	return found
}

func whole(x float64) int64 { return int64(math.Round(x)) }
