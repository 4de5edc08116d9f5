package board

import (
	"encoding/json"
	"fmt"
	"time"
)

type object = map[string]any

// Search is a search: an index pattern and the request body.
type Search struct {
	Indices string
	Body    []byte
}

// Search compiles the panel for the time range from ≤ t < to. prefix is prepended to
// the index names; tests use it to isolate their documents.
func (p *Panel) Search(prefix string, from, to time.Time) (Search, error) {
	family := p.Index.Family()
	body := object{
		"size":             0,
		"track_total_hits": true,
		"query": object{"bool": object{"filter": append(p.filters(p.Where), object{"range": object{family.Time: object{
			"gte": from.UTC().Format(time.RFC3339Nano), "lt": to.UTC().Format(time.RFC3339Nano)}}})}},
	}
	switch p.Type {
	case Bars:
		var ranges []object
		for _, r := range p.By.Ranges {
			ranges = append(ranges, object{"key": r.Label, "from": r.From, "to": r.To})
		}
		body["aggs"] = p.overTime(object{"range": object{"field": p.Index.doc(p.By.Field), "ranges": ranges}})
	case Percentiles:
		body["aggs"] = p.overTime(object{"percentiles": object{"field": p.Index.doc(p.Of), "percents": p.Percents, "keyed": false}})
	case Ratio:
		body["aggs"] = object{
			"total": object{"filter": object{"bool": object{"filter": p.filters(p.Total)}}},
			"good":  object{"filter": object{"bool": object{"filter": append(p.filters(p.Total), p.filters(p.Good)...)}}},
		}
	case Top:
		body["aggs"] = object{"top": object{"terms": object{"field": p.Index.doc(p.By.Field), "size": p.Size}}}
	case Documents:
		body["size"] = p.Size
		body["_source"] = false
		fields := []string{family.Time}
		for _, c := range p.Columns {
			fields = append(fields, p.Index.doc(c))
		}
		body["fields"] = fields
		body["sort"] = []object{{p.Index.doc(p.Sort.Field): object{"order": p.Sort.Order, "unmapped_type": "long"}}}
	default:
		return Search{}, fmt.Errorf("panel %s: type %q is unknown", p.ID, p.Type)
	}
	text, err := json.Marshal(body)
	return Search{prefix + family.Pattern(), text}, err
}

// overTime wraps an aggregation in a date histogram without empty buckets.
func (p *Panel) overTime(of object) object {
	return object{"times": object{
		"date_histogram": object{"field": p.Index.Family().Time, "fixed_interval": p.Every, "min_doc_count": 1},
		"aggs":           object{"of": of},
	}}
}

// filters compiles conditions. No conditions match every document.
func (p *Panel) filters(conditions []Condition) []object {
	out := []object{}
	for _, c := range conditions {
		out = append(out, p.filter(c))
	}
	return out
}

func (p *Panel) filter(c Condition) object {
	field := p.Index.doc(c.Field)
	switch {
	case c.Is != nil:
		return object{"term": object{field: c.Is}}
	case c.IsNot != nil:
		return object{"bool": object{"must_not": object{"term": object{field: c.IsNot}}}}
	case c.AtLeast != nil:
		return object{"range": object{field: object{"gte": *c.AtLeast}}}
	case c.Below != nil:
		return object{"range": object{field: object{"lt": *c.Below}}}
	case c.Any != nil:
		return object{"bool": object{"should": p.filters(c.Any), "minimum_should_match": 1}}
	case c.All != nil:
		return object{"bool": object{"filter": p.filters(c.All)}}
	}
	return object{"exists": object{"field": field}}
}
