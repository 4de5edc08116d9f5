package edge

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"jari.example/internal/fault"
	"jari.example/internal/problem"
)

const (
	maxAge    = time.Second // CloudFront's maximum TTL of this behaviour
	maxCached = 32 << 20    // bytes of bodies; more are served and not stored
)

// cache is the cache behaviour of availability, as README.md of infra/edge states
// it. Its key is the region that the function chose, the path and the whole query.
// Simultaneous requests with one key become one request to the origin. That
// request has no header of a viewer, so its response is nobody's own.
type cache struct {
	next    http.Handler     // forwards a request to its origin
	timeout time.Duration    // of one request to the origin, with its body
	now     func() time.Time // a test replaces it
	flights singleflight.Group

	mu      sync.Mutex
	stored  map[string]*stored
	bytes   int
	cleaned time.Time // when the expired responses were removed last
}

// stored is a response of the origin. It does not change.
type stored struct {
	status  int
	header  http.Header
	body    []byte
	reason  string // "" unless the edge itself responded
	arrived time.Time
	expires time.Time // arrived, if it may not be stored
}

// cached reports whether requests like r have this behaviour.
func cached(r *http.Request) bool {
	match, _ := path.Match("/v1/restaurants/*/availability", r.URL.Path)
	return r.Method == http.MethodGet && (match || r.URL.Path == "/v1/availability")
}

// ServeHTTP responds from the cache or from the origin. The request to the origin
// continues when its viewer disconnects, because others may wait for it.
func (c *cache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !cached(r) {
		c.next.ServeHTTP(w, r)
		return
	}
	key := decisionOf(r).region + " " + r.URL.RequestURI()
	if s := c.get(key); s != nil {
		w.Header().Set("Age", strconv.Itoa(int(c.now().Sub(s.arrived)/time.Second)))
		s.write(w, r, "Hit")
		return
	}
	select {
	case f := <-c.flights.DoChan(key, func() (any, error) { return c.fetch(key, r), nil }):
		f.Val.(*stored).write(w, r, "Miss")
	case <-r.Context().Done():
		respond(w, problem.Of(fault.OfRequest(r.Context(), r.Context().Err())))
	}
}

func (c *cache) get(key string) *stored {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.stored[key]; s != nil && c.now().Before(s.expires) {
		return s
	}
	return nil
}

// fetch gets the response from the origin and stores it if it may be stored.
func (c *cache) fetch(key string, r *http.Request) (s *stored) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), c.timeout)
	defer cancel()
	rec := &recorder{stored: stored{header: http.Header{}}}
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		} else if p != nil { // the response is incomplete
			rec = &recorder{stored: stored{header: http.Header{}}}
			respond(rec, problem.New(http.StatusBadGateway, "bad_gateway",
				"The region closed the connection before its response was complete."))
			s = &rec.stored
		}
	}()
	r = r.Clone(ctx)
	r.Header, r.Body, r.ContentLength = http.Header{}, http.NoBody, 0 // rewrite adds the region
	c.next.ServeHTTP(rec, r)
	s = &rec.stored
	s.arrived = c.now()
	s.expires = s.arrived.Add(lifetime(s))
	c.put(key, s)
	return s
}

// lifetime is how long a response may be stored: 0 unless it is a success that says
// "public, max-age" and sets no cookie.
func lifetime(s *stored) time.Duration {
	seconds, public := 0, false
	for directive := range strings.SplitSeq(s.header.Get("Cache-Control"), ",") {
		directive = strings.TrimSpace(directive)
		public = public || directive == "public"
		if v, ok := strings.CutPrefix(directive, "max-age="); ok {
			seconds, _ = strconv.Atoi(v)
		}
	}
	if s.status != http.StatusOK || !public || seconds <= 0 || s.header.Get("Set-Cookie") != "" {
		return 0
	}
	return min(maxAge, time.Duration(seconds)*time.Second)
}

// put stores s. Once in maxAge it removes what has expired, so the cache has the
// responses of at most two such times.
func (c *cache) put(key string, s *stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.cleaned) >= maxAge {
		c.cleaned = now
		maps.DeleteFunc(c.stored, func(_ string, old *stored) bool {
			expired := !now.Before(old.expires)
			if expired {
				c.bytes -= len(old.body)
			}
			return expired
		})
	}
	old := 0
	if was := c.stored[key]; was != nil {
		old = len(was.body)
	}
	if s.expires.After(s.arrived) && c.bytes-old+len(s.body) <= maxCached {
		c.bytes += len(s.body) - old
		c.stored[key] = s
	}
}

// write responds with s; with 304 when the viewer has the same version already.
func (s *stored) write(w http.ResponseWriter, r *http.Request, result string) {
	own(w, s.reason)
	maps.Copy(w.Header(), s.header)
	w.Header().Set("X-Cache", result+" from jari-edge")
	if s.status == http.StatusOK {
		w.Header().Del("Content-Length")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.body))
		return
	}
	w.WriteHeader(s.status)
	_, _ = w.Write(s.body)
}

// recorder is the http.ResponseWriter of a request to the origin.
type recorder struct{ stored }

func (r *recorder) own(reason string) { r.reason = reason }

func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the final status; there may be an informational one before it.
func (r *recorder) WriteHeader(status int) {
	if r.status < http.StatusOK {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.body = append(r.body, b...)
	return len(b), nil
}

// Flush lets the proxy stream, which means nothing here.
func (r *recorder) Flush() {}
