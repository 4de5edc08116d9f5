package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// accessLine is an access log line. Seconds is nil in a line that has no request of its
// own.
type accessLine struct {
	Event   string   `json:"event.name"`
	Time    string   `json:"time"`
	Method  string   `json:"http.request.method"`
	Route   string   `json:"http.route"`
	Status  int      `json:"http.response.status_code"`
	Seconds *float64 `json:"http.server.request.duration"`
	Kept    bool     `json:"jari.trace.kept"`
	Weight  *int     `json:"jari.weight"`
}

func (l accessLine) weight() int {
	if l.Weight == nil {
		return 1
	}
	return *l.Weight
}

// key is what the requests are counted by.
func key(method, route string, status int) string { return fmt.Sprint(method, " ", route, " ", status) }

func accessLines(t *testing.T, written string) (lines []accessLine) {
	t.Helper()
	for text := range strings.Lines(written) {
		var l accessLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatal(err)
		}
		if l.Event == names.EventAccess {
			lines = append(lines, l)
		}
	}
	return lines
}

// service is a service whose handlers respond with the status in the query, after as long
// as it says.
type service struct {
	t     *testing.T
	lines bytes.Buffer
	stop  func(context.Context) error
	mux   *http.ServeMux
}

func newService(t *testing.T, c telemetry.Config, outside bool, patterns ...string) *service {
	s := &service{t: t, mux: http.NewServeMux()}
	c.Service, c.Output = "x", &s.lines
	tel, stop, err := telemetry.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	s.stop = stop
	for _, pattern := range patterns {
		s.mux.Handle(pattern, telemetry.Server(tel.Logger, pattern, outside, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			took, _ := time.ParseDuration(r.FormValue("took"))
			time.Sleep(took)
			status, _ := strconv.Atoi(r.FormValue("status"))
			w.WriteHeader(status)
		})))
	}
	return s
}

func (s *service) request(method, route string, status int, took time.Duration) {
	r := httptest.NewRequest(method, fmt.Sprintf("%s?status=%d&took=%v", route, status, took), nil)
	s.mux.ServeHTTP(httptest.NewRecorder(), r)
}

// send requests GET /a within a trace of the caller. If the service has a processor of
// its own and no agent, the flags alone decide whether it keeps the trace: 01 or 00.
func (s *service) send(status int, flags string) {
	r := httptest.NewRequest("GET", fmt.Sprint("/a?status=", status), nil)
	r.Header.Set("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-"+flags)
	s.mux.ServeHTTP(httptest.NewRecorder(), r)
}

// stopped returns all lines that the service has written in its life.
func (s *service) stopped() []accessLine {
	s.t.Helper()
	if err := s.stop(context.Background()); err != nil {
		s.t.Error(err)
	}
	return accessLines(s.t, s.lines.String())
}

// Whatever the load, and whenever the process flushes: for every route, method and
// status, and among them for the slow requests, the weights add up exactly.
func TestTheWeightsOfAnInnerServicesLinesAddUpToItsRequests(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 3))
				s := newService(t, telemetry.Config{TraceCeiling: 5, Heartbeat: time.Second / 3}, false, "GET /a", "POST /a", "GET /b")
				sent, slow := map[string]int{}, map[string]int{}
				var all sync.WaitGroup
				for range 500 + random.IntN(500) {
					route := []string{"GET /a", "POST /a", "GET /b"}[random.IntN(3)]
					status := []int{200, 200, 200, 409, 503}[random.IntN(5)]
					took := []time.Duration{0, 0, 2 * time.Second}[random.IntN(3)]
					at := time.Duration(random.Int64N(int64(4 * time.Second)))
					method, path, _ := strings.Cut(route, " ")
					sent[key(method, path, status)]++
					if took > 0 {
						slow[key(method, path, status)]++
					}
					all.Go(func() {
						time.Sleep(at)
						s.request(method, path, status, took)
					})
				}
				all.Wait()
				lines := s.stopped()
				for _, l := range lines {
					k := key(l.Method, l.Route, l.Status)
					sent[k] -= l.weight()
					if l.Seconds != nil && *l.Seconds >= 1 {
						slow[k] -= l.weight()
					}
				}
				for k, missing := range sent {
					if missing != 0 {
						t.Errorf("%s: %d requests are missing", k, missing)
					}
					if slow[k] < 0 {
						t.Errorf("%s: the slow lines stand for %d requests that were not slow", k, -slow[k])
					}
				}
				if len(lines) > 300 {
					t.Errorf("wrote %d lines: none are left out", len(lines))
				}
			})
		})
	}
}

func TestOnACalmDayEveryRequestHasALineWithoutAWeight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, telemetry.Config{Heartbeat: -1}, false, "GET /a", "GET /b")
		for range 5 {
			for range telemetry.DefaultTraceCeiling {
				s.request("GET", "/a", 200, time.Second/telemetry.DefaultTraceCeiling)
			}
			s.request("GET", "/b", 503, 0)
		}
		lines := s.stopped()
		for _, l := range lines {
			if l.Weight != nil {
				t.Fatalf("a line stands for %d requests", *l.Weight)
			}
		}
		if len(lines) != 5*(telemetry.DefaultTraceCeiling+1) {
			t.Errorf("%d lines", len(lines))
		}
	})
}

// Objectives count the lines of the gateway and of the edge as they are.
func TestTheLinesOfTheGatewayAreNeverLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, telemetry.Config{TraceCeiling: 5, Heartbeat: -1}, true, "GET /a")
		for range 5000 {
			s.request("GET", "/a", 503, time.Millisecond)
		}
		lines := s.stopped()
		for _, l := range lines {
			if l.Weight != nil {
				t.Fatalf("a line stands for %d requests", *l.Weight)
			}
		}
		if len(lines) != 5000 {
			t.Errorf("%d lines", len(lines))
		}
	})
}

func TestARouteWithFewRequestsKeepsItsLinesBesideOneWithMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, telemetry.Config{TraceCeiling: 20, Heartbeat: -1}, false, "GET /a", "GET /b")
		for i := range 5 * 1000 {
			s.request("GET", "/a", 200, time.Second/1000)
			if i%100 == 0 {
				s.request("GET", "/b", 200, 0)
			}
		}
		written, perSecond := map[string]int{}, map[string]int{}
		for _, l := range s.stopped() {
			written[l.Route]++
			perSecond[l.Route+l.Time[:len("2026-01-02T15:04:05")]]++
		}
		// The first second of /a has 20 lines, and each of the four after it two with low ids
		// and its first one. The last request ends in a sixth second, and one line is for the rest.
		if most := 20 + 4*(2+1) + 1 + 1; written["/b"] != 50 || written["/a"] > most {
			t.Errorf("wrote %v, want 50 for /b and at most %d for /a", written, most)
		}
		for second, n := range perSecond {
			if n > 20+1 { // and one for the rest
				t.Errorf("%d lines in %s", n, second)
			}
		}
	})
}

// The rest of a storm must not wait for the next request of its kind, or for the end.
func TestAHeartbeatWritesWhatTheLastLinesLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, telemetry.Config{TraceCeiling: 5}, false, "GET /a")
		for range 100 {
			s.request("GET", "/a", 503, 0)
		}
		time.Sleep(11 * time.Second)
		synctest.Wait()
		lines := accessLines(t, s.lines.String())
		if len(lines) != 6 || lines[5].weight() != 95 || lines[5].Seconds != nil || lines[5].Status != 503 || lines[5].Route != "/a" {
			t.Errorf("%d lines, the last one is %+v", len(lines), lines[len(lines)-1])
		}
		if all := s.stopped(); len(all) != len(lines) {
			t.Errorf("%d more lines at the end", len(all)-len(lines))
		}
	})
}

// The weight of a slow request would make all that are left out look slow.
func TestASlowRequestDoesNotStandForFastOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, telemetry.Config{TraceCeiling: 5, Heartbeat: -1}, false, "GET /a")
		for range 100 {
			s.request("GET", "/a", 200, 0)
		}
		s.request("GET", "/a", 200, 3*time.Second)
		s.request("GET", "/a", 200, 0)
		lines := s.stopped()
		if len(lines) != 7 || lines[5].weight() != 1 || lines[6].weight() != 96 {
			t.Errorf("%+v", lines)
		}
	})
}

// Under as much concurrency as the machine has, from the first request of each outcome on.
func TestNoWeightIsLostBetweenConcurrentRequests(t *testing.T) {
	for range 10 {
		s := newService(t, telemetry.Config{
			TraceCeiling: 1, Heartbeat: time.Microsecond, Processors: []sdktrace.SpanProcessor{discard{}},
		}, false, "GET /a")
		const each, callers = 300, 16
		var all sync.WaitGroup
		begin := make(chan struct{})
		for range callers {
			all.Go(func() {
				<-begin
				for i := range each {
					s.send(200+i%2, []string{"00", "00", "01"}[i%3])
				}
			})
		}
		close(begin)
		all.Wait()
		sent := map[int]int{200: callers * each / 2, 201: callers * each / 2}
		for _, l := range s.stopped() {
			sent[l.Status] -= l.weight()
		}
		if sent[200] != 0 || sent[201] != 0 {
			t.Fatalf("missing requests: %v", sent)
		}
	}
}

func TestTheLinesOfKeptTracesTakePartOfTheCeiling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, telemetry.Config{TraceCeiling: 5, Heartbeat: -1, Processors: []sdktrace.SpanProcessor{discard{}}}, false, "GET /a")
		send := func(n int, flags string) {
			for range n {
				s.send(200, flags)
			}
		}
		send(4, "01")
		send(100, "00")
		send(6, "01")
		lines := s.stopped()
		if len(lines) != 4+1+6 || lines[4].Kept || lines[5].weight() != 100 || lines[10].weight() != 1 {
			t.Errorf("%d lines: %+v", len(lines), lines)
		}
	})
}

// What a person will look at together must be there together.
func TestARequestWhoseTraceIsKeptHasALine(t *testing.T) {
	a := newAgent(t)
	a.listen()
	s := newService(t, telemetry.Config{TraceCeiling: 3, Endpoint: "http://" + a.addr, Heartbeat: -1}, false, "GET /a")
	for i := range 500 {
		status := 200
		if i%100 == 99 {
			status = 503
		}
		s.request("GET", "/a", status, 0)
	}
	failed, kept := 0, 0
	for _, l := range s.stopped() {
		if l.Status == 503 && l.Kept {
			failed++
		}
		if l.Kept {
			kept++
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if failed != 5 || kept != a.spans["GET /a"] {
		t.Errorf("%d of 5 failures have a line with a kept trace; %d lines say so, and the agent has %d traces", failed, kept, a.spans["GET /a"])
	}
}
