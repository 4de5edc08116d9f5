package query

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"jari.example/telemetry/names"
)

// found is what OpenSearch responds to a search.
type found struct {
	TimedOut bool `json:"timed_out"`
	Shards   struct {
		Failed int `json:"failed"`
	} `json:"_shards"`
	Hits struct {
		Hits []struct {
			Source object `json:"_source"`
		} `json:"hits"`
	} `json:"hits"`
	Aggregations struct {
		Groups struct {
			Buckets []object `json:"buckets"`
		} `json:"groups"`
	} `json:"aggregations"`
}

// DecodeSearch turns OpenSearch's response to SearchCall into a table. A partial result is an
// error: what is missing could be what matters.
func (q Query) DecodeSearch(response []byte) (Table, error) {
	var f found
	if err := json.Unmarshal(response, &f); err != nil {
		return Table{}, fmt.Errorf("OpenSearch's response cannot be read: %w", err)
	}
	if f.TimedOut || f.Shards.Failed > 0 {
		return Table{}, fmt.Errorf("OpenSearch's result is not complete: timed out %v, %d shards failed", f.TimedOut, f.Shards.Failed)
	}
	if len(f.Aggregations.Groups.Buckets) > maxRows {
		return Table{}, Callerf("there are more than %d rows; choose one region or a shorter period (-region, -since)", maxRows)
	}
	t := Table{Columns: q.Search.titles()}
	for _, hit := range f.Hits.Hits {
		var row []any
		for _, c := range q.Search.List {
			doc, _ := docField(q.Search.Documents, c.Of)
			row = append(row, q.Search.typed(doc, At(hit.Source, doc)))
		}
		t.Rows = append(t.Rows, row)
	}
	for _, bucket := range f.Aggregations.Groups.Buckets {
		t.Rows = append(t.Rows, q.Search.row(bucket))
	}
	return t, nil
}

func (s Search) row(bucket object) (row []any) {
	key, _ := bucket["key"].(object)
	if s.Every > 0 {
		row = append(row, s.typed(families[s.Documents].time, key[timeColumn]))
	}
	for _, c := range s.Group {
		doc, _ := docField(s.Documents, c.Of)
		row = append(row, s.typed(doc, key[c.Title]))
	}
	for _, c := range s.Values {
		function, field, _ := strings.Cut(c.Of, " ")
		doc, _ := docField(s.Documents, field)
		result, _ := bucket[c.Title].(object)
		switch function {
		case "count":
			row = append(row, bucket["doc_count"])
		case "p50", "p99":
			row = append(row, At(result, "values."+function[1:]+".0"))
		case "newest", "oldest":
			row = append(row, s.typed(doc, At(result, "hits.hits.0._source."+doc)))
		default:
			row = append(row, s.typed(doc, result["value"]))
		}
	}
	return row
}

// typed turns the value of a field into one of a table: times, durations in seconds, and
// the short names of regions.
func (s Search) typed(doc string, value any) any {
	if kindOf(s.Documents, doc) == names.DateNanos {
		switch v := value.(type) {
		case float64: // milliseconds
			return time.UnixMicro(int64(v * 1000)).UTC()
		case string:
			if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
				return at.UTC()
			}
		}
		return value
	}
	if nanoseconds, ok := value.(float64); ok && doc == names.DocDuration {
		return nanoseconds / 1e9
	}
	if doc == names.CloudRegion {
		for short, id := range names.Regions {
			if value == id {
				return short
			}
		}
	}
	return value
}

// At returns the value at a path of members, such as "status" or "a.b", in decoded JSON.
// A member whose name contains dots is found, too, and a number is an index of a list.
// nil stands for no such value.
func At(value any, path string) any {
	if path == "" {
		return value
	}
	switch v := value.(type) {
	case object:
		for end := len(path); end > 0; end = strings.LastIndexByte(path[:end], '.') {
			if inner, ok := v[path[:end]]; ok {
				return At(inner, strings.TrimPrefix(path[end:], "."))
			}
		}
	case []any:
		index, rest, _ := strings.Cut(path, ".")
		if i, err := strconv.Atoi(index); err == nil && i >= 0 && i < len(v) {
			return At(v[i], rest)
		}
	}
	return nil
}
