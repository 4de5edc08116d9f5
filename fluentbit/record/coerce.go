package record

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"jari.example/telemetry/names"
)

// coerce converts v to a form that a mapping of this kind accepts. ok is false if
// the mapping would refuse the whole document.
func coerce(kind names.Kind, v any) (c any, ok bool) {
	switch kind {
	case names.Keyword, names.Text:
		return toScalar(v)
	case names.DateNanos:
		return toTime(v)
	case names.Boolean:
		if s, isString := v.(string); isString {
			b, err := strconv.ParseBool(s)
			return b, err == nil
		}
		b, isBool := v.(bool)
		return b, isBool
	case names.Integer:
		n, ok := toInteger(v)
		return n, ok && n >= math.MinInt32 && n <= math.MaxInt32
	case names.Long:
		return toInteger(v)
	case names.Double:
		f, ok := toFloat(v)
		return f, ok && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return nil, false
}

func toScalar(v any) (any, bool) {
	switch v := v.(type) {
	case string, bool, int64, uint64, float64, json.Number:
		return v, true
	case []any:
		for _, e := range v {
			if _, ok := e.(string); !ok {
				return nil, false
			}
		}
		return v, true
	}
	return nil, false
}

func toInteger(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	case json.Number:
		return toInteger(string(v))
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	case json.Number:
		return toFloat(string(v))
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return f, err == nil
	}
	return 0, false
}

// toTime writes times that OpenSearch's date_nanos can hold, 1970 to 2262, in UTC: Go also
// reads forms that a mapping may refuse, such as ten digits of a second or an offset of 20 h.
// https://docs.opensearch.org/latest/mappings/supported-field-types/date-nanos/
func toTime(v any) (string, bool) {
	s, isString := v.(string)
	t, err := time.Parse(time.RFC3339, s)
	if !isString || err != nil || t.Before(time.Unix(0, 0)) || t.After(time.Unix(0, math.MaxInt64)) {
		return "", false
	}
	return t.UTC().Format(time.RFC3339Nano), true
}
