package board

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Table is the content of a panel of any type: a row per minute, value or document.
// A cell is a time.Time, a float64, a string, or nil for no value.
type Table struct {
	Columns []string
	Rows    [][]any
	Total   int // number of matching documents
}

// Response is the part of a search response that panels read.
type Response struct {
	Hits struct {
		Total struct{ Value int }
		Hits  []struct {
			Fields map[string][]any `json:"fields"`
		}
	}
	Aggregations json.RawMessage
}

type buckets struct {
	Buckets []struct {
		Key      any     `json:"key"`
		DocCount float64 `json:"doc_count"`
		Of       struct {
			Buckets []struct {
				Key      string  `json:"key"`
				DocCount float64 `json:"doc_count"`
			}
			Values []struct {
				Key   float64  `json:"key"`
				Value *float64 `json:"value"`
			}
		} `json:"of"`
	}
}

type count struct {
	DocCount float64 `json:"doc_count"`
}

// Table converts the response to the panel's search.
func (p *Panel) Table(r Response) (Table, error) {
	t := Table{Total: r.Hits.Total.Value}
	var a struct {
		Times, Top  buckets
		Total, Good count
	}
	if len(r.Aggregations) > 0 {
		if err := json.Unmarshal(r.Aggregations, &a); err != nil {
			return t, fmt.Errorf("panel %s: %w", p.ID, err)
		}
	}
	switch p.Type {
	case Bars:
		t.Columns = []string{"time"}
		for _, r := range p.By.Ranges {
			t.Columns = append(t.Columns, r.Label)
		}
		for _, b := range a.Times.Buckets {
			counts, row := map[string]float64{}, []any{instant(b.Key)}
			for _, of := range b.Of.Buckets {
				counts[of.Key] = of.DocCount
			}
			for _, label := range t.Columns[1:] {
				row = append(row, counts[label])
			}
			t.Rows = append(t.Rows, row)
		}
	case Percentiles:
		t.Columns = []string{"time"}
		for _, q := range p.Percents {
			t.Columns = append(t.Columns, "p"+strconv.FormatFloat(q, 'g', -1, 64))
		}
		for _, b := range a.Times.Buckets {
			row, found := []any{instant(b.Key)}, false
			for _, v := range b.Of.Values {
				if found = found || v.Value != nil; v.Value == nil {
					row = append(row, nil)
				} else {
					row = append(row, *v.Value)
				}
			}
			if found {
				t.Rows = append(t.Rows, row)
			}
		}
	case Ratio:
		t.Columns = []string{"good", "total", "ratio"}
		if a.Total.DocCount > 0 {
			t.Rows = [][]any{{a.Good.DocCount, a.Total.DocCount, a.Good.DocCount / a.Total.DocCount}}
		}
	case Top:
		t.Columns = []string{p.By.Field, "count"}
		for _, b := range a.Top.Buckets {
			t.Rows = append(t.Rows, []any{fmt.Sprint(b.Key), b.DocCount})
		}
	case Documents:
		t.Columns = append([]string{"time"}, p.Columns...)
		docs := []string{p.Index.Family().Time}
		for _, c := range p.Columns {
			docs = append(docs, p.Index.doc(c))
		}
		for _, h := range r.Hits.Hits {
			var row []any
			for i, doc := range docs {
				row = append(row, cell(h.Fields[doc], i == 0))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t, nil
}

// instant converts a histogram's key, milliseconds since 1970.
func instant(key any) any {
	ms, ok := key.(float64)
	if !ok {
		return nil
	}
	return time.UnixMilli(int64(ms)).UTC()
}

func cell(values []any, isTime bool) any {
	if len(values) == 0 {
		return nil
	}
	switch v := values[0].(type) {
	case float64:
		return v
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); isTime && err == nil {
			return t
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}
