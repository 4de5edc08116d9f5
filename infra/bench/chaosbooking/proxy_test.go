package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jari.example/infra/bench/chaosbooking/invariants"
)

// startBehind serves h and a proxy before it, and returns the proxy's URL.
func startBehind(t *testing.T, h http.HandlerFunc, newProxy func(to *url.URL) http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(newProxy(to))
	proxy.Config.ErrorLog = quiet
	proxy.Start()
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestLosesRequestsOrResponses(t *testing.T) {
	for name, c := range map[string]struct {
		rates             lossRates
		responded         bool
		carriedOut, loses bool
	}{
		"nothing is lost":             {lossRates{}, true, true, false},
		"every request is lost":       {lossRates{request: 1}, false, false, true},
		"every response is lost":      {lossRates{response: 1}, false, true, true},
		"requests are lost, so first": {lossRates{request: 1, response: 1}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			var carriedOut atomic.Bool
			observed := make(chan [2]bool, 1)
			base := startBehind(t, func(http.ResponseWriter, *http.Request) { carriedOut.Store(true) }, func(to *url.URL) http.Handler {
				return lossyProxy(to, c.rates, newRandom(1, 1), func(_ *http.Request, done, lost bool) { observed <- [2]bool{done, lost} })
			})
			res, err := http.Post(base, "text/plain", strings.NewReader("x"))
			if err == nil {
				res.Body.Close()
			}
			if responded := err == nil; responded != c.responded || carriedOut.Load() != c.carriedOut {
				t.Errorf("responded %v (%v), carried out %v", responded, err, carriedOut.Load())
			}
			if got := <-observed; got != [2]bool{c.carriedOut, c.loses} {
				t.Errorf("observed done %v, lost %v", got[0], got[1])
			}
		})
	}
}

func TestABrokenConnectionIsNotALoss(t *testing.T) {
	base := startBehind(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, func(to *url.URL) http.Handler {
		return lossyProxy(to, lossRates{}, newRandom(1, 1), func(_ *http.Request, done, lost bool) {
			if done || lost {
				t.Errorf("observed done %v, lost %v", done, lost)
			}
		})
	})
	if res, err := http.Get(base); err == nil {
		t.Errorf("got a response: %s", res.Status)
		res.Body.Close()
	}
}

func sendEmailBody(event string) string {
	raw := "From: <a@jari.example>\r\nTo: =?utf-8?q?=EC=9E=90?= <d@x.example>\r\nJari-Event-Id: " + event + "\r\n\r\nhello\r\n"
	data := base64.StdEncoding.EncodeToString([]byte(raw))
	body, _ := json.Marshal(map[string]any{"Content": map[string]any{"Raw": map[string]any{"Data": data}}})
	return string(body)
}

func TestRecordsSends(t *testing.T) {
	var status atomic.Int64
	status.Store(200)
	l := &proxyLog{}
	handler := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }
	send := func(rates lossRates, event string) {
		base := startBehind(t, handler, func(to *url.URL) http.Handler { return l.forSES(to, rates, newRandom(1, 1)) })
		if res, err := http.Post(base, "application/json", strings.NewReader(sendEmailBody(event))); err == nil {
			res.Body.Close()
		}
	}
	send(lossRates{}, "e1")
	send(lossRates{response: 1}, "e2")
	send(lossRates{request: 1}, "e3")
	status.Store(500)
	send(lossRates{}, "e4")
	want := []invariants.Send{
		{Event: "e1", Accepted: true}, {Event: "e2", Accepted: true, Lost: true}, {Event: "e3", Lost: true}, {Event: "e4"},
	}
	if !slices.Equal(l.sends, want) {
		t.Errorf("recorded\n%v, want\n%v", l.sends, want)
	}
}

// The proxy must record that a mail was accepted, even if its sender has timed
// out before.
func TestCompletesASendWhoseSenderHasGone(t *testing.T) {
	l := &proxyLog{}
	arrived, respond := make(chan struct{}), make(chan struct{})
	var once sync.Once
	base := startBehind(t, func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(arrived) })
		<-respond
	}, func(to *url.URL) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer context.AfterFunc(r.Context(), func() { close(respond) })() // SES responds when the sender has gone
			l.forSES(to, lossRates{}, newRandom(1, 1)).ServeHTTP(w, r)
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base, strings.NewReader(sendEmailBody("e1")))
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Error("got a response")
	}
	recorded := func() []invariants.Send {
		l.mu.Lock()
		defer l.mu.Unlock()
		return slices.Clone(l.sends)
	}
	for deadline := time.Now().Add(10 * time.Second); len(recorded()) == 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if want := []invariants.Send{{Event: "e1", Accepted: true, Lost: true}}; !slices.Equal(recorded(), want) {
		t.Errorf("recorded %v, want %v", recorded(), want)
	}
}

func TestReadsEventAndRecipientOfAMail(t *testing.T) {
	if event, to := eventOf("To: Kim <k@x.example>\r\nJari-Event-Id: e1\r\n\r\nJari-Event-Id: e2"); event != "e1" || to != "k@x.example" {
		t.Errorf("%q to %q", event, to)
	}
	if event, to := eventOf("not a mail"); event != "" || to != "" {
		t.Errorf("without a mail: %q to %q", event, to)
	}
}
