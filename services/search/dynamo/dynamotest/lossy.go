package dynamotest

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"jari.example/telemetry/names/realpart"
)

// Lossy is a proxy before AWS that can lose a response to a request that was carried out,
// so that the SDK makes a second attempt.
type Lossy struct {
	Requests atomic.Int64
	lose     atomic.Bool
}

// LoseNext loses the response to the next request.
func (l *Lossy) LoseNext() { l.lose.Store(true) }

// NewLossy lets the AWS of the test be behind such a proxy.
func NewLossy(t *testing.T) *Lossy {
	t.Helper()
	target, err := url.Parse(realpart.Need(t, realpart.AWS))
	if err != nil {
		t.Fatal(err)
	}
	forward, l := httputil.NewSingleHostReverseProxy(target), &Lossy{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.Requests.Add(1)
		if !l.lose.CompareAndSwap(true, false) {
			forward.ServeHTTP(w, r)
			return
		}
		forward.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(proxy.Close)
	t.Setenv(realpart.AWS, proxy.URL)
	return l
}
