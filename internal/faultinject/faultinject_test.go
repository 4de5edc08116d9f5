package faultinject

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/internal/flags"
	"jari.example/internal/wait"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// lines are the log lines of a process.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

// faulty is a process with a file of flags.
type faulty struct {
	*testing.T
	path string
	log  *lines
}

func start(t *testing.T) *faulty {
	t.Helper()
	f := &faulty{t, filepath.Join(t.TempDir(), "flags.json"), &lines{}}
	stop, err := Start(f.path, telemetry.NewLogger(f.log, "test", ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return f
}

// set switches flags on, those that are not given off.
func (f *faulty) set(flags map[string]any) {
	f.Helper()
	definitions := map[string]any{}
	for key, value := range flags {
		definitions[key] = map[string]any{"state": "ENABLED", "defaultVariant": "on", "variants": map[string]any{"on": value}}
	}
	text, err := json.Marshal(map[string]any{"flags": definitions})
	if err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(f.path+".new", text, 0o644); err != nil {
		f.Fatal(err)
	}
	if err := os.Rename(f.path+".new", f.path); err != nil {
		f.Fatal(err)
	}
}

func (f *faulty) await(what string, ok func() bool) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), 10*time.Second)
	defer cancel()
	if wait.Until(ctx, 10*time.Millisecond, ok) != nil {
		f.Fatalf("%s: not within 10 s", what)
	}
}

// statuses counts the responses of a route by status.
func statuses(h http.Handler, requests int) map[int]int {
	counts := map[int]int{}
	for range requests {
		res := httptest.NewRecorder()
		h.ServeHTTP(res, httptest.NewRequest("POST", "/v1/x", nil))
		counts[res.Code]++
	}
	return counts
}

func TestAShareOfARouteFailsWhileItsFlagIsOn(t *testing.T) {
	spans := telemetrytest.Start(t)
	f := start(t)
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) })
	route := func(pattern string) http.Handler {
		return telemetry.Server(slog.New(slog.NewTextHandler(f.log, nil)), pattern, false, Process().Handler(pattern, served))
	}
	this, other := route("POST /v1/x"), route("POST /v1/y")
	if got := statuses(this, 100); got[201] != 100 {
		t.Errorf("before: %v", got)
	}
	f.set(map[string]any{RouteErrors: Route{Route: "POST /v1/x", Percent: 30}})
	f.await("it fails", func() bool { return statuses(this, 20)[500] > 0 })
	if got := statuses(this, 1000); got[500] < 200 || got[500] > 400 || got[500]+got[201] != 1000 {
		t.Errorf("30 %% of 1000: %v", got)
	}
	if got := statuses(other, 100); got[201] != 100 {
		t.Errorf("another route: %v", got)
	}
	f.set(map[string]any{RoutePanics: Route{Percent: 100}})
	f.await("it panics", func() bool {
		return statuses(this, 1)[500] == 1 && f.log.count("injected by the feature flag route-panics") > 0
	})
	if got := statuses(this, 10); got[500] != 10 {
		t.Errorf("with panics: %v", got)
	}
	f.set(nil)
	f.await("it is well again", func() bool { return statuses(this, 20)[201] == 20 })
	failed := 0
	for _, s := range spans.Spans() {
		if telemetrytest.Attr(s, names.FlagKey) != RouteErrors {
			continue
		}
		failed++
		for name, want := range map[string]any{names.FlagVariant: "on", names.FlagProvider: "file", names.HTTPStatus: int64(500)} {
			if got := telemetrytest.Attr(s, name); got != want {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	}
	if failed < 200 {
		t.Errorf("%d spans name the flag", failed)
	}
	for _, change := range []string{"feature flag route-errors is on", "route-errors is off", "route-panics is on", "route-panics is off"} {
		if n := f.log.count(change); n != 1 {
			t.Errorf("%d lines say %q, want 1", n, change)
		}
	}
}

func TestADelayedRequestStillGetsItsResponse(t *testing.T) {
	f := start(t)
	h := Process().Handler("GET /v1/x", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	f.set(map[string]any{RouteDelay: Route{Percent: 100, DelayMS: 300}})
	f.await("a slow response", func() bool {
		begin := time.Now()
		return statuses(h, 1)[http.StatusTeapot] == 1 && time.Since(begin) >= 300*time.Millisecond
	})
}

func TestWhatLeaksIsGivenBack(t *testing.T) {
	f := start(t)
	memory := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, goroutines := memory(), runtime.NumGoroutine()
	const mebibytes = 64 << 20
	f.set(map[string]any{
		MemoryLeak: Leak{PerSecond: 1 << 30, Limit: mebibytes}, GoroutineLeak: Leak{PerSecond: 100_000, Limit: 5_000},
		LogFlood: Leak{PerSecond: 1000},
	})
	f.await("memory", func() bool { return memory() > before+mebibytes*9/10 })
	f.await("goroutines", func() bool { return runtime.NumGoroutine() >= goroutines+5_000 })
	f.await("lines", func() bool { return f.log.count("one of too many lines") > 500 })
	time.Sleep(4 * growInterval)
	if m, g := memory(), runtime.NumGoroutine(); m > before+2*mebibytes || g > goroutines+6_000 {
		t.Errorf("it grew over its limit: %d bytes, %d goroutines", m-before, g-goroutines)
	}
	f.set(nil)
	f.await("memory is given back", func() bool { return memory() < before+mebibytes/2 })
	f.await("goroutines are given back", func() bool { return runtime.NumGoroutine() < goroutines+100 })
	lines := f.log.count("one of too many lines")
	time.Sleep(4 * growInterval)
	if now := f.log.count("one of too many lines"); now != lines {
		t.Errorf("%d lines after its end", now-lines)
	}
}

func TestWhatHasLeakedStaysWhenAnotherFlagChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flags.json")
	file, err := flags.Open(path) // outside of the bubble: OpenFeature listens for events as long as the process runs
	if err != nil {
		t.Fatal(err)
	}
	f := &faulty{T: t, path: path}
	synctest.Test(t, func(t *testing.T) {
		i := newInjector(telemetry.NewLogger(io.Discard, "test", ""))
		defer i.clear()
		apply := func(all map[string]any) {
			t.Helper()
			f.set(all)
			if changed, err := file.Load(); !changed || err != nil {
				t.Fatalf("changed: %v, %v", changed, err)
			}
			i.apply(t.Context(), file)
		}
		before := runtime.NumGoroutine()
		leak := Leak{PerSecond: 2000, Limit: 1000}
		apply(map[string]any{GoroutineLeak: leak})
		time.Sleep(time.Second)
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n < leak.Limit {
			t.Fatalf("%d goroutines have leaked, want %d", n, leak.Limit)
		}
		apply(map[string]any{GoroutineLeak: leak, RouteErrors: Route{Percent: 10}})
		synctest.Wait()
		if n := runtime.NumGoroutine() - before; n < leak.Limit {
			t.Errorf("%d goroutines are left when another flag has changed, want %d", n, leak.Limit)
		}
	})
}

func TestAStoppedWorkerWaitsUntilItsFlagIsOff(t *testing.T) {
	f := start(t)
	i := Process()
	running, cancel := i.StopContext(t.Context(), "outbox relay")
	defer cancel()
	other, cancelOther := i.StopContext(t.Context(), "indexer")
	defer cancelOther()
	f.set(map[string]any{WorkerStopped: Worker{Worker: "outbox relay"}})
	f.await("its context ends", func() bool { return running.Err() != nil })
	if other.Err() != nil {
		t.Error("another worker was stopped")
	}
	if !i.WaitWhileStopped(t.Context(), "indexer") {
		t.Error("another worker may not run")
	}
	ended, cancelEnded := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancelEnded()
	if i.WaitWhileStopped(ended, "outbox relay") {
		t.Error("a stopped worker may run at the end of its process")
	}
	done := make(chan bool)
	go func() { done <- i.WaitWhileStopped(context.Background(), "outbox relay") }()
	f.set(nil)
	select {
	case ok := <-done:
		if !ok {
			t.Error("it may not run")
		}
	case <-time.After(10 * time.Second):
		t.Error("it still waits")
	}
}

// A pool of two connections, which counts who uses and who waits for one.
func TestCallersKeepAPoolBusyWhileItsFlagIsOn(t *testing.T) {
	f := start(t)
	pool := make(chan struct{}, 2)
	var waiting, uses atomic.Int64
	acquire := func(ctx context.Context) (func(), error) {
		waiting.Add(1)
		defer waiting.Add(-1)
		select {
		case pool <- struct{}{}:
			uses.Add(1)
			return func() { <-pool }, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { Process().KeepBusy(ctx, cap(pool), acquire); close(ended) }()
	f.set(map[string]any{PoolBusy: Pool{Waiting: 5, HoldMS: 1}})
	f.await("five wait", func() bool { return waiting.Load() >= 5 && len(pool) == cap(pool) && uses.Load() > 20 })
	f.set(nil)
	f.await("nobody waits", func() bool { return waiting.Load() == 0 && len(pool) == 0 })
	f.set(map[string]any{PoolBusy: Pool{Waiting: 5, HoldMS: 1}})
	f.await("five wait again", func() bool { return waiting.Load() >= 5 })
	cancel()
	<-ended
	if len(pool) != 0 || waiting.Load() != 0 {
		t.Errorf("at the end %d connections are in use, and %d wait", len(pool), waiting.Load())
	}
	var none *Injector
	none.KeepBusy(t.Context(), 1, acquire) // returns
}

func TestAFlagThatCannotBeUsedIsReportedAndOff(t *testing.T) {
	f := start(t)
	h := Process().Handler("GET /v1/x", http.NotFoundHandler())
	f.set(map[string]any{RouteErrors: map[string]any{"procent": 100}})
	f.await("it is reported", func() bool { return f.log.count("feature flag refused") == 1 })
	if got := statuses(h, 10); got[404] != 10 {
		t.Errorf("%v", got)
	}
}

func TestOneProcessHasOneFileOfFlags(t *testing.T) {
	f := start(t)
	if _, err := Start(f.path, slog.New(slog.NewTextHandler(io.Discard, nil))); err == nil {
		t.Error("a second one was started")
	}
}

func TestWithoutFlagsARouteIsItself(t *testing.T) {
	if Process() != nil {
		t.Fatal("an injector is left over")
	}
	next := http.NewServeMux()
	if Process().Handler("GET /", next) != http.Handler(next) {
		t.Error("the handler was wrapped")
	}
	if !Process().WaitWhileStopped(t.Context(), "outbox relay") {
		t.Error("a worker may not run")
	}
}

// While no flag is on, a request allocates nothing for it.
func TestARequestCostsNoAllocationWhileNoFlagIsOn(t *testing.T) {
	h := newInjector(nil).Handler("GET /v1/x", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/x", nil)
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func BenchmarkNoFlagOn(b *testing.B) {
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/v1/x", nil)
	for name, h := range map[string]http.Handler{"without": next, "with": newInjector(nil).Handler("GET /v1/x", next)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
