package rig

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"jari.example/telemetry/names"
)

// setHeaders sets the headers that the gateway would set, the user and the
// trace, and the idempotency key that the page would generate.
func setHeaders(req *fasthttp.Request, r *rand.Rand) {
	req.Header.Set(names.HeaderUserID, randomID(r).String())
	req.Header.Set(names.HeaderSessionID, randomID(r).String())
	req.Header.Set(names.HeaderIdempotency, randomID(r).String())
	trace := randomID(r)
	parent := make([]byte, 0, 55)
	parent = append(parent, "00-"...)
	parent = hex.AppendEncode(parent, trace[:])
	parent = append(parent, '-')
	parent = hex.AppendEncode(parent, trace[8:])
	parent = append(parent, "-01"...)
	req.Header.SetBytesV("traceparent", parent)
}

// randomID is a random UUID from r, since the system's randomness costs a
// system call.
func randomID(r *rand.Rand) (u uuid.UUID) {
	for i, half := range []uint64{r.Uint64(), r.Uint64()} {
		for j := range 8 {
			u[8*i+j] = byte(half >> (8 * j))
		}
	}
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}

// appendBody appends the body of a booking.
func appendBody(to []byte, slot int64, party int) []byte {
	to = append(to, `{"slot_id":"`...)
	to = strconv.AppendInt(to, slot, 10)
	to = append(to, `","party":`...)
	to = strconv.AppendInt(to, int64(party), 10)
	return append(to, '}')
}
