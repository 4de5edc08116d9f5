package indicator

import (
	"context"
	"slices"
	"strconv"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/diagnosis"
	"jari.example/alerting/slo"
)

const (
	maxChanges = 50 // documents of each kind of change that are read, the latest first
	// seenBefore is how long before the period a value is looked for that may be new. A
	// value in use is in documents far more often.
	seenBefore = time.Hour
)

// change is a document that says that something has changed.
type change struct {
	slo.Finding
	of         slo.Change
	owner, own string // the values of its fields
}

// changes finds what has changed in the period, the latest first.
func (o *OpenSearch) changes(ctx context.Context, s slo.Source, period count.Span) ([]slo.Finding, error) {
	kinds := s.Evidence.Changes
	if len(kinds) == 0 {
		return nil, nil
	}
	response, err := o.search(ctx, patterns(s.Index), changesQuery(s, period))
	if err != nil {
		return nil, err
	}
	var aggs struct {
		Kinds struct {
			Buckets map[string]latestHits `json:"buckets"`
		} `json:"kinds"`
	}
	if err := unmarshal(response.Aggregations, &aggs); err != nil {
		return nil, err
	}
	var all []change
	for n, kind := range kinds {
		for _, hit := range aggs.Kinds.Buckets[strconv.Itoa(n)].Latest.Hits.Hits {
			at, err := time.Parse(time.RFC3339Nano, hit.Fields.first(s.TimeField))
			if err != nil {
				return nil, err
			}
			all = append(all, changeOf(kind, hit.Fields, at))
		}
	}
	if all, err = o.onlyNew(ctx, s, all, period); err != nil {
		return nil, err
	}
	return distinct(all), nil
}

func changeOf(kind slo.Change, doc fields, at time.Time) change {
	c := change{Finding: slo.Finding{Phrase: kind.Phrase, At: at}, of: kind}
	if kind.Field != "" {
		c.own = doc.first(kind.Field)
		c.Value = cut(c.own, maxValue)
	}
	if kind.Of != "" {
		c.owner = doc.first(kind.Of)
		c.Value = c.owner + " " + c.Value
	}
	c.Value = storable(c.Value)
	return c
}

// distinct are the changes without those of the same value, which several processes or
// replicas report: the first of them is when it changed.
func distinct(all []change) (found []slo.Finding) {
	for _, c := range all { // of each kind the latest first
		same := func(f slo.Finding) bool { return f.Phrase == c.Phrase && f.Value == c.Value }
		if n := slices.IndexFunc(found, same); n >= 0 {
			found[n].At = c.At
			continue
		}
		found = append(found, c.Finding)
	}
	slices.SortStableFunc(found, func(a, b slo.Finding) int { return b.At.Compare(a.At) })
	return found
}

// kindsAgg has a bucket for each kind of change, so that many of one kind do not keep
// another from being seen.
const kindsAgg = "kinds"

func changesQuery(s slo.Source, period count.Span) object {
	read := []any{object{"field": s.TimeField, "format": "strict_date_optional_time_nanos"}}
	kinds := object{}
	for n, kind := range s.Evidence.Changes {
		kinds[strconv.Itoa(n)] = condition(kind.When)
		for _, name := range []string{kind.Field, kind.Of} {
			if name != "" {
				read = append(read, name)
			}
		}
	}
	return object{
		"size": 0, "track_total_hits": false, "query": timeRange(s, period),
		"aggs": object{kindsAgg: object{"filters": object{"filters": kinds}, "aggs": object{latestAgg: object{"top_hits": object{
			"size": maxChanges, "_source": false, "docvalue_fields": read,
			"sort": []object{{s.TimeField: object{"order": "desc", "unmapped_type": "date"}}},
		}}}}},
	}
}

// onlyNew leaves out the changes of values that are not new but have to be: the value was
// there before, or nothing was, so that it replaces none.
func (o *OpenSearch) onlyNew(ctx context.Context, s slo.Source, all []change, period count.Span) ([]change, error) {
	earlier := object{}
	for _, c := range all {
		if c.of.New && c.own != "" {
			same, any := c.earlier()
			earlier["same "+c.key()], earlier["any "+c.key()] = same, any
		}
	}
	if len(earlier) == 0 {
		return slices.DeleteFunc(all, func(c change) bool { return c.of.New }), nil
	}
	response, err := o.search(ctx, patterns(s.Index), object{
		"size": 0, "track_total_hits": false,
		"query": timeRange(s, count.Span{From: period.From.Add(-seenBefore), To: period.From}),
		"aggs":  object{eventsAgg: object{"filters": object{"filters": earlier}}},
	})
	if err != nil {
		return nil, err
	}
	var seen struct {
		Events struct {
			Buckets map[string]struct {
				Count int64 `json:"doc_count"`
			} `json:"buckets"`
		} `json:"events"`
	}
	if err := unmarshal(response.Aggregations, &seen); err != nil {
		return nil, err
	}
	before := func(which string, c change) bool { return seen.Events.Buckets[which+c.key()].Count > 0 }
	return slices.DeleteFunc(all, func(c change) bool {
		return c.of.New && (c.own == "" || before("same ", c) || !before("any ", c))
	}), nil
}

// key tells the change from those of other fields, owners and values.
func (c change) key() string { return c.of.Field + " " + c.owner + " " + c.own }

// earlier finds the documents with the value of the change, and those with any value.
func (c change) earlier() (same, any object) {
	same, any = object{"term": object{c.of.Field: c.own}}, object{"exists": object{"field": c.of.Field}}
	if c.of.Of == "" {
		return same, any
	}
	owner := object{"term": object{c.of.Of: c.owner}}
	return all(same, owner), all(any, owner)
}

// withChanges adds changes where there is room. A change to a value that differs is said
// with the value. A change leaves room for one finding less.
func withChanges(found, changes []slo.Finding) []slo.Finding {
	var rest []slo.Finding
	for _, c := range changes {
		n := slices.IndexFunc(found, func(f slo.Finding) bool { return c.Value != "" && f.Value == c.Value })
		if n < 0 {
			rest = append(rest, c)
			continue
		}
		found[n].At = c.At
	}
	rest = rest[:min(len(rest), maxChangesShown)]
	if len(rest) == 0 {
		return found
	}
	found = found[:min(len(found), diagnosis.MaxFindings-1)]
	return append(found, rest[:min(len(rest), diagnosis.MaxFindings-len(found))]...)
}
