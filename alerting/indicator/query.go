package indicator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

type object = map[string]any

// maxRegions limits the regions of one indicator. More are an error: events of the
// others would not be counted.
const maxRegions = 100

// The names of aggregations. Those of an indicator that counts everything are its key.
const (
	documentsAgg = "documents"
	eventsAgg    = "events" // and a number, for each group
	countedAgg   = "counted"
	regionsAgg   = "regions"
	noRegionAgg  = "no_region"
	timesAgg     = "times"
	badSuffix    = ".bad" // after an indicator's key: its bad events
)

// countQuery counts the buckets of all indicators with one search, and the documents
// of the period. Its size grows with the number of indicators, its cost with the
// length of the period; neither grows with the windows that are evaluated later.
//
// Every document is tested once for whether it counts at all. Only those that do are
// tested for each indicator, which are few among all lines of a system.
//
// The indicators of one source share one aggregation with a filter for each: to prepare
// aggregations of its own for each indicator took OpenSearch twice the time of the
// whole search (docs/decisions/0028-indicators-share-an-aggregation.md).
func countQuery(indicators map[slo.Key]slo.Indicator, period count.Span, width time.Duration) object {
	sources := sourcesOf(indicators)
	var documents []object
	for _, s := range sources {
		documents = append(documents, all(indexFilter(s, sources), timeRange(s, period)))
	}
	found := slices.Clone(documents)
	aggs, groups := object{}, map[group]filters{}
	for key, i := range indicators {
		if i.Total.IsZero() {
			continue
		}
		if countsEverything(i) {
			aggs[string(key)] = times(i.Source, width)
			if len(sources) > 1 {
				aggs[string(key)] = object{"filter": indexFilter(i.Source, sources), "aggs": object{timesAgg: times(i.Source, width)}}
			}
			continue
		}
		total, of := condition(i.Total), group{placeOf(i.Source), i.Source.RegionField}
		if groups[of] == nil {
			groups[of] = filters{}
		}
		groups[of][string(key)] = total
		if !i.Bad.IsZero() {
			groups[of][string(key)+badSuffix] = all(total, condition(i.Bad))
		}
		if i.Within > 0 {
			earlier := count.Span{From: period.From.Add(-i.Within), To: period.From}
			found = append(found, all(indexFilter(i.Source, sources), total, timeRange(i.Source, earlier)))
		}
	}
	for of, events := range groups {
		source := slo.Source{Index: of.index, TimeField: of.timeField, RegionField: of.region}
		aggs[eventsAgg+strconv.Itoa(len(aggs))] = object{
			"filter": all(indexFilter(source, sources), anyOf(events.totals())),
			"aggs":   object{countedAgg: object{"filters": object{"filters": events}, "aggs": bucketAggs(source, width)}},
		}
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

// group is what indicators have in common that share an aggregation.
type group struct {
	place
	region string // field
}

// filters are those of a group, by the key of an indicator; those of bad events have a
// suffix.
type filters map[string]object

// totals are the filters without those of bad events, in a fixed order.
func (f filters) totals() (all []object) {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if !strings.HasSuffix(name, badSuffix) {
			all = append(all, f[name])
		}
	}
	return all
}

// bucketAggs are the buckets of a source by time, and by region if it has one. Events
// without a region are found by a filter: below another filter, the aggregation missing
// of OpenSearch 3.8 counts events once for each of its filters when no index has the
// field.
func bucketAggs(s slo.Source, width time.Duration) object {
	aggs := object{timesAgg: times(s, width)}
	if s.RegionField == "" {
		return aggs
	}
	return object{
		regionsAgg:  object{"terms": object{"field": s.RegionField, "size": maxRegions}, "aggs": aggs},
		noRegionAgg: object{"filter": object{"bool": object{"must_not": object{"exists": object{"field": s.RegionField}}}}, "aggs": aggs},
	}
}

func times(s slo.Source, width time.Duration) object {
	return object{"date_histogram": object{
		"field": s.TimeField, "fixed_interval": fmt.Sprintf("%dms", width.Milliseconds()), "min_doc_count": 1,
	}}
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
