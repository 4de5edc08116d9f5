package record

import (
	"maps"
	"reflect"
	"testing"
	"unicode/utf8"
)

// What flatObject accepts, encoding/json reads the same way.
func FuzzFlatObjectAgreesWithEncodingJSON(f *testing.F) {
	for line := range maps.Keys(flatLines) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		got, ok := flatObject(line)
		if !ok || !utf8.ValidString(line) {
			return
		}
		if want, err := jsonObject(line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, want %v (%v)", line, got, want, err)
		}
	})
}

// flatLines are lines, and whether flatObject reads them itself.
var flatLines = map[string]bool{
	`{}`: true, `{"a":1}`: true, `{"a":"b","c":true,"d":false,"e":null}`: true, `{"a":-0.5e+10,"b":0}`: true,
	`{"a":1,"a":2}`: true, `{"":""}`: true, `{"한":"글"}`: true, `{"a":1E400}`: true,
	`{"a":12345678901234567890.5}`: true, `{"a":"}"}`: true, `{"a":"{\"}`: false,
	`{"a":{}}`: false, `{"a":[1]}`: false, `{"a":"\n"}`: false, "{\"a\":\"\n\"}": false, `{ "a":1}`: false,
	`{"a":01}`: false, `{"a":1.}`: false, `{"a":.5}`: false, `{"a":1e}`: false, `{"a":-}`: false, `{"a":+1}`: false,
	`{"a":tru}`: false, `{"a":}`: false, `{"a"}`: false, `{"a":1,}`: false, `{,}`: false, `{a:1}`: false, `{"a":1`: false,
	`{"a":1}}`: false, `{"a":1} `: false, `{"a`: false, `{`: false, `}`: false, ``: false, `[]`: false, `x`: false, `{"a":NaN}`: false,
}

func TestFlatObjectLeavesTheUnusualToEncodingJSON(t *testing.T) {
	for line, want := range flatLines {
		if _, ok := flatObject(line); ok != want {
			t.Errorf("%s: read: %v, want %v", line, ok, want)
		}
	}
}
