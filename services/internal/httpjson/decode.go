package httpjson

import (
	"mime"
	"net/http"
	"strings"

	"github.com/google/uuid"

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
// duplicate names, wrong types and null anywhere, UnsupportedMedia for another
// content type, and else one of [requestbody.Read]. Tag fields that come from the path
// json:"-"; the caller sets them.
func Body[Req any](r *http.Request) (req Req, err error) {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return req, fault.New(fault.UnsupportedMedia, "unsupported_media_type", "The body must be application/json.")
	}
	raw, err := requestbody.Read(r)
	if err != nil {
		return req, err
	}
	return decodeJSON[Req](raw)
}

// PathID reads the path's {id} as a UUID of 36 characters, in either case (RFC
// 9562 §4). uuid.Parse also accepts braces, urn:uuid: and 32 digits, which would
// give one resource several URLs.
func PathID(r *http.Request) (id uuid.UUID, ok bool) {
	s := r.PathValue("id")
	id, err := uuid.Parse(s)
	return id, err == nil && len(s) == 36
}

// IdempotencyKey reads the Idempotency-Key header: 1 to 200 visible ASCII
// characters, else invalid with reason idempotency_key_missing.
func IdempotencyKey(r *http.Request) (string, error) {
	key := strings.Join(r.Header.Values(names.HeaderIdempotency), " ") // several make an invalid one
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
