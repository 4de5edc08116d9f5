package indicator

import (
	"fmt"
	"time"

	"jari.example/alerting/slo"
	"jari.example/telemetry/names"
)

type object = map[string]any

// countQuery counts the buckets of every objective at once. Its size grows with
// the number of objectives, its cost with the length of [from, to); neither
// grows with the windows that are evaluated later.
func countQuery(slos []slo.SLO, from, to time.Time, width time.Duration) object {
	aggs := object{}
	for _, s := range slos {
		aggs[s.Name] = object{
			"filter": filter(s.Indicator.Total),
			"aggs": object{"buckets": object{
				"date_histogram": object{
					"field":          names.DocTime,
					"fixed_interval": fmt.Sprintf("%dms", width.Milliseconds()),
					"min_doc_count":  1,
				},
				"aggs": object{"bad": object{"filter": filter(s.Indicator.Bad)}},
			}},
		}
	}
	return object{
		"size":             0,
		"track_total_hits": 1, // only whether there is any telemetry
		"query":            timeRange(from, to),
		"aggs":             aggs,
	}
}

func evidenceQuery(s slo.SLO, from, to time.Time) object {
	bad := filter(append(append([]slo.Condition{}, s.Indicator.Total...), s.Indicator.Bad...))
	return object{
		// Several of the latest may share a trace or have none.
		"size":    10 * maxTraces,
		"_source": []string{names.DocTraceID},
		"sort":    []object{{names.DocTime: "desc"}},
		"query":   object{"bool": object{"filter": []object{timeRange(from, to), bad}}},
		"aggs":    object{"regions": object{"terms": object{"field": docField(names.CloudRegion), "size": 20}}},
	}
}

func timeRange(from, to time.Time) object {
	return object{"range": object{names.DocTime: object{
		"gte": from.UTC().Format(time.RFC3339Nano), "lt": to.UTC().Format(time.RFC3339Nano),
	}}}
}

func filter(conditions []slo.Condition) object {
	must, mustNot := []object{}, []object{}
	for _, c := range conditions {
		switch field := docField(c.Field); c.Op {
		case slo.Is:
			must = append(must, object{"term": object{field: c.Value}})
		case slo.IsNot:
			mustNot = append(mustNot, object{"term": object{field: c.Value}})
		case slo.AtLeast:
			must = append(must, object{"range": object{field: object{"gte": c.Value}}})
		}
	}
	return object{"bool": object{"filter": must, "must_not": mustNot}}
}

// docField is the document field of a log line's field. Package spec has refused
// the fields that have none.
func docField(field string) string {
	name, ok := names.DocName(field)
	if !ok {
		panic("indicator: the field " + field + " is not mapped in documents")
	}
	return name
}
