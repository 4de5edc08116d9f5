package indicator

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

// filterCounts is the response for one filter of a group: its buckets are in Regions
// and NoRegion, or in Times when the source has no regions.
type filterCounts struct {
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
	} `json:"buckets"`
}

// decodeCounts decodes the response to a countQuery that found so many documents.
func decodeCounts(response []byte, found int64, indicators map[slo.Key]slo.Indicator, period count.Span) (
	counts map[slo.Key][]count.Bucket, documents int64, err error) {
	counts = map[slo.Key][]count.Bucket{}
	if len(response) == 0 { // no index exists, or nothing was to be counted
		return counts, found, nil
	}
	var aggs map[string]json.RawMessage
	inPeriod := struct {
		Count int64 `json:"doc_count"`
	}{found}
	err = json.Unmarshal(response, &aggs)
	if one := aggs[documentsAgg]; len(one) > 0 {
		err = errors.Join(err, json.Unmarshal(one, &inPeriod))
	}
	events, failed := decodeGroups(aggs)
	if err = errors.Join(err, failed); err != nil {
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
		} else {
			buckets, err = countsOf(events, key, i, longer)
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

// decodeGroups are the counts of the filters of all groups, by their names.
func decodeGroups(aggs map[string]json.RawMessage) (map[string]filterCounts, error) {
	all := map[string]filterCounts{}
	for name, response := range aggs {
		if !strings.HasPrefix(name, eventsAgg) {
			continue
		}
		var group struct {
			Counted struct {
				Buckets map[string]filterCounts `json:"buckets"`
			} `json:"counted"`
		}
		if err := json.Unmarshal(response, &group); err != nil {
			return nil, err
		}
		maps.Copy(all, group.Counted.Buckets)
	}
	return all, nil
}

// countsOf are the buckets of one indicator: the events of its filter are good, except
// those of the filter for bad ones.
func countsOf(events map[string]filterCounts, key slo.Key, i slo.Indicator, period count.Span) ([]count.Bucket, error) {
	all, err := events[string(key)].buckets(i, period)
	if err != nil {
		return nil, err
	}
	bad, err := events[string(key)+badSuffix].buckets(i, period)
	if err != nil {
		return nil, err
	}
	type place struct {
		at     time.Time
		region string
	}
	of := map[place]int64{}
	for _, b := range bad {
		of[place{b.At, b.Region}] = b.Count.Good
	}
	for n := range all {
		b := &all[n]
		b.Count.Bad = of[place{b.At, b.Region}]
		b.Count.Good -= b.Count.Bad
	}
	slices.SortFunc(all, byPlace)
	return all, nil
}

// buckets are those of a filter, with all its events as good ones.
func (c filterCounts) buckets(i slo.Indicator, period count.Span) ([]count.Bucket, error) {
	all := append(c.Times.buckets("", period), c.NoRegion.Times.buckets("", period)...)
	if c.Regions == nil {
		return all, nil
	}
	if c.Regions.Others > 0 {
		return nil, fmt.Errorf("the field %s has more than %d values: it is no region", i.Source.RegionField, maxRegions)
	}
	for _, r := range c.Regions.Buckets {
		all = append(all, r.Times.buckets(storable(fmt.Sprint(r.Key)), period)...)
	}
	return merged(all), nil
}

// merged adds buckets of the same time and region up: two values of the field may be
// one region after storable.
func merged(all []count.Bucket) []count.Bucket {
	slices.SortStableFunc(all, byPlace)
	sums := all[:0]
	for _, b := range all {
		if last := len(sums) - 1; last >= 0 && byPlace(sums[last], b) == 0 {
			sums[last].Count.Good += b.Count.Good
			sums[last].Count.Bad += b.Count.Bad
			continue
		}
		sums = append(sums, b)
	}
	return sums
}

func byPlace(a, b count.Bucket) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Region, b.Region))
}

// storable is text of a log without the character NUL, which PostgreSQL cannot store.
// Else one line of a log that clients write to, with it in a region or an error, would
// make every tick fail.
func storable(text string) string { return strings.ReplaceAll(text, "\x00", "\uFFFD") }

// buckets are those of the period. There are others when another indicator of the
// search reads a longer one.
func (t histogram) buckets(region string, period count.Span) []count.Bucket {
	var all []count.Bucket
	for _, b := range t.Buckets {
		at := time.UnixMilli(b.Key).UTC()
		if at.Before(period.From) || !at.Before(period.To) {
			continue
		}
		all = append(all, count.Bucket{At: at, Region: region, Count: slo.Count{Good: b.Count}})
	}
	return all
}
