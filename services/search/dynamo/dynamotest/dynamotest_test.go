package dynamotest_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/awsconf/awstest"
	"jari.example/services/search/dynamo/dynamotest"
	"jari.example/telemetry/names/realpart"
)

// The first response is lost after the table was created or dropped, so that the SDK
// makes a second attempt.
func TestATableIsMadeAndDroppedAlthoughAResponseIsLost(t *testing.T) {
	target, err := url.Parse(realpart.Need(t, realpart.AWS))
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	var lose atomic.Bool
	var requests atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if !lose.CompareAndSwap(true, false) {
			forward.ServeHTTP(w, r)
			return
		}
		forward.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(proxy.Close)
	t.Setenv(realpart.AWS, proxy.URL)
	cfg, name := awstest.Config(t), "jari-test-"+uuid.NewString()
	for _, step := range []func(){
		func() { dynamotest.Table(t, cfg, name) },
		func() { dynamotest.Drop(t, cfg, name) },
		func() { dynamotest.Drop(t, cfg, name) }, // it is gone
		func() { dynamotest.Table(t, cfg, name) },
	} {
		before := requests.Load()
		lose.Store(true)
		step()
		if n := requests.Load() - before; n < 2 {
			t.Errorf("%d requests: no response was lost", n)
		}
	}
}
