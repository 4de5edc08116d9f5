package httpjson

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"jari.example/internal/fault"
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry/names"
)

const (
	maxBody           = 1 << 20
	maxIdempotencyKey = 200
)

// None decodes the request of an endpoint that takes none.
func None(*http.Request) (endpoint.Nothing, error) { return endpoint.Nothing{}, nil }

// Body decodes a JSON body strictly. Refused as invalid, with the pointer of
// the field where there is one: malformed or trailing data, unknown fields,
// duplicate names, wrong types, null, more than 1 MiB; another content type is
// unsupported_media_type. Fields that come from the path are tagged json:"-"
// and filled in by the caller.
func Body[Req any](r *http.Request) (req Req, err error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return req, fault.New(fault.UnsupportedMedia, "unsupported_media_type", "The body must be application/json.")
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return req, fault.New(fault.Invalid, "body_too_large", "The body must not exceed 1 MiB.")
		}
		return req, fault.New(fault.Invalid, "body_unreadable", "The body could not be read to its end.").Because(err)
	}
	if string(bytes.TrimSpace(raw)) == "null" { // which would pass for an object without fields
		return req, fault.New(fault.Invalid, "wrong_type", "The body must be an object.")
	}
	// jsontext's errors know the pointer of what is wrong, encoding/json's do not.
	if err := json.Unmarshal(raw, &req, json.RejectUnknownMembers(true)); err != nil {
		return req, bodyFault(err)
	}
	return req, nil
}

// bodyFault keeps the decoder's words away from the client and the log: they
// quote the body, which may hold a password.
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
		return "", fault.New(fault.Invalid, "idempotency_key_missing", "This request needs an Idempotency-Key of 1 to 200 visible ASCII characters.")
	}
	return key, nil
}
