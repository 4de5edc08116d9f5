package main

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"jari.example/telemetry/names"
)

// load is a closed loop: each of its diners asks for seats, waits for the
// answer, and is another diner with the next request.
type load struct {
	addr     string
	conns    int
	requests int           // ends after so many; 0: after warm+measured
	warm     time.Duration // answers of this first time do not count
	measured time.Duration
	pick     func(*rand.Rand) func() int // index into slots
	slots    []int64
	seed     uint64
}

// answers are those that came within the measured time.
type answers struct {
	took    time.Duration
	times   []time.Duration // of all answers, sorted
	booked  int             // 201
	refused int             // all others
	other   map[int]int     // of refused, those that were neither 201 nor 409, by status; 0: no answer
	total   int             // booked, the warm-up included
}

// patience is longer than the service's own.
const patience = 20 * time.Second

// run drives the load. begun and ended are called when the measured time
// begins and ends; ctx breaks it off.
func (l load) run(ctx context.Context, begun, ended func()) answers {
	client := &fasthttp.HostClient{
		Addr: l.addr, MaxConns: l.conns, ReadTimeout: patience, WriteTimeout: patience,
		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true, MaxIdemponentCallAttempts: 1,
	}
	defer client.CloseIdleConnections()
	start := time.Now()
	from := start.Add(l.warm)
	until := from.Add(l.measured)
	if l.requests > 0 {
		from, until = start, start.Add(time.Hour)
	}
	var asked atomic.Int64
	more := func() bool {
		if l.requests > 0 {
			return ctx.Err() == nil && asked.Add(1) <= int64(l.requests)
		}
		return ctx.Err() == nil && time.Now().Before(until)
	}
	parts := make([]answers, l.conns)
	var diners sync.WaitGroup
	for i := range parts {
		diners.Go(func() { parts[i] = l.dine(client, rand.New(rand.NewPCG(l.seed, uint64(i))), from, until, more) })
	}
	pause(ctx, time.Until(from))
	begun()
	if l.requests > 0 {
		diners.Wait()
		until = time.Now()
		ended()
	} else {
		pause(ctx, time.Until(until))
		ended()
		diners.Wait()
	}
	return sum(parts, until.Sub(from))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (l load) dine(client *fasthttp.HostClient, r *rand.Rand, from, until time.Time, more func() bool) answers {
	a := answers{other: map[int]int{}}
	var req fasthttp.Request
	var res fasthttp.Response
	req.SetRequestURI("http://" + l.addr + "/v1/reservations")
	req.Header.SetMethod(http.MethodPost)
	req.Header.SetContentType("application/json")
	req.Header.Set(names.HeaderUserRole, "diner")
	pick := l.pick(r)
	var body []byte
	for more() {
		l.ask(&req, r)
		body = wish(body[:0], l.slots[pick()], 1+r.IntN(4))
		req.SetBodyRaw(body)
		sent := time.Now()
		status := 0
		if err := client.Do(&req, &res); err == nil {
			status = res.StatusCode()
		}
		got := time.Now()
		if status == http.StatusCreated {
			a.total++
		}
		if got.Before(from) || got.After(until) {
			continue
		}
		a.times = append(a.times, got.Sub(sent))
		switch status {
		case http.StatusCreated:
			a.booked++
		case http.StatusConflict:
			a.refused++
		default:
			a.refused++
			a.other[status]++
		}
	}
	return a
}

// ask sets what the gateway would: who asks, within which trace; and the key
// that the page would make up.
func (l load) ask(req *fasthttp.Request, r *rand.Rand) {
	req.Header.Set(names.HeaderUserID, id(r).String())
	req.Header.Set(names.HeaderSessionID, id(r).String())
	req.Header.Set(names.HeaderIdempotency, id(r).String())
	trace := id(r)
	parent := make([]byte, 0, 55)
	parent = append(parent, "00-"...)
	parent = hex.AppendEncode(parent, trace[:])
	parent = append(parent, '-')
	parent = hex.AppendEncode(parent, trace[8:])
	parent = append(parent, "-01"...)
	req.Header.SetBytesV("traceparent", parent)
}

// id is a random UUID; the system's own randomness costs a system call.
func id(r *rand.Rand) (u uuid.UUID) {
	for i, half := range []uint64{r.Uint64(), r.Uint64()} {
		for j := range 8 {
			u[8*i+j] = byte(half >> (8 * j))
		}
	}
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u
}

func wish(to []byte, slot int64, party int) []byte {
	to = append(to, `{"slot_id":"`...)
	to = strconv.AppendInt(to, slot, 10)
	to = append(to, `","party":`...)
	to = strconv.AppendInt(to, int64(party), 10)
	return append(to, '}')
}
