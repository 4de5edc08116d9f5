package rig

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"jari.example/telemetry/names"
)

// Load is diners who ask for seats, each of whom is another with the next
// request. Without a Rate it is a closed loop: each waits for the answer before
// asking again. With one it is open: requests are due at fixed moments whether
// or not earlier ones are answered, and latencies count from those moments, so
// that a service that stalls cannot hide who would have come meanwhile.
type Load struct {
	Addr     string
	Conns    int
	Rate     int           // requests a second; 0: a closed loop
	Requests int           // a closed loop ends after so many; 0: after Warm+Measured
	Warm     time.Duration // answers of this first time do not count
	Measured time.Duration
	Pick     func(*rand.Rand) func() int // index into Slots
	Slots    []int64
	Seed     uint64
}

// Answers are those that came within the measured time, or were due in it.
type Answers struct {
	Took    time.Duration
	Times   []time.Duration // of all answers, sorted
	Booked  int             // 201
	Refused int             // all others
	Other   map[int]int     // of Refused, those that were neither 201 nor 409, by status; 0: no answer
	Total   int             // booked, the warm-up included
}

// patience is longer than the service's own.
const patience = 20 * time.Second

// span is the measured time.
type span struct{ from, until time.Time }

func (s span) holds(t time.Time) bool { return !t.Before(s.from) && !t.After(s.until) }

// Run drives the load. begun and ended are called when the measured time
// begins and ends; ctx breaks it off.
func (l Load) Run(ctx context.Context, begun, ended func()) Answers {
	client := &fasthttp.HostClient{
		Addr: l.Addr, MaxConns: l.Conns, ReadTimeout: patience, WriteTimeout: patience,
		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true, MaxIdemponentCallAttempts: 1,
	}
	defer client.CloseIdleConnections()
	start := time.Now()
	measured := span{start.Add(l.Warm), start.Add(l.Warm + l.Measured)}
	if l.Requests > 0 {
		measured = span{start, start.Add(time.Hour)}
	}
	next := l.closed(ctx, measured)
	if l.Rate > 0 {
		// The pacer sleeps in the kernel; what it wakes needs a processor too.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
		next = l.open(ctx, start, measured)
	}
	parts := make([]Answers, l.Conns)
	var diners sync.WaitGroup
	for i := range parts {
		diners.Go(func() { parts[i] = l.dine(client, rand.New(rand.NewPCG(l.Seed, uint64(i))), measured, next) })
	}
	pause(ctx, time.Until(measured.from))
	begun()
	if l.Requests > 0 {
		diners.Wait()
		measured.until = time.Now()
		ended()
	} else {
		pause(ctx, time.Until(measured.until))
		ended()
		diners.Wait()
	}
	return sum(parts, measured.until.Sub(measured.from))
}

// closed says yes, as soon as somebody asks, until the load is over. The zero
// moment is now.
func (l Load) closed(ctx context.Context, measured span) func() (time.Time, bool) {
	var asked atomic.Int64
	return func() (time.Time, bool) {
		if l.Requests > 0 {
			return time.Time{}, ctx.Err() == nil && asked.Add(1) <= int64(l.Requests)
		}
		return time.Time{}, ctx.Err() == nil && time.Now().Before(measured.until)
	}
}

// open hands out the moments at which requests are due, each when it has come.
func (l Load) open(ctx context.Context, start time.Time, measured span) func() (time.Time, bool) {
	due := make(chan time.Time, l.Rate) // a second of them may wait for a connection
	go func() {
		defer close(due)
		runtime.LockOSThread() // its sleep holds no other goroutine up
		defer runtime.UnlockOSThread()
		for n := 0; ctx.Err() == nil; n++ {
			at := start.Add(time.Duration(n) * time.Second / time.Duration(l.Rate))
			if !at.Before(measured.until) {
				return
			}
			sleepUntil(at)
			due <- at
		}
	}()
	return func() (time.Time, bool) {
		at, ok := <-due
		return at, ok
	}
}

func (l Load) dine(client *fasthttp.HostClient, r *rand.Rand, measured span, next func() (time.Time, bool)) Answers {
	a := Answers{Other: map[int]int{}}
	var req fasthttp.Request
	var res fasthttp.Response
	req.SetRequestURI("http://" + l.Addr + "/v1/reservations")
	req.Header.SetMethod(http.MethodPost)
	req.Header.SetContentType("application/json")
	req.Header.Set(names.HeaderUserRole, "diner")
	pick := l.Pick(r)
	var body []byte
	for due, more := next(); more; due, more = next() {
		ask(&req, r)
		body = wish(body[:0], l.Slots[pick()], 1+r.IntN(4))
		req.SetBodyRaw(body)
		sent := due
		if due.IsZero() {
			sent = time.Now()
		}
		status := 0
		if err := client.Do(&req, &res); err == nil {
			status = res.StatusCode()
		}
		got := time.Now()
		if status == http.StatusCreated {
			a.Total++
		}
		if due.IsZero() && !measured.holds(got) || !due.IsZero() && !measured.holds(due) {
			continue
		}
		a.Times = append(a.Times, got.Sub(sent))
		switch status {
		case http.StatusCreated:
			a.Booked++
		case http.StatusConflict:
			a.Refused++
		default:
			a.Refused++
			a.Other[status]++
		}
	}
	return a
}

// Evenly wants each of n slots as often as any other.
func Evenly(n int) func(*rand.Rand) func() int {
	return func(r *rand.Rand) func() int {
		return func() int { return r.IntN(n) }
	}
}
