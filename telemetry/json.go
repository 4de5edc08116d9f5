package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// What lines and spans are made of. Both are written once for each request, so
// they are put together by appending: encoding/json's reflection would cost more
// than the rest of a request's telemetry.

// appendString appends s as JSON. Nearly every string needs no escaping, a
// Korean one neither; the library does the others.
func appendString(b []byte, s string) []byte {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return appendEscaped(b, s)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(s) {
		return appendEscaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	w := bytes.NewBuffer(b)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)                                  // a string always encodes
	return bytes.TrimSuffix(w.Bytes(), []byte{'\n'}) // which Encode ends with
}

// appendFloat appends f as JSON, which has no NaN and no infinities: those
// become strings.
func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return appendString(b, fmt.Sprint(f))
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}
