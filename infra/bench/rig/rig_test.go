package rig

import (
	"bytes"
	"compress/gzip"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// startServer responds to the nth request with status(n).
func startServer(t *testing.T, status func(n int) int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	n := make(chan int, 1)
	n <- 0
	go func() {
		_ = fasthttp.Serve(l, func(ctx *fasthttp.RequestCtx) {
			k := <-n
			n <- k + 1
			ctx.SetStatusCode(status(k))
		})
	}()
	return l.Addr().String()
}

func TestCountsEveryResponseOnceByItsStatus(t *testing.T) {
	addr := startServer(t, func(n int) int { return []int{201, 409, 409, 503}[n%4] })
	a := Load{Addr: addr, Connections: 4, Requests: 400, Client: Bookings([]int64{1}, Uniform(1))}.Run(t.Context(), func() {}, func() {})
	if len(a.Latencies) != 400 || a.Booked() != 100 || a.Created != 100 || a.Refused() != 300 || a.Unexpected() != "100 × 503" {
		t.Errorf("%d answers, %d booked (%d in all), %d refused, also %q", len(a.Latencies), a.Booked(), a.Created, a.Refused(), a.Unexpected())
	}
	if !slices.IsSorted(a.Latencies) || a.Duration <= 0 {
		t.Errorf("unsorted, or took %v", a.Duration)
	}
	refused := Load{
		Addr: "127.0.0.1:1", Connections: 1, Requests: 3, Client: Bookings([]int64{1}, Uniform(1)),
	}.Run(t.Context(), func() {}, func() {})
	if refused.Booked() != 0 || refused.Unexpected() != "3 × 0" {
		t.Errorf("without a server: %d booked, %q", refused.Booked(), refused.Unexpected())
	}
}

// A stall of the service must show in the latencies of all requests that were
// due during it, although they were sent later.
func TestOpenLoopCountsTheWaitOfRequestsThatWereDueDuringAStall(t *testing.T) {
	const stall = 200 * time.Millisecond
	var stalled atomic.Bool
	addr := startServer(t, func(n int) int {
		if n == 50 {
			stalled.Store(true)
			time.Sleep(stall)
		}
		return 201
	})
	slow := func(rate, requests int) (late int) {
		a := Load{
			Addr: addr, Connections: 1, Rate: rate, Requests: requests, Measured: 600 * time.Millisecond,
			Client: Bookings([]int64{1}, Uniform(1)),
		}.Run(t.Context(), func() {}, func() {})
		if rate > 0 && len(a.Latencies) != 600*rate/1000 {
			t.Errorf("%d responses, not one for each request that was due", len(a.Latencies))
		}
		for _, d := range a.Latencies {
			if d > stall/2 {
				late++
			}
		}
		return late
	}
	if late := slow(500, 0); !stalled.Load() || late < 40 {
		t.Errorf("a stall of %v delayed %d of the 100 requests that were due in it (stalled %v)", stall, late, stalled.Load())
	}
	addr = startServer(t, func(n int) int {
		if n == 50 {
			time.Sleep(stall)
		}
		return 201
	})
	if late := slow(0, 100); late > 20 { // the control: a closed loop omits them
		t.Errorf("a closed loop saw %d late responses", late)
	}
}

func TestSinkCountsServerSpansOtherSpansAndMetrics(t *testing.T) {
	s, err := StartSink()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	send := func(path, text string) {
		var body bytes.Buffer
		z := gzip.NewWriter(&body)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		res, err := http.Post(s.URL+path, "application/json", &body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	send("/v1/traces", `{"name":"a","kind":2,"startTimeUnixNano":"1"},{"name":"b","kind":3,"startTimeUnixNano":"1"}`)
	send("/v1/metrics", ``)
	if got, err := s.Drain(); err != nil || got.Spans != 2 || got.ServerSpans != 1 || len(got.Metrics) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.Drain(); err != nil || got.Spans != 0 || got.ServerSpans != 0 || len(got.Metrics) != 0 {
		t.Errorf("the same is counted twice: %+v, %v", got, err)
	}
}

func TestLogSummaryCountsLinesByEvent(t *testing.T) {
	log, err := summarise([]byte(`{"time":"2026-05-01T10:00:00.5Z","event.name":"http.access"}
{"time":"2026-05-01T10:00:01.5Z","event.name":"process.heartbeat"}
{"event.name":"telemetry.spans.dropped"}
`))
	at := time.Date(2026, 5, 1, 10, 0, 1, 500_000_000, time.UTC)
	if err != nil || log.AccessLines != 1 || log.SpanLosses != 1 || len(log.Heartbeats) != 1 || !log.Heartbeats[0].Equal(at) {
		t.Errorf("read as %+v, %v", log, err)
	}
	if _, err := summarise([]byte(`{"event.name":"process.heartbeat"}`)); err == nil {
		t.Error("a heartbeat without a time is accepted")
	}
}
