package main

import (
	"flag"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"jari.example/infra/bench"
	"jari.example/infra/bench/benchtest"
	"jari.example/infra/bench/rig"
	"jari.example/telemetry/names"
)

// served starts a server whose responses are decided by respond, and returns its
// address.
func served(t *testing.T, respond func(*fasthttp.RequestCtx)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() { _ = fasthttp.Serve(l, respond) }() // ends by Close
	return l.Addr().String()
}

func someDiners(n int) (all []diner) {
	r := rand.New(rand.NewPCG(1, 1))
	for range n {
		id := rig.RandomID(r).String()
		all = append(all, diner{id: id, session: "s-" + id, bearer: "Bearer " + id})
	}
	return all
}

func TestEachDinerOfTheRushAsksOnce(t *testing.T) {
	var mu sync.Mutex
	asked := map[string]int{}
	keys := map[string]bool{}
	n := 0
	addr := served(t, func(c *fasthttp.RequestCtx) {
		mu.Lock()
		defer mu.Unlock()
		asked[string(c.Request.Header.Peek("Authorization"))]++
		keys[string(c.Request.Header.Peek(names.HeaderIdempotency))] = true
		if path, body := string(c.Path()), string(c.PostBody()); path != "/v1/reservations" || !strings.HasPrefix(body, `{"slot_id":"7","party":`) {
			t.Errorf("%s %s", path, body)
		}
		c.SetStatusCode([]int{201, 409, 409, 503}[n%4])
		n++
	})
	diners := someDiners(400)
	o, next := &outcome{}, &atomic.Int64{}
	got := rig.Load{Addr: addr, Connections: 8, Requests: len(diners), Client: func(r *rand.Rand) rig.Client {
		return &rushClient{outcome: o, path: gateway, slot: func() int64 { return 7 }, diners: diners, next: next, r: r}
	}}.Run(t.Context(), func() {}, func() {})
	for _, d := range diners {
		if asked[d.bearer] != 1 {
			t.Errorf("a diner has asked %d times", asked[d.bearer])
		}
	}
	if len(keys) != 400 || got.Booked() != 100 || o.booked.Load() != 100 || o.errors.Load() != 100 || o.requests.Load() != 400 {
		t.Errorf("%d keys, %d booked, %d counted as booked, %d errors of %d requests",
			len(keys), got.Booked(), o.booked.Load(), o.errors.Load(), o.requests.Load())
	}
}

func TestADirectRequestHasWhatTheGatewaySets(t *testing.T) {
	var req fasthttp.Request
	d := someDiners(1)[0]
	asDiner(&req, d, direct)
	if string(req.Header.Peek(names.HeaderUserID)) != d.id || len(req.Header.Peek("Authorization")) > 0 {
		t.Errorf("the headers are %s", &req.Header)
	}
	req.Reset()
	asDiner(&req, d, edge)
	if string(req.Header.Peek("Authorization")) != d.bearer || len(req.Header.Peek(names.HeaderUserID)) > 0 {
		t.Errorf("the headers are %s", &req.Header)
	}
}

// The server books everything, so that there is always something to cancel.
func TestAnEveningHasItsMixAndCancelsWhatItHasBooked(t *testing.T) {
	var mu sync.Mutex
	kinds := map[string]int{}
	booked, cancelled := 0, 0
	addr := served(t, func(c *fasthttp.RequestCtx) {
		mu.Lock()
		defer mu.Unlock()
		path, posts := string(c.Path()), c.IsPost()
		who := strings.TrimPrefix(string(c.Request.Header.Peek("Authorization")), "Bearer ")
		switch {
		case strings.HasSuffix(path, "/availability"):
			kinds["look-up"]++
		case path == "/v1/restaurants":
			kinds["search"]++
		case path == "/v1/reservations" && posts:
			kinds["booking"]++
			booked++
			c.SetStatusCode(201)
			c.SetBodyString(`{"id":"r` + who + `"}`)
		case strings.HasSuffix(path, "/cancel") && posts:
			kinds["other"]++
			cancelled++
			if owner := strings.TrimSuffix(strings.TrimPrefix(path, "/v1/reservations/r"), "/cancel"); owner != who {
				t.Errorf("%s cancels the reservation of %s", who, owner)
			}
		case path == "/v1/waitlist" && posts:
			kinds["other"]++
			c.SetStatusCode(409)
		default:
			t.Errorf("%s %s", c.Method(), path)
		}
		if posts != (len(c.Request.Header.Peek(names.HeaderIdempotency)) > 0) {
			t.Errorf("%s %s has the idempotency key %q", c.Method(), path, c.Request.Header.Peek(names.HeaderIdempotency))
		}
	})
	o := &outcome{}
	const requests = 4000
	rig.Load{Addr: addr, Connections: 1, Requests: requests, Client: func(r *rand.Rand) rig.Client {
		return &eveningClient{
			outcome: o, path: gateway, diners: someDiners(8), restaurants: []string{"a", "b"}, slots: []int64{1, 2, 3},
			pick: rig.ByPopularity(3)(r), r: r,
		}
	}}.Run(t.Context(), func() {}, func() {})
	for kind, share := range map[string]float64{"look-up": 0.60, "search": 0.25, "booking": 0.10, "other": 0.05} {
		if got := float64(kinds[kind]) / requests; got < share-0.025 || got > share+0.025 {
			t.Errorf("%s is a share of %.3f, want %.2f", kind, got, share)
		}
	}
	if o.errors.Load() != 0 || o.booked.Load() != int64(booked) || cancelled < booked/10 {
		t.Errorf("%d errors; %d booked, %d counted; %d cancelled", o.errors.Load(), booked, o.booked.Load(), cancelled)
	}
}

func measured(perSecond, errors, overbooked int) measurement {
	m := measurement{requests: perSecond, errors: errors, overbooked: overbooked, documents: int64(2 * perSecond), searchable: 3 * time.Second}
	m.Duration = time.Second
	for i := range perSecond {
		m.Latencies = append(m.Latencies, time.Duration(i+1)*time.Millisecond)
	}
	for i := range processes {
		m.cpu.parts = append(m.cpu.parts, time.Duration(i)*100*time.Millisecond)
	}
	m.cpu.own = time.Second
	return m
}

func TestARowHasMediansAndTheWorstErrors(t *testing.T) {
	r := summarise(load{rush, gateway, 0}, this, []measurement{measured(100, 0, 1), measured(300, 2, 0), measured(200, 0, 0)})
	if r.PerSecond != 200 || r.P50 != 100 || r.Errors != 2 || r.Overbooked != 1 || r.Documents != 2 || *r.Searchable != 3 || r.Rate != nil {
		t.Errorf("got %+v", r)
	}
	if r.CPU.Reservation != 0.5 || r.CPU.Alerting != 5.5 || r.CPU.Load != 5 {
		t.Errorf("CPU time is %+v", r.CPU)
	}
	if r := summarise(load{rush, direct, 0}, this, []measurement{measured(1, 0, 0)}); r.Searchable != nil {
		t.Error("a direct request has an access line of the gateway")
	}
	if len((&cpu{}).fields()) != len(processes) {
		t.Errorf("%d processes have %d fields", len(processes), len((&cpu{}).fields()))
	}
}

// OpenSearch has other work, too: only what it does less of without alerting counts.
func TestAnIdleSystemsShareIsWhatOnlyALocalOneHas(t *testing.T) {
	running := map[string][]float64{"alerting": {1, 3, 2}, "opensearch": {9, 8, 30}, "aws": {4, 4, 5}, "launcher": {.5, .6, .7}}
	stopped := map[string][]float64{"alerting": {0, 0, 0}, "opensearch": {5, 4, 3}, "aws": {9, 9, 9}, "launcher": {9, 9, 9}}
	if got, want := localShare(running, stopped), (idleCPU{Alerting: 2, OpenSearch: 5, AWS: 4, Launcher: .6, Sum: 11.6}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	stopped["opensearch"] = []float64{10}
	if got := localShare(running, stopped); got.OpenSearch != 0 {
		t.Errorf("alerting saves OpenSearch %v %%", -got.OpenSearch)
	}
}

func TestGoalsUseTheRightRows(t *testing.T) {
	lag, rate := 5.0, rates[0]
	fast := row{Build: this, Scenario: rush, Path: gateway, PerSecond: 2049, P99: 400, Documents: 2, Searchable: &lag}
	fast.CPU.Gateway, fast.CPU.Reservation = 0.3, 0.15
	calm := row{Build: this, Scenario: evening, Path: gateway, Rate: &rate, Searchable: &lag}
	old := row{Build: "0123456789ab", Scenario: rush, Path: gateway, PerSecond: 683, P99: 9000, Searchable: &lag}
	soon, announced := 1.0, 10.0
	failed := row{Build: this, Scenario: fault, Path: gateway, Searchable: &lag, Earliest: &soon, Announced: &announced}
	held := row{Build: this, Scenario: mailLoads[0].scenario, Path: gateway, PerSecond: 1000}
	sent := row{Build: this, Scenario: mailLoads[1].scenario, Path: gateway, PerSecond: 950}
	idle := row{Build: this, Scenario: idling, Idle: &idleCPU{Sum: 10}}
	results := func(rows ...row) string { return benchtest.Results(t, goals(rows)) }
	if got := results(old, fast, calm, failed, held, sent, idle); got != strings.TrimSpace(strings.Repeat("met ", 12)) {
		t.Errorf("rows that meet every goal are %s", got)
	}
	late := 10.1
	slow := row{Build: this, Scenario: rush, Path: gateway, PerSecond: 2048, P99: 401, Documents: 2.01, Searchable: &late, Overbooked: 1, Errors: 1}
	slow.CPU.Gateway, slow.CPU.Reservation = 0.301, 0.151
	crowded := calm
	crowded.Searchable = &late
	muted := failed
	tooLate := 10.1
	muted.Announced = &tooLate
	sent.PerSecond, idle.Idle = 949, &idleCPU{Sum: 10.1}
	if got := results(old, slow, crowded, muted, held, sent, idle); got != strings.TrimSpace(strings.Repeat("missed ", 12)) { // the control
		t.Errorf("rows that miss every goal are %s", got)
	}
	required := goals([]row{slow})
	if n := len(slices.DeleteFunc(required, func(g bench.Goal) bool { return !g.Required })); n != 1 {
		t.Errorf("%d goals are required, want that of overbooking", n)
	}
}

func TestOnlyACompleteRunIsKept(t *testing.T) {
	for args, want := range map[string]bool{
		"": true, "-against HEAD": true, "-only rush": false, "-runs 2": false, "-diners 2000": false, "-highest=false": false, "-path gateway": false,
	} {
		var o options
		fs := flag.NewFlagSet("rush", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		check := o.define(fs)
		if err := fs.Parse(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		if complete, err := check(); complete != want || err != nil {
			t.Errorf("%q: complete: %v, %v", args, complete, err)
		}
	}
	o := options{only: scenarios, paths: paths}
	var all []string
	for _, l := range o.loads() {
		all = append(all, l.String())
	}
	want := []string{
		"rush, direct", "rush, gateway", "evening, gateway, 500/s", "evening, gateway, 1000/s",
		"rush, edge", "evening, edge, 500/s", "evening, edge, 1000/s",
	} // a fault is measured once, at the end
	if !slices.Equal(all, want) {
		t.Errorf("the loads are %q", all)
	}
}

func TestTheChartHasEveryProcess(t *testing.T) {
	var c cpu
	for i, field := range c.fields() {
		*field = float64(int(1) << i)
	}
	c.Load = float64(int(1) << len(processes))
	sum := 0.0
	for _, d := range drawn {
		sum += d.cpu(c)
	}
	if want := float64(int(1)<<(len(processes)+1) - 1); sum != want {
		t.Errorf("the parts of the bar have a sum of %v, want %v: a process is missing or there twice", sum, want)
	}
}

func TestASecondIsStretchedToAMinuteForTheReplay(t *testing.T) {
	s := &series{seconds: map[int64]*[2]int{}}
	at := time.Date(2026, 11, 3, 10, 0, 0, 0, time.UTC)
	s.add(at, false)
	s.add(at.Add(999*time.Millisecond), true)
	s.add(at.Add(time.Second), true)
	lines := strings.Split(strings.TrimSpace(s.csv()), "\n")
	slices.Sort(lines[1:])
	first := time.Unix(at.Unix()*60, 0).UTC()
	want := []string{
		"time,rule,subject,region,good,bad",
		first.Format(time.RFC3339) + ",booking-availability,,ap-northeast-2,1,1",
		first.Add(time.Minute).Format(time.RFC3339) + ",booking-availability,,ap-northeast-2,0,1",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("the series is %q, want %q", lines, want)
	}
}

func TestTheFaultBeginsOnceInTheMiddleOfTheRush(t *testing.T) {
	begun := 0
	c := &faultyRush{
		rushClient: &rushClient{outcome: &outcome{}}, series: &series{seconds: map[int64]*[2]int{}}, begin: sync.OnceFunc(func() { begun++ }), at: 3,
	}
	for i, status := range []int{201, 409, 503, 503, 500} {
		c.Received(status, nil)
		if want := min(max(i-1, 0), 1); begun != want {
			t.Errorf("after %d responses it has begun %d times", i+1, begun)
		}
	}
	good, bad := 0, 0
	for _, n := range c.series.seconds {
		good, bad = good+n[0], bad+n[1]
	}
	if good != 2 || bad != 3 || c.errors.Load() != 1 || c.requests.Load() != 5 {
		t.Errorf("%d good, %d bad, %d errors of %d", good, bad, c.errors.Load(), c.requests.Load())
	}
}

func TestTheFaultBeginsEvenIfTwoConnectionsCountAtOnce(t *testing.T) {
	begun := false
	c := &faultyRush{
		rushClient: &rushClient{outcome: &outcome{}}, series: &series{seconds: map[int64]*[2]int{}}, begin: func() { begun = true }, at: 3,
	}
	c.requests.Store(3) // another one has counted the third response, and this one gets the fourth
	if c.Received(201, nil); !begun {
		t.Error("nobody has begun it")
	}
}

func TestTheCPUTimeIsThatOfAllRequestsThatAreCounted(t *testing.T) {
	addr := served(t, func(c *fasthttp.RequestCtx) { c.SetStatusCode(201) })
	o := &outcome{}
	g := rig.Load{Addr: addr, Connections: 2, WarmUp: 50 * time.Millisecond, Measured: 50 * time.Millisecond}
	g.Client = bookers(o, gateway, someDiners(10), func(*rand.Rand) func() int64 { return func() int64 { return 7 } })
	var counted []int64
	if _, _, _, err := runMeasured(t.Context(), g, func() (usage, error) {
		counted = append(counted, o.requests.Load())
		return usage{}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(counted) != 2 || counted[0] != 0 || counted[1] == 0 {
		t.Errorf("CPU time was read after %v requests, want first after none", counted)
	}
}

func TestConnectionsShareNoDiners(t *testing.T) {
	const connections = 64
	share := shares(someDiners(2*connections+1), connections)
	var taken sync.Map
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			for _, d := range share() {
				if _, twice := taken.LoadOrStore(d.id, true); twice {
					t.Error("two connections have one diner")
				}
			}
		})
	}
	all.Wait()
}

func TestAnErrorOfAServerIsNoAnswer(t *testing.T) {
	addr := served(t, func(c *fasthttp.RequestCtx) { c.SetStatusCode(500); c.SetBodyString(`{"messages":[]}`) })
	var all struct{ Messages []string }
	if err := getJSON(t.Context(), "http://"+addr+"/control/messages", &all); err == nil || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("got %v", err)
	}
}
