package edge_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/infra/local/edge"
)

const question = "/v1/restaurants/mosu/availability?party=2&from=2026-12-01T09:00:00Z"

// cachedOrigin counts the requests that reach an origin, which numbers its responses.
type cachedOrigin struct {
	requests atomic.Int64
	respond  http.HandlerFunc // nil: 200, public
	mu       sync.Mutex
	now      time.Time
}

func (o *cachedOrigin) clock() time.Time { o.mu.Lock(); defer o.mu.Unlock(); return o.now }
func (o *cachedOrigin) advance(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now = o.now.Add(d)
}

func (o *cachedOrigin) start(t *testing.T) (at string) {
	t.Helper()
	o.now = time.Now()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := strconv.FormatInt(o.requests.Add(1), 10)
		w.Header().Set("Cache-Control", "public, max-age=1")
		w.Header().Set("ETag", `"`+n+`"`)
		if o.respond != nil {
			o.respond(w, r)
			return
		}
		_, _ = io.WriteString(w, n+" auth="+r.Header.Get("Authorization")+" cookie="+r.Header.Get("Cookie")+
			" region="+r.Header.Get("Jari-Edge-Region"))
	}))
	t.Cleanup(s.Close)
	return start(t, edge.Config{Country: "KR", Now: o.clock, Origins: map[string]*url.URL{
		"ap-northeast-2": parse(t, s.URL), "us-east-1": parse(t, s.URL)}})
}

func TestACrowdWithOneQuestionCostsOneRequestASecond(t *testing.T) {
	release := make(chan struct{})
	o := &cachedOrigin{}
	o.respond = func(w http.ResponseWriter, _ *http.Request) {
		<-release
		_, _ = io.WriteString(w, "free times")
	}
	at := o.start(t)
	for second := range 3 {
		if second > 0 {
			o.advance(time.Second)
		}
		var crowd sync.WaitGroup
		for range 100 {
			crowd.Go(func() {
				req, err := http.NewRequestWithContext(t.Context(), "GET", at+question, nil)
				if err != nil {
					t.Error(err)
					return
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				defer res.Body.Close()
				if body, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || string(body) != "free times" {
					t.Errorf("%d %s %v", res.StatusCode, body, err)
				}
			})
		}
		if second == 0 {
			close(release)
		}
		crowd.Wait()
		if got := o.requests.Load(); got != int64(second+1) {
			t.Fatalf("after %d s the origin got %d requests", second+1, got)
		}
	}
}

func TestTheCachesKeyIsRegionPathAndQuery(t *testing.T) {
	o := &cachedOrigin{}
	at := o.start(t)
	get := func(path, result, prefix string, headers ...string) *http.Response {
		t.Helper()
		res, body := request(t, "GET", at+path, headers...)
		if res.Header.Get("X-Cache") != result || !strings.HasPrefix(body, prefix) {
			t.Errorf("%s: %q %q, want %q %q", path, res.Header.Get("X-Cache"), body, result, prefix)
		}
		return res
	}
	const hit, miss = "Hit from jari-edge", "Miss from jari-edge"
	get(question, miss, "1 auth= cookie= region=ap-northeast-2", "Authorization", "Bearer x", "Cookie", "a=b")
	res := get(question, hit, "1 ", "If-None-Match", `"0"`)
	if res.Header.Get("Age") != "0" || res.Header.Get("Jari-Edge-Region") != "ap-northeast-2" {
		t.Errorf("%v", res.Header)
	}
	if res := get(question, hit, "", "If-None-Match", `"1"`); res.StatusCode != 304 || res.Header.Get("ETag") != `"1"` {
		t.Errorf("revalidation: %d %v", res.StatusCode, res.Header)
	}
	get(question, miss, "2 auth= cookie= region=us-east-1", "x-region", "US")
	get(question, hit, "2 ", "cloudfront-viewer-country", "US")
	get(question+"&lang=ko", miss, "3 ")
	get("/v1/availability?restaurant_id=mosu", miss, "4 ")
	get("/v1/availability?restaurant_id=mosu", hit, "4 ")
	get("/v1/restaurants/mosu", "", "5 auth=Bearer x", "Authorization", "Bearer x")
	get("/v1/restaurants/mosu", "", "6 ")
	o.advance(999 * time.Millisecond)
	get(question, hit, "1 ")
	o.advance(time.Millisecond)
	get(question, miss, "7 ")
	if res, _ := request(t, "POST", at+question); res.Header.Get("X-Cache") != "" {
		t.Error("a POST is cached")
	}
}

func TestOnlyPublicSuccessesAreCached(t *testing.T) {
	for name, respond := range map[string]http.HandlerFunc{
		"an error":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"no such restaurant": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		"a personal response": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
		},
		"private":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "private, max-age=1") },
		"no age":   func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Cache-Control", "public") },
		"nothing":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Del("Cache-Control") },
		"a cookie": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Set-Cookie", "a=b") },
		"truncated": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := &cachedOrigin{respond: respond}
			at := o.start(t)
			for range 2 {
				if res, _ := request(t, "GET", at+question); res.Header.Get("X-Cache") != "Miss from jari-edge" {
					t.Errorf("%d %q", res.StatusCode, res.Header.Get("X-Cache"))
				}
			}
			if o.requests.Load() < 2 {
				t.Error("the response was cached")
			}
		})
	}
}

func TestAViewerThatDisconnectsDoesNotEndTheRequestThatOthersWaitFor(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	o := &cachedOrigin{}
	o.respond = func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		select {
		case <-release:
			_, _ = io.WriteString(w, "free times")
		case <-r.Context().Done():
		}
	}
	at := o.start(t)
	ctx, disconnect := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		req, err := http.NewRequestWithContext(ctx, "GET", at+question, nil)
		if err == nil {
			_, err = http.DefaultClient.Do(req)
		}
		first <- err
	}()
	<-arrived
	disconnect()
	if err := <-first; err == nil {
		t.Fatal("the first viewer has not disconnected")
	}
	close(release)
	if res, body := request(t, "GET", at+question); res.StatusCode != 200 || body != "free times" || o.requests.Load() != 1 {
		t.Errorf("%d %q after %d requests", res.StatusCode, body, o.requests.Load())
	}
}
