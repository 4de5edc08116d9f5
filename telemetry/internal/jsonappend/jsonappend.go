// Package jsonappend encodes JSON values by appending to a byte slice. Log lines
// and spans are encoded once for each request, and the reflection of
// encoding/json would cost more than the rest of a request's telemetry.
package jsonappend

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// String appends s as a JSON string. Nearly every string needs no escaping,
// Korean text included; encoding/json encodes those that do.
func String(b []byte, s string) []byte {
	ascii := true
	for i := range len(s) {
		c := s[i]
		if c < ' ' || c == '"' || c == '\\' {
			return escaped(b, s)
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && !utf8.ValidString(s) {
		return escaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func escaped(b []byte, s string) []byte {
	w := bytes.NewBuffer(b)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(s)                                  // cannot fail for a string
	return bytes.TrimSuffix(w.Bytes(), []byte{'\n'}) // Encode appends a newline
}

// Float appends f as a JSON number. JSON has no NaN and no infinities: those
// become strings.
func Float(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return String(b, fmt.Sprint(f))
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}

// Hex appends id as a JSON string of hex digits.
func Hex(b, id []byte) []byte {
	return append(hex.AppendEncode(append(b, '"'), id), '"')
}
