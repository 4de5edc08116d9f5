package record

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxLevels is how deep a value may nest in a document. What is deeper becomes a
// string of JSON: OpenSearch 3.8.0 crashes when it indexes a flat_object of 1,200
// levels, and would crash again at each repetition.
const maxLevels = 64

// appendValue appends v as JSON. Unlike encoding/json it can encode every value that
// arrives: NaN and infinities become strings, bytes become base64, invalid UTF-8 is
// replaced. Keys are sorted, so that equal values have equal bytes.
func appendValue(b []byte, v any) []byte { return appendNested(b, v, maxLevels) }

func appendNested(b []byte, v any, levels int) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case string:
		return AppendString(b, v)
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
			return AppendString(b, strconv.FormatFloat(v, 'g', -1, 64))
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case json.Number:
		if len(v) > maxDigits {
			return AppendString(b, string(v))
		}
		return append(b, v...)
	case []byte:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, '"')
	case time.Time:
		return appendTime(b, v)
	case eventTime:
		return appendTime(b, v.time())
	case []any:
		if levels == 0 {
			return AppendString(b, string(appendNested(nil, v, math.MaxInt)))
		}
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNested(b, e, levels-1)
		}
		return append(b, ']')
	case map[string]any:
		if levels == 0 {
			return AppendString(b, string(appendNested(nil, v, math.MaxInt)))
		}
		b = append(b, '{')
		v = validKeys(v)
		for i, k := range sortedKeys(v) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(AppendString(b, k), ':')
			b = appendNested(b, v[k], levels-1)
		}
		return append(b, '}')
	}
	return AppendString(b, fmt.Sprint(v))
}

// maxDigits is the longest number that OpenSearch's parser accepts.
const maxDigits = 1000

// areValidKeys reports whether OpenSearch's parser accepts the keys of m.
func areValidKeys(m map[string]any) bool {
	for k := range m {
		if len(k) > maxIndexed || !utf8.ValidString(k) {
			return false
		}
	}
	return true
}

// validKeys returns m with keys that OpenSearch's parser accepts; m itself if it has
// no others. A key in invalid UTF-8 is repaired; of keys that become equal the last
// one counts. The parser rejects keys over 50,000 bytes: a key over maxIndexed is
// replaced by its beginning and hash, and its value by a pair of key and value.
func validKeys(m map[string]any) map[string]any {
	if areValidKeys(m) {
		return m
	}
	valid := make(map[string]any, len(m))
	for _, k := range sortedKeys(m) {
		if len(k) > maxIndexed { // the repair may make it three times as long
			valid[strings.ToValidUTF8(k[:100], "\uFFFD")+"…"+digest([]byte(k))] = []any{k, m[k]}
		} else {
			valid[string([]rune(k))] = m[k]
		}
	}
	return valid
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0 // the first byte that is not appended yet
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < 0x7f {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[from:i]...)
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, `\ufffd`...)
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i += size
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}

// appendTime appends t in the format of OpenSearch's date_nanos: UTC, ending in Z.
func appendTime(b []byte, t time.Time) []byte {
	b = append(b, '"')
	b = t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
	return append(b, '"')
}

// object builds a JSON object member by member.
type object []byte

func newObject() object { return append(make(object, 0, 1024), '{') }

func (o *object) open() { *o = append(*o, '{') }

func (o *object) key(name string) {
	if (*o)[len(*o)-1] != '{' {
		*o = append(*o, ',')
	}
	*o = append(AppendString(*o, name), ':')
}

func (o *object) add(name string, v any) {
	o.key(name)
	*o = appendValue(*o, v)
}

func (o *object) close() []byte { return append(*o, '}') }
