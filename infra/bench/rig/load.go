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

	"jari.example/internal/wait"
)

// Load is a load generator. Each of its connections sends the requests of a
// client of its own. Without a Rate it is a closed loop: each connection waits for the response
// before its next request. With a Rate it is an open loop: requests are due at
// fixed times, whether or not earlier ones have a response, and latencies count
// from those times. So a service that stalls cannot hide the requests that
// would have come in meanwhile (coordinated omission).
type Load struct {
	Addr        string
	Connections int
	Rate        int           // requests per second; 0: a closed loop
	Requests    int           // a closed loop ends after so many; 0: after WarmUp+Measured
	WarmUp      time.Duration // responses of this first part do not count
	Measured    time.Duration
	Client      func(*rand.Rand) Client
	Seed        uint64
}

// Client says what one connection sends. It is used by one goroutine.
type Client interface {
	// Next fills a request. Its URI has been set to http://Addr/; what earlier calls
	// have set is still set.
	Next(*fasthttp.Request)
	// Received gets the response to that request; status 0 if there was none. The body
	// is valid until it returns.
	Received(status int, body []byte)
}

// Results count the responses that came within the measured time (closed loop)
// or to requests that were due in it (open loop).
type Results struct {
	Duration  time.Duration
	Latencies []time.Duration // of all responses, sorted
	Statuses  map[int]int     // their number by status; 0: no response
	Created   int             // 201, the warm-up included
}

// requestTimeout is longer than the service's own timeouts.
const requestTimeout = 20 * time.Second

// window is the measured time.
type window struct{ from, until time.Time }

func (s window) contains(t time.Time) bool { return !t.Before(s.from) && !t.After(s.until) }

// Run generates the load until it is over or ctx ends. It calls begun and ended
// when the measured time begins and ends.
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
		// The pacer sleeps in the kernel and occupies a thread; the goroutines
		// that it wakes need another one.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
		next = l.openLoop(ctx, start, measured)
	}
	parts := make([]Results, l.Connections)
	var connections sync.WaitGroup
	for i := range parts {
		connections.Go(func() { parts[i] = l.sendAll(client, rand.New(rand.NewPCG(l.Seed, uint64(i))), measured, next) })
	}
	_ = wait.For(ctx, time.Until(measured.from)) // the loops end with ctx, too
	begun()
	if l.Requests > 0 {
		connections.Wait()
		measured.until = time.Now()
		ended()
	} else {
		_ = wait.For(ctx, time.Until(measured.until))
		ended()
		connections.Wait()
	}
	return merge(parts, measured.until.Sub(measured.from))
}

// closedLoop returns a function that allows the next request at once (the zero
// time), until the load is over.
func (l Load) closedLoop(ctx context.Context, measured window) func() (time.Time, bool) {
	var started atomic.Int64
	return func() (time.Time, bool) {
		if l.Requests > 0 {
			return time.Time{}, ctx.Err() == nil && started.Add(1) <= int64(l.Requests)
		}
		return time.Time{}, ctx.Err() == nil && time.Now().Before(measured.until)
	}
}

// openLoop returns a function that waits until the next request is due and
// returns that time, until the load is over.
func (l Load) openLoop(ctx context.Context, start time.Time, measured window) func() (time.Time, bool) {
	due := make(chan time.Time, l.Rate) // the requests of one second may wait for a connection
	go func() {
		defer close(due)
		runtime.LockOSThread() // its sleep must not block other goroutines
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

// sendAll sends the requests of one connection.
func (l Load) sendAll(client *fasthttp.HostClient, r *rand.Rand, measured window, next func() (time.Time, bool)) Results {
	a := Results{Statuses: map[int]int{}}
	var req fasthttp.Request
	var res fasthttp.Response
	req.SetRequestURI("http://" + l.Addr + "/")
	c := l.Client(r)
	for due, more := next(); more; due, more = next() {
		c.Next(&req)
		sent := due
		if due.IsZero() {
			sent = time.Now()
		}
		status := 0
		if err := client.Do(&req, &res); err == nil {
			status = res.StatusCode()
		}
		got := time.Now()
		c.Received(status, res.Body())
		if status == http.StatusCreated {
			a.Created++
		}
		if due.IsZero() && !measured.contains(got) || !due.IsZero() && !measured.contains(due) {
			continue
		}
		a.Latencies = append(a.Latencies, got.Sub(sent))
		a.Statuses[status]++
	}
	return a
}

// Uniform picks each of n slots with the same probability.
func Uniform(n int) func(*rand.Rand) func() int {
	return func(r *rand.Rand) func() int {
		return func() int { return r.IntN(n) }
	}
}

// ByPopularity picks slot k (from 0) with a probability proportional to
// 1/(k+1)^1.01: Zipf's law, as close to the exponent 1 as rand.Zipf allows. Of
// 1,000 slots the first gets one request in eight.
func ByPopularity(n int) func(*rand.Rand) func() int {
	return func(r *rand.Rand) func() int {
		z := rand.NewZipf(r, 1.01, 1, uint64(n-1))
		return func() int { return int(z.Uint64()) }
	}
}
