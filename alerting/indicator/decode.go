package indicator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// indicatorCounts is the response for one indicator: its buckets are in Regions and
// NoRegion, or in Times when its source has no regions.
type indicatorCounts struct {
	Regions *struct {
		Others  int64 `json:"sum_other_doc_count"`
		Buckets []struct {
			Key   any       `json:"key"` // a string, or a number where the field is one
			Times histogram `json:"times"`
		} `json:"buckets"`
	} `json:"regions"`
	NoRegion struct {
		Times histogram `json:"times"`
	} `json:"no_region"`
	Times histogram `json:"times"`
}

type histogram struct {
	Buckets []struct {
		Key   int64 `json:"key"` // milliseconds
		Count int64 `json:"doc_count"`
		Bad   struct {
			Count int64 `json:"doc_count"`
		} `json:"bad"`
	} `json:"buckets"`
}

// decodeCounts decodes the response to a countQuery that found so many documents.
func decodeCounts(response []byte, found int64, indicators map[slo.Key]slo.Indicator, period count.Span) (
	counts map[slo.Key][]count.Bucket, documents int64, err error) {
	counts = map[slo.Key][]count.Bucket{}
	if len(response) == 0 { // no index exists, or nothing was to be counted
		return counts, found, nil
	}
	var aggs, events map[string]json.RawMessage
	inPeriod := struct {
		Count int64 `json:"doc_count"`
	}{found}
	err = json.Unmarshal(response, &aggs)
	for name, into := range map[string]any{eventsAgg: &events, documentsAgg: &inPeriod} {
		if len(aggs[name]) > 0 {
			err = errors.Join(err, json.Unmarshal(aggs[name], into))
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("decode the response: %w", err)
	}
	for key, i := range indicators {
		longer := count.Span{From: period.From.Add(-i.Within), To: period.To}
		var buckets []count.Bucket
		if all := aggs[string(key)]; len(all) > 0 {
			var everything struct {
				histogram
				Times histogram `json:"times"` // of one source among several
			}
			err = json.Unmarshal(all, &everything)
			buckets = append(everything.buckets("", longer), everything.Times.buckets("", longer)...)
		} else if one := events[string(key)]; len(one) > 0 {
			buckets, err = decodeIndicator(one, i, longer)
		}
		if err != nil {
			return nil, 0, fmt.Errorf("decode the counts: %w", err)
		}
		if len(buckets) > 0 {
			counts[key] = buckets
		}
	}
	return counts, inPeriod.Count, nil
}

func decodeIndicator(response []byte, i slo.Indicator, period count.Span) ([]count.Bucket, error) {
	var counts indicatorCounts
	if err := json.Unmarshal(response, &counts); err != nil {
		return nil, err
	}
	all := append(counts.Times.buckets("", period), counts.NoRegion.Times.buckets("", period)...)
	if counts.Regions != nil {
		if counts.Regions.Others > 0 {
			return nil, fmt.Errorf("the field %s has more than %d values: it is no region", i.Source.RegionField, maxRegions)
		}
		for _, r := range counts.Regions.Buckets {
			all = append(all, r.Times.buckets(fmt.Sprint(r.Key), period)...)
		}
	}
	slices.SortFunc(all, func(a, b count.Bucket) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Region, b.Region))
	})
	return all, nil
}

// buckets are those of the period. There are others when another indicator of the
// search reads a longer one.
func (t histogram) buckets(region string, period count.Span) []count.Bucket {
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
