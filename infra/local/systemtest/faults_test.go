package systemtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/infra/local/fault"
	"jari.example/infra/local/launch"
	"jari.example/internal/faultinject"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// faultCases turns on the test of all injected faults. It stops parts of the system, so
// it runs alone.
const faultCases = "JARI_FAULT_CASES"

// faultTest is a running system into which faults are injected.
type faultTest struct {
	*testing.T
	client     fault.Client
	launcher   *launch.Client
	edge       string
	restaurant string
	slow       *http.Client
}

func newFaultTest(t *testing.T) *faultTest {
	if os.Getenv(faultCases) == "" {
		t.Skipf("takes minutes and stops parts of the system; `make test-full` runs it alone, with %s=yes", faultCases)
	}
	launcher := launch.Dial(launch.SocketPath(realpart.Need(t, "JARI_DIR")))
	f := &faultTest{
		T: t, client: fault.Client{Launcher: launcher}, launcher: launcher, edge: realpart.Need(t, realpart.Edge),
		slow: &http.Client{Timeout: 15 * time.Second},
	}
	f.restaurant = get[struct{ Items []struct{ ID string } }](t, f.edge+"/v1/restaurants?limit=1").Items[0].ID
	t.Cleanup(func() {
		if _, err := f.client.Off(context.Background(), "", ""); err != nil {
			t.Error(err)
		}
	})
	return f
}

// status is the status of a response, or why there was none.
func (f *faultTest) status(method, url, body string) (code int, seen string) {
	req, err := http.NewRequestWithContext(f.Context(), method, url, strings.NewReader(body))
	if err != nil {
		f.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := f.slow.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 300))
	return res.StatusCode, fmt.Sprintf("%d %s", res.StatusCode, text)
}

// failing is an effect: a request gets no response, or one of 500 or above.
func (f *faultTest) failing(method, path, body string) effect {
	return func() (bool, string) {
		code, seen := f.status(method, f.edge+path, body)
		return code == 0 || code >= 500, seen
	}
}

func (f *faultTest) freeTimes() effect {
	now := time.Now().UTC()
	return f.failing("GET", "/v1/restaurants/"+f.restaurant+"/availability?"+url.Values{
		"from": {now.Format(time.RFC3339)}, "to": {now.AddDate(0, 0, 2).Format(time.RFC3339)}, "party": {"1"},
	}.Encode(), "")
}

func (f *faultTest) logIns() effect {
	// A new account for each attempt, because the cases may have lost the sessions of others.
	email := fmt.Sprintf("fault-%d@example.com", time.Now().UnixNano())
	f.status("POST", f.edge+"/v1/users", `{"email": "`+email+`", "password": "a long enough password", "name": "Fault"}`)
	return f.failing("POST", "/v1/sessions", `{"email": "`+email+`", "password": "a long enough password"}`)
}

// await waits until the effect is there, or is not there any more.
func (f *faultTest) await(what string, e effect, want bool, limit time.Duration) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), limit)
	defer cancel()
	begin := time.Now()
	var seen string
	if err := wait.Until(ctx, 200*time.Millisecond, func() bool {
		var fails bool
		fails, seen = e()
		return fails == want
	}); err != nil {
		f.Fatalf("%s: waited %s for fails=%t; last seen: %s", what, limit, want, seen)
	}
	f.Logf("%s: fails=%t after %.1f s: %.120s", what, want, time.Since(begin).Seconds(), seen)
}

// faultCase says how the effect of a fault is seen.
type faultCase struct {
	request fault.Request
	effect  func(*faultTest) effect
	within  time.Duration // how long the effect may take; 0: 20 s
}

func faultsToTry() []faultCase {
	freeTimes := (*faultTest).freeTimes
	logIns := (*faultTest).logIns
	return []faultCase{
		{request: fault.Request{Fault: "database-refuse"}, effect: freeTimes},
		{request: fault.Request{Fault: "database-lock"}, effect: freeTimes},
		{request: fault.Request{Fault: "pool-exhausted"}, effect: freeTimes},
		{request: fault.Request{Fault: "overbooked-counter"}, within: 90 * time.Second, effect: func(f *faultTest) effect {
			return f.logged("reservation-kr", names.EventInvariantViolated)
		}},
		{request: fault.Request{Fault: "service-killed"}, effect: freeTimes},
		{request: fault.Request{Fault: "service-hung"}, effect: freeTimes},
		{request: fault.Request{Fault: "service-killed", Service: "gateway"}, effect: freeTimes},
		{request: fault.Request{Fault: "redis-away"}, effect: logIns},
		{request: fault.Request{Fault: "redis-hung"}, effect: logIns},
		{request: fault.Request{Fault: "opensearch-hung"}, effect: func(f *faultTest) effect {
			return f.failing("GET", "/v1/restaurants?q=a", "")
		}},
		{request: fault.Request{Fault: "opensearch-read-only"}, effect: (*faultTest).telemetryRefused},
		{request: fault.Request{Fault: "indexer-stopped"}, effect: func(f *faultTest) effect { return f.noProcess("indexer-kr") }},
		{request: fault.Request{Fault: "agent-stopped"}, effect: func(f *faultTest) effect { return f.noProcess("agent") }},
		{request: fault.Request{Fault: "ses-refuses"}, effect: func(f *faultTest) effect { return f.mailRefused("AccountSuspendedException") }},
		{request: fault.Request{Fault: "ses-throttles", Percent: 100}, effect: func(f *faultTest) effect {
			return f.mailRefused("TooManyRequestsException")
		}},
		{request: fault.Request{Fault: "stream-stuck"}, effect: (*faultTest).streamStuck},
		{request: fault.Request{Fault: faultinject.RouteErrors, Route: lookUps, Percent: 100}, effect: freeTimes},
		{request: fault.Request{Fault: faultinject.RoutePanics, Route: lookUps, Percent: 100}, effect: freeTimes},
		{request: fault.Request{Fault: faultinject.RouteDelay, Route: lookUps, Delay: 3 * time.Second}, effect: func(f *faultTest) effect {
			return slow(f.freeTimes(), 3*time.Second)
		}},
		{request: fault.Request{Fault: "outbox-stopped"}, effect: (*faultTest).eventsWait},
		{request: fault.Request{Fault: faultinject.MemoryLeak}, effect: func(f *faultTest) effect {
			return f.above("/debug/pprof/heap?gc=1&debug=1", `# HeapAlloc = (\d+)`, 60<<20)
		}},
		{request: fault.Request{Fault: faultinject.GoroutineLeak}, effect: func(f *faultTest) effect {
			return f.above("/debug/pprof/goroutine?debug=1", `total (\d+)`, 2000)
		}},
		{request: fault.Request{Fault: faultinject.LogFlood}, effect: func(f *faultTest) effect {
			return f.logged("reservation-kr", "one of too many lines, written by the feature flag log-flood")
		}},
	}
}

// alertsToTry are faults for rules that read what little else shows.
func alertsToTry() []faultCase {
	return []faultCase{
		{request: fault.Request{Fault: "region-away"}, effect: func(f *faultTest) effect { return f.noProcess("gateway-kr") }},
		{request: fault.Request{Fault: "offers-late"}, effect: (*faultTest).lateOffers},
		{request: fault.Request{Fault: "signing-key-old"}, within: time.Minute, effect: func(f *faultTest) effect {
			return f.measured(names.MetricSigningKeyAge, ">=7776000")
		}},
		{request: fault.Request{Fault: "certificate-expiring"}, within: time.Minute, effect: func(f *faultTest) effect {
			return f.measured(names.MetricCertificateExpiry, "<1209600")
		}},
		{request: fault.Request{Fault: faultinject.PoolBusy}, within: time.Minute, effect: func(f *faultTest) effect {
			return f.measured(names.MetricPoolPending, ">=3")
		}},
		{request: fault.Request{Fault: "agent-disk-full"}, within: 2 * time.Minute, effect: func(f *faultTest) effect {
			return f.reported(names.AgentDiskFreeShare, "<0.1")
		}},
		{request: fault.Request{Fault: "documents-refused"}, within: 2 * time.Minute, effect: func(f *faultTest) effect {
			return f.reported(names.ShipDeadLetteredDelta, ">=1")
		}},
		{request: fault.Request{Fault: "agent-buffer-small"}, within: 3 * time.Minute, effect: func(f *faultTest) effect {
			return f.reported(names.ShipEvictedDelta, ">=1")
		}},
	}
}

// Each fault is seen while it is on, and not any more after its end, whether that comes
// by itself or by a command.
func TestEveryInjectedFaultHasItsEffectUntilItEnds(t *testing.T) {
	f := newFaultTest(t)
	tried := map[string]bool{}
	for _, c := range slices.Concat(faultsToTry(), alertsToTry()) {
		tried[c.request.Fault] = true
		name := c.request.Fault
		if c.request.Service != "" {
			name += " of " + c.request.Service
		}
		t.Run(name, func(t *testing.T) {
			f := &faultTest{t, f.client, f.launcher, f.edge, f.restaurant, f.slow}
			f.tryFault(c)
		})
	}
	proxied := map[string]bool{}
	for _, c := range faultsBehindProxies() {
		proxied[c.request.Fault] = true
	}
	for _, known := range fault.Faults() {
		if !tried[known.Name] && !proxied[known.Name] {
			t.Errorf("the fault %s is not tried", known.Name)
		}
	}
	f.awaitEvents(tried)
}

// faultsBehindProxies are those that need `jari up --fault-proxies`.
func faultsBehindProxies() []faultCase {
	const delay = 2 * time.Second
	slowly := func(name string, e func(*faultTest) effect) faultCase {
		return faultCase{request: fault.Request{Fault: name, Delay: delay}, effect: func(f *faultTest) effect { return slow(e(f), delay) }}
	}
	return []faultCase{
		slowly("database-slow", (*faultTest).freeTimes),
		slowly("redis-slow", (*faultTest).logIns),
		slowly("opensearch-slow", func(f *faultTest) effect { return f.failing("GET", "/v1/restaurants?q=a", "") }),
		slowly("opensearch-slow-for-agent", func(f *faultTest) effect { return f.behindProxy("opensearch-agent", "/") }),
		slowly("opensearch-slow-for-alerting", func(f *faultTest) effect { return f.behindProxy("opensearch-alerting", "/") }),
		{request: fault.Request{Fault: "version-failing", Route: lookUps}, effect: (*faultTest).onlyNextFails},
		{request: fault.Request{Fault: "version-slow", Route: lookUps, Delay: delay}, effect: func(f *faultTest) effect {
			return some(10, slow(f.freeTimes(), delay))
		}},
	}
}

// Servers are made slow by proxies, which a system has only if it was started with them.
func TestInjectedFaultsBehindProxies(t *testing.T) {
	f := newFaultTest(t)
	st, err := f.launcher.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	proxies := slices.ContainsFunc(st.Parts, func(p launch.PartStatus) bool { return p.Name == "fault-proxies" })
	for _, c := range faultsBehindProxies() {
		t.Run(c.request.Fault, func(t *testing.T) {
			f := &faultTest{t, f.client, f.launcher, f.edge, f.restaurant, f.slow}
			if proxies {
				f.tryFault(c)
			} else if _, err := f.client.On(t.Context(), c.request); err == nil || !strings.Contains(err.Error(), "jari up --fault-proxies") {
				t.Errorf("without proxies: %v", err)
			}
		})
	}
}

func (f *faultTest) tryFault(c faultCase) {
	limit := max(c.within, 20*time.Second)
	e := c.effect(f)
	f.await("before", e, false, time.Minute)
	c.request.For = limit
	f.begin(c.request)
	f.await("on", e, true, limit)
	if _, err := f.client.Off(f.Context(), c.request.Fault, ""); err != nil {
		f.Fatal(err)
	}
	f.await("off", e, false, 90*time.Second)
	if c.within != 0 {
		return // a second round would take minutes; the same code ends it
	}
	c.request.For = 12 * time.Second // requests wait for up to 5 s before they fail
	f.begin(c.request)
	f.await("on for 12 s", e, true, limit)
	f.await("12 s later", func() (bool, string) {
		on, err := f.client.List(f.Context())
		return err != nil || len(on) > 0, fmt.Sprintf("%+v, %v", on, err)
	}, false, time.Minute)
	f.await("afterwards", e, false, 90*time.Second)
}

// begin injects a fault. The part that it stops may still be starting, after the case
// before.
func (f *faultTest) begin(r fault.Request) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), time.Minute)
	defer cancel()
	var err error
	if wait.Until(ctx, 200*time.Millisecond, func() bool {
		_, err = f.client.On(ctx, r)
		return err == nil || !strings.Contains(err.Error(), "try again when it is up")
	}) != nil || err != nil {
		f.Fatal(err)
	}
}

// awaitEvents waits until OpenSearch has a line for the beginning and the end of every
// fault.
func (f *faultTest) awaitEvents(tried map[string]bool) {
	f.Helper()
	search := realpart.Need(f.T, realpart.OpenSearch) + "/" + names.LogIndex + "*/_search?size=1000&q=" +
		url.QueryEscape(names.EventName+":fault_injection.*")
	f.await("events in OpenSearch", func() (bool, string) {
		found := get[struct {
			Hits struct {
				Hits []struct {
					Source map[string]any `json:"_source"`
				}
			}
		}](f.T, search)
		missing := map[string]bool{}
		for name := range tried {
			missing[name+" "+names.EventFaultBegan], missing[name+" "+names.EventFaultEnded] = true, true
		}
		for _, h := range found.Hits.Hits {
			delete(missing, fmt.Sprint(h.Source[names.Fault], " ", h.Source[names.EventName]))
		}
		return len(missing) == 0, fmt.Sprintf("%d hits; missing %v", len(found.Hits.Hits), missing)
	}, true, 2*time.Minute)
}
