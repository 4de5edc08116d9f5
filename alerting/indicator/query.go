package indicator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

type object = map[string]any

// maxRegions limits the regions of one indicator. More are an error: events of the
// others would not be counted.
const maxRegions = 100

// The names of aggregations. Those of indicators are their keys.
const (
	documentsAgg = "documents"
	eventsAgg    = "events"
	regionsAgg   = "regions"
	noRegionAgg  = "no_region"
	timesAgg     = "times"
	badAgg       = "bad"
)

// countQuery counts the buckets of all indicators with one search, and the documents
// of the period. Its size grows with the number of indicators, its cost with the
// length of the period; neither grows with the windows that are evaluated later.
//
// Every document is tested once for whether it counts at all. Only those that do are
// tested for each indicator, which are few among all lines of a system.
func countQuery(indicators map[slo.Key]slo.Indicator, period count.Span, width time.Duration) object {
	sources := sourcesOf(indicators)
	var documents, events []object
	for _, s := range sources {
		documents = append(documents, all(indexFilter(s, sources), timeRange(s, period)))
	}
	found := slices.Clone(documents)
	aggs, perIndicator := object{}, object{}
	for key, i := range indicators {
		if i.Total.IsZero() {
			continue
		}
		if countsEverything(i) {
			aggs[string(key)] = times(i, width)
			if len(sources) > 1 {
				aggs[string(key)] = object{"filter": indexFilter(i.Source, sources), "aggs": object{timesAgg: times(i, width)}}
			}
			continue
		}
		total := all(indexFilter(i.Source, sources), condition(i.Total))
		events = append(events, total)
		perIndicator[string(key)] = object{"filter": total, "aggs": bucketAggs(i, width)}
		if i.Within > 0 {
			earlier := count.Span{From: period.From.Add(-i.Within), To: period.From}
			found = append(found, all(total, timeRange(i.Source, earlier)))
		}
	}
	if len(events) > 0 {
		aggs[eventsAgg] = object{"filter": anyOf(events), "aggs": perIndicator}
	}
	if len(found) > len(documents) { // else all documents that are found are of the period
		aggs[documentsAgg] = object{"filter": anyOf(documents)}
	}
	return object{"size": 0, "track_total_hits": true, "query": anyOf(found), "aggs": aggs}
}

// earliest is the time of the oldest document that countQuery finds.
func earliest(indicators map[slo.Key]slo.Indicator, period count.Span) time.Time {
	from := period.From
	for _, i := range indicators {
		if earlier := period.From.Add(-i.Within); earlier.Before(from) {
			from = earlier
		}
	}
	return from
}

// countsEverything reports whether i counts all documents of its source. If the query
// is nothing but a range of time, as for one source, OpenSearch answers such a
// histogram from the index of times, without reading documents.
func countsEverything(i slo.Indicator) bool {
	return i.Total.All != nil && len(i.Total.All) == 0 && i.Bad.IsZero() && i.Source.RegionField == "" && i.Within == 0
}

// bucketAggs are the buckets of one indicator by time, and by region if it has one.
func bucketAggs(i slo.Indicator, width time.Duration) object {
	perTime := times(i, width)
	if !i.Bad.IsZero() {
		perTime["aggs"] = object{badAgg: object{"filter": condition(i.Bad)}}
	}
	if i.Source.RegionField == "" {
		return object{timesAgg: perTime}
	}
	aggs := object{timesAgg: perTime}
	return object{
		regionsAgg:  object{"terms": object{"field": i.Source.RegionField, "size": maxRegions}, "aggs": aggs},
		noRegionAgg: object{"missing": object{"field": i.Source.RegionField}, "aggs": aggs},
	}
}

func times(i slo.Indicator, width time.Duration) object {
	return object{"date_histogram": object{
		"field": i.Source.TimeField, "fixed_interval": fmt.Sprintf("%dms", width.Milliseconds()), "min_doc_count": 1,
	}}
}

// tracesQuery finds the latest bad events of i that belong to a trace.
func tracesQuery(i slo.Indicator, period count.Span) object {
	return object{
		"size":    10 * maxTraces, // several may belong to one trace
		"_source": false,
		"fields":  []string{i.Source.TraceField},
		"sort":    []object{{i.Source.TimeField: "desc"}},
		"query": all(timeRange(i.Source, period), condition(i.Total), condition(i.Bad),
			object{"exists": object{"field": i.Source.TraceField}}),
	}
}

// place is where documents are and which of their fields is the time.
type place struct{ index, timeField string }

func placeOf(s slo.Source) place { return place{s.Index, s.TimeField} }

// sourcesOf are the sources that differ in where their documents are, in a fixed
// order.
func sourcesOf(indicators map[slo.Key]slo.Indicator) []slo.Source {
	byPlace := map[place]slo.Source{}
	for _, i := range indicators {
		byPlace[placeOf(i.Source)] = i.Source
	}
	return slices.SortedFunc(maps.Values(byPlace), func(a, b slo.Source) int {
		return strings.Compare(a.Index+a.TimeField, b.Index+b.TimeField)
	})
}

// patterns are the parts of an index pattern.
func patterns(index string) []string { return strings.Split(index, ",") }

// indexFilter selects the indices of s where the search reads those of others, too.
func indexFilter(s slo.Source, sources []slo.Source) object {
	if !slices.ContainsFunc(sources, func(other slo.Source) bool { return other.Index != s.Index }) {
		return object{"match_all": object{}}
	}
	var parts []object
	for _, pattern := range patterns(s.Index) {
		parts = append(parts, object{"wildcard": object{"_index": pattern}})
	}
	return anyOf(parts)
}

func timeRange(s slo.Source, period count.Span) object {
	// The format is given because that of the mapping may be any.
	return object{"range": object{s.TimeField: object{
		"gte": period.From.UnixMilli(), "lt": period.To.UnixMilli(), "format": "epoch_millis",
	}}}
}

// condition compiles c. A condition holds for no event when it is zero.
func condition(c slo.Condition) object {
	switch {
	case c.IsZero():
		return object{"match_none": object{}}
	case c.All != nil:
		return all(conditions(c.All)...)
	case c.Any != nil:
		return anyOf(conditions(c.Any))
	}
	switch c.Op {
	case slo.Is:
		return object{"term": object{c.Field: c.Value}}
	case slo.IsNot:
		return object{"bool": object{"must_not": object{"term": object{c.Field: c.Value}}}}
	case slo.AtLeast:
		return object{"range": object{c.Field: object{"gte": c.Value}}}
	case slo.Below:
		return object{"range": object{c.Field: object{"lt": c.Value}}}
	}
	panic(fmt.Sprintf("indicator: unknown comparison %q", c.Op)) // package spec refuses it
}

func conditions(all []slo.Condition) []object {
	compiled := make([]object, len(all))
	for i, c := range all {
		compiled[i] = condition(c)
	}
	return compiled
}

// all holds when each part does. Parts without a test are left out.
func all(parts ...object) object {
	parts = slices.DeleteFunc(parts, func(o object) bool { return o["match_all"] != nil })
	switch len(parts) {
	case 0:
		return object{"match_all": object{}}
	case 1:
		return parts[0]
	}
	return object{"bool": object{"filter": parts}}
}

// anyOf holds when at least one part does.
func anyOf(parts []object) object {
	switch len(parts) {
	case 0:
		return object{"match_none": object{}}
	case 1:
		return parts[0]
	}
	return object{"bool": object{"should": parts, "minimum_should_match": 1}}
}
