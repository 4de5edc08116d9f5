package main

// The files that ask OpenSearch.
const (
	query    = "indicator/query.go"
	examples = "indicator/evidence.go"
	old      = "indicator/old.go"
	decode   = "indicator/decode.go"
)

// searching are mistakes in what is asked, and in how the response is read.
var searching = []mutation{
	{"the first moment of a period does not count", query,
		"\"gte\": period.From.UnixMilli()", "\"gt\": period.From.UnixMilli()", bySearching, false},
	{"the first moment after a period counts", query, "\"lt\": period.To.UnixMilli()", "\"lte\": period.To.UnixMilli()", bySearching, false},
	{"at least is more than", query, "object{\"gte\": c.Value}", "object{\"gt\": c.Value}", bySearching, false},
	{"below is at most", query, "object{\"lt\": c.Value}", "object{\"lte\": c.Value}", bySearching, false},
	{"is not is is", query, "\"must_not\": object{\"term\"", "\"filter\": object{\"term\"", bySearching, true},
	{"any needs two", query, "\"minimum_should_match\": 1", "\"minimum_should_match\": 2", bySearching, false},
	{"all needs one", query, "return all(conditions(c.All)...)", "return anyOf(conditions(c.All))", bySearching, false},
	{"an indicator counts the documents of other indices", query,
		`"wildcard": object{"_index": pattern}`, `"wildcard": object{"_index": "*" + pattern[:0]}`, bySearching, false},
	{"events before the period make no slice good", query,
		"if i.Within > 0 {\n\t\t\tearlier", "if false {\n\t\t\tearlier", bySearching, false},
	{"events before the period are not decoded", decode, "period.From.Add(-i.Within)", "period.From", bySearching, false},
	{"events without a region are left out", query, `noRegionAgg: object{"filter"`, `"other": object{"filter"`, bySearching, false},
	{"bad events are good, too", decode, "b.Count.Good -= b.Count.Bad", "_ = b.Count.Bad", bySearching, false},
	{"bad events are those of another time", decode,
		"of[place{b.At, b.Region}] = b.Count.Good", "of[place{b.At.Add(1), b.Region}] = b.Count.Good", bySearching, false},
	{"bad events count without the condition of all", query, "= all(total, condition(i.Bad))", "= condition(i.Bad)", bySearching, false},
	{"the indicators of a group count each other's events", query, "\"filters\": events}", "\"filters\": filters{}}", bySearching, false},
	{"regions beyond the limit are left out", decode, "if c.Regions.Others > 0 {", "if false {", bySearching, false},
	{"buckets before the period are decoded", decode, "if at.Before(period.From) || !at", "if !at", bySearching, false},
	{"a part of the result is taken for all", "indicator/opensearch.go",
		"case response.Shards.Failed > 0:", "case false:", bySearching, false},
	{"a search that timed out is taken for a result", "indicator/opensearch.go",
		"case response.Timeout:", "case false:", bySearching, false},
	{"example traces are the oldest ones", examples,
		"s.TimeField: object{\"order\": \"desc\"", "s.TimeField: object{\"order\": \"asc\"", bySearching, false},
	{"example traces are those without spans", examples,
		"shown.Kept: object{\"order\": \"desc\"", "shown.Kept: object{\"order\": \"asc\"", bySearching, false},
	{"good events are examples, too", examples, "condition(i.Total), condition(bad))", "condition(i.Total))", bySearching, false},
	{"an index with new documents is old, too", old, "return slices.Contains(newer, name)", "return slices.Contains(newer, name) && false", bySearching, false},
	{"old indices are left out of searches of older periods", old, "from.Before(o.since) ||", "", bySearching, false},
	{"an index is old by one of its sources", old, "return !o.of[placeOf(s)]", "return false", bySearching, false},
	{"old indices are kept when nobody knows them", old, "\t\task = nil\n", "\t\treturn\n", bySearching, false},
}
