package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// What lines and spans are made of. Both are written once for each request, so
// they are put together by appending: encoding/json's reflection would cost more
// than the rest of a request's telemetry.

// appendString appends s as JSON. Nearly every string needs no escaping; the
// library does the others.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return appendEscaped(b, s)
		}
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
