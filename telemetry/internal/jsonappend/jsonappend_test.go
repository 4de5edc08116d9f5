package jsonappend

import (
	"encoding/json"
	"math"
	"testing"
	"testing/quick"
)

func TestStringDecodesLikeTheStandardEncoding(t *testing.T) {
	same := func(s string) bool {
		want, err := json.Marshal(s)
		if err != nil {
			return false
		}
		var expected, got string
		appended := String([]byte("before"), s)
		return string(appended[:6]) == "before" && json.Unmarshal(want, &expected) == nil &&
			json.Unmarshal(appended[6:], &got) == nil && got == expected
	}
	for _, s := range []string{"", "plain", `a "quoted" \ word`, "line\nbreak\x00", "자리 <b>&", "\u2028", "broken \xff", "\x7f"} {
		if !same(s) {
			t.Errorf("%q is encoded as %s", s, String(nil, s))
		}
	}
	if err := quick.Check(same, nil); err != nil {
		t.Error(err)
	}
	if err := quick.Check(func(b []byte) bool { return same(string(b)) }, nil); err != nil {
		t.Error(err)
	}
}

func TestFloatDecodesToTheSameNumber(t *testing.T) {
	for _, f := range []float64{0, 1, -1.5, 0.000123, 1e-9, 1e21, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		var got float64
		if text := Float(nil, f); json.Unmarshal(text, &got) != nil || got != f {
			t.Errorf("%v is encoded as %s", f, text)
		}
	}
}

func TestFloatEncodesNaNAndInfinitiesAsStrings(t *testing.T) {
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if text := Float(nil, f); !json.Valid(text) || text[0] != '"' {
			t.Errorf("%v is encoded as %s", f, text)
		}
	}
}
