package httpjson

import (
	"bytes"
	"errors"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"jari.example/internal/fault"
	"jari.example/internal/requestbody"
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry/names"
)

const maxIdempotencyKey = 200

// None decodes the request of an endpoint without input.
func None(*http.Request) (endpoint.Nothing, error) { return endpoint.Nothing{}, nil }

// Body decodes a JSON body strictly. Its error is Invalid, with a pointer to the
// field if there is one, for malformed or trailing data, unknown fields,
// duplicate names, wrong types and null, UnsupportedMedia for another content
// type, and else one of [requestbody.Read]. Tag fields that come from the path
// json:"-"; the caller sets them.
func Body[Req any](r *http.Request) (req Req, err error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return req, fault.New(fault.UnsupportedMedia, "unsupported_media_type", "The body must be application/json.")
	}
	raw, err := requestbody.Read(r)
	if err != nil {
		return req, err
	}
	if string(bytes.TrimSpace(raw)) == "null" { // it would decode as an object without fields
		return req, fault.New(fault.Invalid, "wrong_type", "The body must be an object.")
	}
	// The errors of jsontext have a JSON pointer, those of encoding/json do not.
	if err := json.Unmarshal(raw, &req, json.RejectUnknownMembers(true)); err != nil {
		return req, bodyFault(err)
	}
	return req, nil
}

// bodyFault replaces the decoder's message, for the client and for the log: it
// quotes the body, which may hold a password.
func bodyFault(err error) error {
	if e, ok := errors.AsType[*json.SemanticError](err); ok {
		if errors.Is(err, json.ErrUnknownName) {
			return fault.New(fault.Invalid, "unknown_field", "This field does not exist.").At(string(e.JSONPointer))
		}
		return fault.New(fault.Invalid, "wrong_type", "This value has the wrong type or form.").At(string(e.JSONPointer))
	}
	malformed := fault.New(fault.Invalid, "malformed_json", "The body is not one well-formed JSON value.")
	if e, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return malformed.At(string(e.JSONPointer))
	}
	return malformed
}

// IdempotencyKey reads the Idempotency-Key header: 1 to 200 visible ASCII
// characters, else invalid with reason idempotency_key_missing.
func IdempotencyKey(r *http.Request) (string, error) {
	key := r.Header.Get(names.HeaderIdempotency)
	ok := key != "" && len(key) <= maxIdempotencyKey
	for _, c := range []byte(key) {
		ok = ok && c > ' ' && c < 0x7f
	}
	if !ok {
		return "", fault.New(fault.Invalid, "idempotency_key_missing",
			"This request needs an Idempotency-Key of 1 to 200 visible ASCII characters.")
	}
	return key, nil
}
