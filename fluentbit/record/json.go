package record

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// appendValue appends v as JSON. Unlike encoding/json it has an answer for
// everything that can arrive: NaN and infinities become strings, bytes become
// base64, invalid UTF-8 is replaced. Keys are sorted, so that equal values are
// equal bytes. What nests deeper than maxDepth becomes a string of its JSON: an
// OpenSearch 3.8.0 that indexes a flat_object of 1,200 levels dies of it, and
// would again at each repetition.
func appendValue(b []byte, v any) []byte { return appendNested(b, v, maxDepth) }

func appendNested(b []byte, v any, levels int) []byte {
	switch v.(type) {
	case []any, map[string]any:
		if levels == 0 {
			return appendString(b, string(appendNested(nil, v, math.MaxInt)))
		}
	}
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return appendString(b, strconv.FormatFloat(v, 'g', -1, 64))
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case json.Number:
		return append(b, v...)
	case []byte:
		return appendString(b, base64.StdEncoding.EncodeToString(v))
	case time.Time:
		return appendTime(b, v)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNested(b, e, levels-1)
		}
		return append(b, ']')
	case map[string]any:
		b = append(b, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k), ':')
			b = appendNested(b, v[k], levels-1)
		}
		return append(b, '}')
	}
	return appendString(b, fmt.Sprint(v))
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		plain = s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] != 0x7f
	}
	if plain {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	quoted, _ := json.Marshal(s) // a string always marshals
	return append(b, quoted...)
}

// appendTime appends t as OpenSearch's date_nanos wants it: UTC, ending in Z.
func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
	return append(b, '"')
}

// object builds a JSON object member by member.
type object []byte

func (o *object) key(name string) {
	if len(*o) == 0 {
		*o = append(*o, '{')
	} else {
		*o = append(*o, ',')
	}
	*o = append(appendString(*o, name), ':')
}

func (o *object) add(name string, v any) {
	o.key(name)
	*o = appendValue(*o, v)
}

func (o *object) close() []byte {
	if len(*o) == 0 {
		return []byte("{}")
	}
	return append(*o, '}')
}
