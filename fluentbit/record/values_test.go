package record

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestUnusualValuesAreEncodedInADefinedForm(t *testing.T) {
	deep := map[string]any{"leaf": true}
	for range 2 * maxDepth {
		deep = map[string]any{"n": deep}
	}
	tests := map[string]struct {
		body map[string]any
		want string // in the document
		dead bool
	}{
		"an int64 beyond 2^53":     {map[string]any{"n": int64(math.MaxInt64)}, `"n":9223372036854775807`, false},
		"a uint64 beyond int64":    {map[string]any{"n": uint64(math.MaxUint64)}, `"n":18446744073709551615`, false},
		"the smallest int64":       {map[string]any{"n": int64(math.MinInt64)}, `"n":-9223372036854775808`, false},
		"NaN":                      {map[string]any{"n": math.NaN()}, `"n":"NaN"`, false},
		"infinity":                 {map[string]any{"n": math.Inf(1)}, `"n":"+Inf"`, false},
		"minus infinity":           {map[string]any{"n": float32(math.Inf(-1))}, `"n":"-Inf"`, false},
		"a number no double holds": {map[string]any{"log": `{"body":"x","n":1e999}`}, `"n":1e999`, false},
		"NaN for a number": {
			map[string]any{"log": "x", "http.server.request.duration": math.NaN()},
			`"attributes":{"http.server.request.duration":"NaN"}`, false,
		},
		"invalid UTF-8 in a key":       {map[string]any{"a\xffb": "x"}, "\"a\ufffdb\":\"x\"", false},
		"half a surrogate":             {map[string]any{"log": `{"body":"\ud800"}`}, "\"body\":\"\ufffd\"", false},
		"control characters":           {map[string]any{"log": "a\x00\x1b\n\t\"\\b"}, `"body":"a\u0000\u001b\n\u0009\"\\b"`, false},
		"a key twice in JSON":          {map[string]any{"log": `{"body":"x","n":1,"n":2}`}, `"n":2`, false},
		"a time that cannot be parsed": {map[string]any{"log": `{"body":"x","time":"soon"}`}, `"time":"soon"`, false},
		"bytes":                        {map[string]any{"n": []byte{0xff, 0x00}}, `"n":"/wA="`, false},
		"invalid UTF-8":                {map[string]any{"log": "a\xffb"}, "\"body\":\"a\ufffdb\"", false},
		"a nested map":                 {map[string]any{"n": map[string]any{"a.b": []any{int8(1), nil}}}, `"n":{"a.b":[1,null]}`, false},
		"a JSON number of many digits": {map[string]any{"log": `{"body":"x","n":12345678901234567890.5}`}, `"n":12345678901234567890.5`, false},
		"a line of 1 MiB":              {map[string]any{"log": strings.Repeat("x", 1<<20)}, strings.Repeat("x", 1<<20), false},
		"a long attribute":             {map[string]any{"log": "x", "n": strings.Repeat("y", 40_000)}, `"unindexed":{"n":"yyy`, false},
		"a status that is not a number": {
			map[string]any{"log": `{"body":"x","http.response.status_code":"abc"}`},
			`"attributes":{"http.response.status_code":"abc"}`, false,
		},
		"a status in a string": {
			map[string]any{"log": `{"body":"x","http.response.status_code":"503"}`}, `"http.response.status_code":503`, false,
		},
		"a field that holds a time": {
			map[string]any{"log": `{"body":"x","jari.fault.until":"2026-12-24T10:00:00.5+09:00"}`},
			`"jari.fault.until":"2026-12-24T01:00:00.5Z"`, false,
		},
		"a time in a form that OpenSearch may refuse": {
			map[string]any{"log": `{"body":"x","jari.fault.until":"2026-12-24T1:00:00,1234567891+20:00"}`},
			`"jari.fault.until":"2026-12-23T05:00:00.123456789Z"`, false,
		},
		"a field that should hold a time": {
			map[string]any{"log": `{"body":"x","jari.fault.until":"soon"}`}, `"attributes":{"jari.fault.until":"soon"}`, false,
		},
		"a time that the index cannot hold": {
			map[string]any{"log": `{"body":"x","jari.fault.until":"1969-12-31T23:59:59Z"}`},
			`"attributes":{"jari.fault.until":"1969-12-31T23:59:59Z"}`, false,
		},
		"an object for a keyword":  {map[string]any{"log": `{"body":"x","user.id":{"a":1}}`}, `"attributes":{"user.id":{"a":1}}`, false},
		"a line that is half JSON": {map[string]any{"log": `{"body":"x"} tail`}, `"body":"{\"body\":\"x\"} tail"`, false},
		"an empty body":            {map[string]any{}, `"body":"{}"`, false},
		"a deeply nested line": {
			map[string]any{"log": strings.Repeat(`{"n":`, 1200) + "1" + strings.Repeat("}", 1200)},
			strings.Repeat(`{"n":`, maxLevels) + `{"n":"{\"n\":`, false,
		},
		"nesting deeper than allowed": {deep, `"refused.type":"unreadable"`, true},
	}
	neighbour := map[string]any{"log": `{"body":"neighbour","log.record.uid":"01N"}`}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			records, err := Decode(append(packChunk(t, neighbour), packChunk(t, test.body)...))
			if (err != nil) != test.dead {
				t.Fatalf("error %v", err)
			}
			docs := Documents(records)
			if len(docs) != 2 || docs[0].ID != "01N" {
				t.Fatalf("%d documents, the first %s: the record before it is not intact", len(docs), docs[0].ID)
			}
			if !bytes.Contains(docs[1].Body, []byte(test.want)) {
				t.Errorf("document %.300s does not contain %.100s", docs[1].Body, test.want)
			}
			if !json.Valid(docs[1].Body) {
				t.Errorf("not JSON: %.300s", docs[1].Body)
			}
		})
	}
}

// Values that no JSON encoder writes, each between two ordinary records.
func TestDecodesValuesThatOnlyMessagePackHas(t *testing.T) {
	head := []byte{0x92, 0xd7, 0x00, 0x6b, 0x02, 0xca, 0xe6, 0, 0, 0, 1}
	deep := append(bytes.Repeat([]byte{0x91}, 100_000), 0xc0)
	for name, test := range map[string]struct {
		body    string // MessagePack
		want    string // in the second document
		follows bool   // whether the record after it is found
	}{
		"a key that is a number":       {"\x81\x2a\xa1x", `"42":"x"`, true},
		"a key that is a list":         {"\x81\x92\x01\xc0\xa1x", errKey.Error(), true},
		"a key that is nil":            {"\x81\xc0\xa1x", `"null":"x"`, true},
		"a key twice":                  {"\x82\xa1k\x01\xa1k\x02", `"k":2`, true},
		"a time as a value":            {"\x81\xa1k\xd7\x00\x6b\x02\xca\xe6\x00\x00\x00\x01", `"k":"2026-11-22T10:58:46.000000001Z"`, true},
		"an unknown extension":         {"\x81\xa1k\xd5\x07ab", `"k":"YWI="`, true},
		"an extension without content": {"\x81\xa1k\xc7\x00\x07", `"k":""`, true},
		"a float of 32 bits":           {"\x81\xa1k\xca\x3f\x80\x00\x00", `"k":1`, true},
		"a list":                       {"\x92\x01\x02", "not a record of a known shape", true},
		"nil":                          {"\xc0", "not a record of a known shape", true},
		"a list nested 100,000 deep":   {"\x81\xa1k" + string(deep), "nested deeper than", true},
		"a list of 4 Gi elements":      {"\x81\xa1k\xdd\xff\xff\xff\xff", "unexpected EOF", false},
		"a map of 4 Gi members":        {"\xdf\xff\xff\xff\xff", "unexpected EOF", false},
		"a string of 4 GiB":            {"\x81\xa1k\xdb\xff\xff\xff\xff", "unexpected EOF", false},
		"4 GiB of bytes":               {"\x81\xa1k\xc6\xff\xff\xff\xff", "unexpected EOF", false},
		"an extension of 4 GiB":        {"\x81\xa1k\xc9\xff\xff\xff\xff\x07", "unexpected EOF", false},
		"the one unused type byte":     {"\x81\xa1k\xc1", "no MessagePack value begins with 0xc1", false},
	} {
		t.Run(name, func(t *testing.T) {
			before := packChunk(t, map[string]any{"log": `{"body":"before","log.record.uid":"01BEFORE"}`})
			after := packChunk(t, map[string]any{"log": `{"body":"after","log.record.uid":"01AFTER"}`})
			chunk := bytes.Join([][]byte{before, head, []byte(test.body), after}, nil)
			records, _ := Decode(chunk)
			docs := Documents(records)
			if len(docs) < 2 || docs[0].ID != "01BEFORE" || !strings.Contains(string(docs[1].Body), test.want) {
				t.Fatalf("%d documents, want the record before it and one with %s: %.300s", len(docs), test.want, docs[len(docs)-1].Body)
			}
			if found := len(docs) == 3 && docs[2].ID == "01AFTER"; found != test.follows {
				t.Errorf("the record after it is found: %v, want %v", found, test.follows)
			}
			if b := records[1].Unreadable; b != nil && !bytes.Contains(chunk, b.Raw) {
				t.Errorf("the dead letter is not a part of the chunk")
			}
		})
	}
}
