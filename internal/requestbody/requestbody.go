// Package requestbody reads the body of a request to its end and says whose fault
// it is if that fails. A body that its client broke is never an error of ours.
package requestbody

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"

	"jari.example/internal/fault"
)

// Limit is how many bytes a body may have: 1 MiB.
const Limit = 1 << 20

// Read returns the whole body of r. How long it waits for the client is the
// server's ReadTimeout. Codes: content_too_large (body_too_large); request_timeout
// (body_timeout) when the client sends too slowly; client_closed (body_incomplete)
// when it closed the connection before the end; invalid (body_unreadable) for a
// malformed chunk (RFC 9112 §7.1). After each of them net/http closes the
// connection, because the start of the next request is unknown.
func Read(r *http.Request) ([]byte, error) {
	if r.ContentLength > Limit {
		return nil, tooLarge()
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, Limit))
	if err == nil {
		return body, nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, tooLarge()
	}
	network, ok := errors.AsType[net.Error](err)
	switch {
	case ok && network.Timeout():
		return nil, fault.New(fault.RequestTimeout, "body_timeout", "The body did not arrive in time.").Because(err)
	// net/http cancels the request's context when it cannot read the connection any more.
	case ok, errors.Is(err, io.ErrUnexpectedEOF), r.Context().Err() != nil:
		return nil, fault.New(fault.ClientClosed, "body_incomplete", "The connection was closed before the end of the body.").Because(err)
	}
	return nil, fault.New(fault.Invalid, "body_unreadable", "The body is not well-formed HTTP.").Because(err)
}

func tooLarge() error {
	return fault.New(fault.TooLarge, "body_too_large", "The body must not exceed 1 MiB.")
}

// Buffer reads the body of r as [Read] does and replaces it by what it has read,
// with its length and without trailers. A proxy calls it before it calls the
// upstream. Then an error of the call is the upstream's and never the client's, the
// upstream gets no half body and waits for no slow client, and it may respond
// before it has read the body. In return, a request in flight holds up to Limit
// bytes, and the upstream gets the first byte only after the last has arrived.
// Bodies of our API have some hundred bytes, which arrive with the header.
func Buffer(r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	body, err := Read(r)
	if err != nil {
		return err
	}
	r.Body, r.ContentLength, r.TransferEncoding, r.Trailer = http.NoBody, int64(len(body)), nil, nil
	if len(body) > 0 {
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return nil
}
