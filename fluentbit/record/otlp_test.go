package record

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// The short way of reading attributes reads what the long way does, and leaves the
// unusual to it.
func TestAttributesAreTheSameBothWays(t *testing.T) {
	for text, short := range map[string]bool{
		`[]`: true,
		`[{"key":"a","value":{"stringValue":"x"}},{"key":"b","value":{"intValue":"7"}}]`:             true,
		`[{"key":"a","value":{"intValue":7}},{"key":"a","value":{"boolValue":true}}]`:                true,
		`[{"key":"a","value":{"doubleValue":"NaN"}},{"key":"b","value":{"intValue":"x"}}]`:           true,
		`[{"key":"a","value":{"stringValue":null}}]`:                                                 true,
		`[{"value":{"stringValue":"x"},"key":"a"}]`:                                                  false,
		`[{"key":"a","value":{"arrayValue":{"values":[{"intValue":"1"}]}}}]`:                         false,
		`[{"key":"a","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}}]`: false,
		`[{"key":"a","value":{"bytesValue":"AAE="}}]`:                                                false,
		`[{"key":"a","value":{"stringValue":{"x":1}}}]`:                                              false,
		`[{"key":"a","value":{}}]`:                                                                   false,
		`[{"key":"a","value":"bare"}]`:                                                               false,
		`[{"key":7,"value":{"stringValue":"x"}}]`:                                                    false,
		`[{"key":"a","value":{"stringValue":"x"},"more":1}]`:                                         false,
		`[{"key":"a","value":{"stringValue":"x"}},"no attribute"]`:                                   false,
		`[{"key":"a"}]`: false,
		`{"a":"b"}`:     false,
		`7`:             false,
	} {
		chunk := packJSON(t, json.NewDecoder(strings.NewReader(text)))
		whole, err := newReader(chunk).next()
		if err != nil {
			t.Fatal(err)
		}
		got, ok := newReader(chunk).attributes()
		if ok != short || ok && fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", attributes(whole)) /* NaN is not equal to itself */ {
			t.Errorf("%s: read the short way: %v as %v, want %v as %v", text, ok, got, short, attributes(whole))
		}
		for cut := range len(chunk) {
			if _, ok := newReader(chunk[:cut]).attributes(); ok {
				t.Errorf("%s: its first %d bytes are read", text, cut)
			}
		}
	}
}

// packJSON returns the next value of d as MessagePack, with the members of objects in
// their order.
func packJSON(t *testing.T, d *json.Decoder) string {
	t.Helper()
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	delim, ok := token.(json.Delim)
	if !ok {
		b, err := msgpack.Marshal(token)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var inner strings.Builder
	n := 0
	for ; d.More(); n++ {
		inner.WriteString(packJSON(t, d))
	}
	_, _ = d.Token() // the end
	if delim == '{' {
		return string([]byte{byte(mpFixMap + n/2)}) + inner.String()
	}
	return string([]byte{byte(mpFixArray + n)}) + inner.String()
}
