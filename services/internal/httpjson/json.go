package httpjson

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"jari.example/internal/fault"
)

// decodeJSON decodes raw as the schemas of docs/openapi.yaml say: no member may be
// null, and 2.0 and 2e0 are integers. Its errors are faults.
func decodeJSON[Req any](raw []byte) (Req, error) {
	req, err := unmarshal[Req](raw)
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONKind == '0' {
		req, err = unmarshal[Req](plainIntegers(raw))
	}
	if err != nil {
		return req, bodyFault(err)
	}
	return req, refuseNull(raw)
}

func unmarshal[Req any](raw []byte) (req Req, err error) {
	// The errors of jsontext have a JSON pointer, those of encoding/json do not.
	return req, json.Unmarshal(raw, &req, json.RejectUnknownMembers(true))
}

// bodyFault replaces the decoder's message, for the client and for the log: it
// quotes the body, which may hold a password.
func bodyFault(err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		if errors.Is(err, json.ErrUnknownName) {
			return fault.New(fault.Invalid, "unknown_field", "This field does not exist.").At(string(e.JSONPointer))
		}
		return wrongType(e.JSONPointer)
	}
	malformed := fault.New(fault.Invalid, "malformed_json", "The body is not one well-formed JSON value.")
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return malformed.At(string(e.JSONPointer))
	}
	return malformed
}

func wrongType(at jsontext.Pointer) error {
	return fault.New(fault.Invalid, "wrong_type", "This value has the wrong type or form.").At(string(at))
}

// refuseNull returns a fault for the first null in raw, which is well formed.
// Decoding ignores null, so that a member with it would look like one left out.
func refuseNull(raw []byte) error {
	if !bytes.Contains(raw, []byte("null")) { // nearly every body ends here
		return nil
	}
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.ReadToken()
		if err != nil { // io.EOF
			return nil
		}
		if token.Kind() == 'n' {
			return fault.New(fault.Invalid, "wrong_type", "This must not be null; leave it out.").At(string(d.StackPointer()))
		}
	}
}

// plainIntegers returns raw with every number whose fraction is zero written
// without point and exponent, as Go's integers are decoded. JSON has one kind of
// number: some clients write 2.0 for 2. raw is well formed up to some point, from
// which on it stays as it is.
func plainIntegers(raw []byte) []byte {
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	var out []byte
	copied := int64(0)
	for {
		token, err := d.ReadToken()
		if err != nil {
			return append(out, raw[copied:]...)
		}
		if token.Kind() != '0' {
			continue
		}
		literal := token.String()
		if plain, ok := plainInteger(literal); ok {
			end := d.InputOffset()
			out = append(append(out, raw[copied:end-int64(len(literal))]...), plain...)
			copied = end
		}
	}
}

const maxDigits = 18 // of every int64

// plainInteger rewrites a JSON number such as 2.0, 20e-1 or 2E0 as 2. It is exact,
// unlike a conversion to a float.
func plainInteger(literal string) (string, bool) {
	number, exponent, _ := strings.Cut(strings.ToLower(literal), "e")
	number, negative := strings.CutPrefix(number, "-")
	whole, fraction, _ := strings.Cut(number, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	significant := strings.TrimRight(digits, "0")
	if significant == "" {
		return "0", true
	}
	power := 0
	if exponent != "" {
		var err error
		if power, err = strconv.Atoi(exponent); err != nil {
			return "", false
		}
	}
	zeros := power - len(fraction) + len(digits) - len(significant)
	if zeros < 0 || zeros > maxDigits || len(significant)+zeros > maxDigits {
		return "", false
	}
	plain := significant + strings.Repeat("0", zeros)
	if negative {
		plain = "-" + plain
	}
	return plain, true
}
