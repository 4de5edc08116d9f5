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
	Addr        string
	Connections int
	Rate        int           // requests a second; 0: a closed loop
	Requests    int           // a closed loop ends after so many; 0: after Warm+Measured
	WarmUp      time.Duration // answers of this first time do not count
	Measured    time.Duration
	Pick        func(*rand.Rand) func() int // index into Slots
	Slots       []int64
	Seed        uint64
}

// Results are those that came within the measured time, or were due in it.
type Results struct {
	Duration  time.Duration
	Latencies []time.Duration // of all answers, sorted
	Booked    int             // 201
	Refused   int             // all others
	Other     map[int]int     // of Refused, those that were neither 201 nor 409, by status; 0: no answer
	Total     int             // booked, the warm-up included
}

// requestTimeout is longer than the service's own.
const requestTimeout = 20 * time.Second

// window is the measured time.
type window struct{ from, until time.Time }

func (s window) contains(t time.Time) bool { return !t.Before(s.from) && !t.After(s.until) }

// Run drives the load. begun and ended are called when the measured time
// begins and ends; ctx breaks it off.
func (l Load) Run(ctx context.Context, begun, ended func()) Results {
	client := &fasthttp.HostClient{
		Addr: l.Addr, MaxConns: l.Connections, ReadTimeout: requestTimeout, WriteTimeout: requestTimeout,
		NoDefaultUserAgentHeader: true, DisablePathNormalizing: true, MaxIdemponentCallAttempts: 1,
	}
	defer client.CloseIdleConnections()
	start := time.Now()
	measured := window{start.Add(l.WarmUp), start.Add(l.WarmUp + l.Measured)}
	if l.Requests > 0 {
		measured = window{start, start.Add(time.Hour)}
	}
	next := l.closedLoop(ctx, measured)
	if l.Rate > 0 {
		// The pacer sleeps in the kernel; what it wakes needs a processor too.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
		next = l.openLoop(ctx, start, measured)
	}
	parts := make([]Results, l.Connections)
	var diners sync.WaitGroup
	for i := range parts {
		diners.Go(func() { parts[i] = l.sendAll(client, rand.New(rand.NewPCG(l.Seed, uint64(i))), measured, next) })
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
	return merge(parts, measured.until.Sub(measured.from))
}

// closedLoop says yes, as soon as somebody asks, until the load is over. The zero
// moment is now.
func (l Load) closedLoop(ctx context.Context, measured window) func() (time.Time, bool) {
	var asked atomic.Int64
	return func() (time.Time, bool) {
		if l.Requests > 0 {
			return time.Time{}, ctx.Err() == nil && asked.Add(1) <= int64(l.Requests)
		}
		return time.Time{}, ctx.Err() == nil && time.Now().Before(measured.until)
	}
}

// openLoop hands out the moments at which requests are due, each when it has come.
func (l Load) openLoop(ctx context.Context, start time.Time, measured window) func() (time.Time, bool) {
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

func (l Load) sendAll(client *fasthttp.HostClient, r *rand.Rand, measured window, next func() (time.Time, bool)) Results {
	a := Results{Other: map[int]int{}}
	var req fasthttp.Request
	var res fasthttp.Response
	req.SetRequestURI("http://" + l.Addr + "/v1/reservations")
	req.Header.SetMethod(http.MethodPost)
	req.Header.SetContentType("application/json")
	req.Header.Set(names.HeaderUserRole, "diner")
	pick := l.Pick(r)
	var body []byte
	for due, more := next(); more; due, more = next() {
		setHeaders(&req, r)
		body = appendBody(body[:0], l.Slots[pick()], 1+r.IntN(4))
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
		if due.IsZero() && !measured.contains(got) || !due.IsZero() && !measured.contains(due) {
			continue
		}
		a.Latencies = append(a.Latencies, got.Sub(sent))
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

// Uniform wants each of n slots as often as any other.
func Uniform(n int) func(*rand.Rand) func() int {
	return func(r *rand.Rand) func() int {
		return func() int { return r.IntN(n) }
	}
}
