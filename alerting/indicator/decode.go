package indicator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// counted is the response to a countQuery.
type counted struct {
	Documents struct {
		Count int64 `json:"doc_count"`
	} `json:"documents"`
	Events map[string]json.RawMessage `json:"events"`
}

// indicatorCounts is the response for one indicator: its buckets are in Regions and
// NoRegion, or in Times when its source has no regions.
type indicatorCounts struct {
	Regions *struct {
		Others  int64 `json:"sum_other_doc_count"`
		Buckets []struct {
			Key   any   `json:"key"` // a string, or a number where the field is one
			Times times `json:"times"`
		} `json:"buckets"`
	} `json:"regions"`
	NoRegion struct {
		Times times `json:"times"`
	} `json:"no_region"`
	Times times `json:"times"`
}

type times struct {
	Buckets []struct {
		Key   int64 `json:"key"` // milliseconds
		Count int64 `json:"doc_count"`
		Bad   struct {
			Count int64 `json:"doc_count"`
		} `json:"bad"`
	} `json:"buckets"`
}

func decodeCounts(aggregations []byte, indicators map[slo.Key]slo.Indicator, period count.Span) (map[slo.Key][]count.Bucket, int64, error) {
	all := map[slo.Key][]count.Bucket{}
	if len(aggregations) == 0 { // no index exists
		return all, 0, nil
	}
	var response counted
	if err := json.Unmarshal(aggregations, &response); err != nil {
		return nil, 0, fmt.Errorf("decode the response: %w", err)
	}
	for key, i := range indicators {
		one := response.Events[string(key)]
		if len(one) == 0 {
			continue
		}
		var counts indicatorCounts
		if err := json.Unmarshal(one, &counts); err != nil {
			return nil, 0, fmt.Errorf("decode the counts: %w", err)
		}
		longer := count.Span{From: period.From.Add(-i.Within), To: period.To}
		buckets := append(counts.Times.buckets("", longer), counts.NoRegion.Times.buckets("", longer)...)
		if counts.Regions != nil {
			if counts.Regions.Others > 0 {
				return nil, 0, fmt.Errorf("the field %s has more than %d values: it is no region", i.Source.RegionField, maxRegions)
			}
			for _, r := range counts.Regions.Buckets {
				buckets = append(buckets, r.Times.buckets(fmt.Sprint(r.Key), longer)...)
			}
		}
		slices.SortFunc(buckets, func(a, b count.Bucket) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Region, b.Region))
		})
		if len(buckets) > 0 {
			all[key] = buckets
		}
	}
	return all, response.Documents.Count, nil
}

// buckets are those of the period. There are others when another indicator of the
// search reads a longer one.
func (t times) buckets(region string, period count.Span) []count.Bucket {
	var all []count.Bucket
	for _, b := range t.Buckets {
		at := time.UnixMilli(b.Key).UTC()
		if at.Before(period.From) || !at.Before(period.To) {
			continue
		}
		all = append(all, count.Bucket{At: at, Region: region, Count: slo.Count{Good: b.Count - b.Bad.Count, Bad: b.Bad.Count}})
	}
	return all
}
