package rig

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"jari.example/telemetry/names"
)

// Bookings is the client that books seats directly at the reservation service,
// each request as a new diner. pick returns an index into slots.
func Bookings(slots []int64, pick func(*rand.Rand) func() int) func(*rand.Rand) Client {
	return func(r *rand.Rand) Client { return &bookings{slots: slots, pick: pick(r), r: r} }
}

type bookings struct {
	slots []int64
	pick  func() int
	r     *rand.Rand
	body  []byte
}

// Next implements Client.
func (b *bookings) Next(req *fasthttp.Request) {
	if b.body == nil {
		PostBooking(req)
		req.Header.Set(names.HeaderUserRole, "diner")
	}
	setHeaders(req, b.r)
	b.body = AppendBooking(b.body[:0], b.slots[b.pick()], 1+b.r.IntN(4))
	req.SetBodyRaw(b.body)
}

// Received implements Client.
func (*bookings) Received(int, []byte) {}

// setHeaders sets the headers that the gateway would set, the user and the
// trace, and the idempotency key that the page would generate.
func setHeaders(req *fasthttp.Request, r *rand.Rand) {
	req.Header.Set(names.HeaderUserID, RandomID(r).String())
	req.Header.Set(names.HeaderSessionID, RandomID(r).String())
	req.Header.Set(names.HeaderIdempotency, RandomID(r).String())
	trace := RandomID(r)
	parent := make([]byte, 0, 55)
	parent = append(parent, "00-"...)
	parent = hex.AppendEncode(parent, trace[:])
	parent = append(parent, '-')
	parent = hex.AppendEncode(parent, trace[8:])
	parent = append(parent, "-01"...)
	req.Header.SetBytesV("traceparent", parent)
}

// RandomID is a random UUID from r, since the system's randomness costs a
// system call.
func RandomID(r *rand.Rand) (u uuid.UUID) {
	for i, half := range []uint64{r.Uint64(), r.Uint64()} {
		for j := range 8 {
			u[8*i+j] = byte(half >> (8 * j))
		}
	}
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}

// PostBooking makes a request one for a booking; its headers and its body are still to
// be set.
func PostBooking(req *fasthttp.Request) {
	req.URI().SetPath("/v1/reservations")
	req.Header.SetMethod(http.MethodPost)
	req.Header.SetContentType("application/json")
}

// AppendBooking appends the body of a request to book a slot for a party.
func AppendBooking(to []byte, slot int64, party int) []byte {
	to = append(to, `{"slot_id":"`...)
	to = strconv.AppendInt(to, slot, 10)
	to = append(to, `","party":`...)
	to = strconv.AppendInt(to, int64(party), 10)
	return append(to, '}')
}
