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

// startBehind serves h behind the proxy that between makes for it.
func startBehind(t *testing.T, h http.HandlerFunc, between func(to *url.URL) http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(between(to))
	proxy.Config.ErrorLog = quiet
	proxy.Start()
	t.Cleanup(proxy.Close)
	return proxy.URL
}

func TestWhatIsLostHasHappenedOrNot(t *testing.T) {
	for name, c := range map[string]struct {
		odds           lossRates
		heard          bool
		happened, lost bool
	}{
		"nothing is lost":        {lossRates{}, true, true, false},
		"every request is lost":  {lossRates{request: 1}, false, false, true},
		"every answer is lost":   {lossRates{response: 1}, false, true, true},
		"both would be, so both": {lossRates{request: 1, response: 1}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			var happened atomic.Bool
			told := make(chan [2]bool, 1)
			base := startBehind(t, func(http.ResponseWriter, *http.Request) { happened.Store(true) }, func(to *url.URL) http.Handler {
				return lossyProxy(to, c.odds, newRandom(1, 1), func(_ *http.Request, done, lost bool) { told <- [2]bool{done, lost} })
			})
			res, err := http.Post(base, "text/plain", strings.NewReader("x"))
			if err == nil {
				res.Body.Close()
			}
			if heard := err == nil; heard != c.heard || happened.Load() != c.happened {
				t.Errorf("heard %v (%v), happened %v", heard, err, happened.Load())
			}
			if got := <-told; got != [2]bool{c.happened, c.lost} {
				t.Errorf("told of done %v, lost %v", got[0], got[1])
			}
		})
	}
}

func TestAServerThatIsAwayLooksLikeALostAnswer(t *testing.T) {
	base := startBehind(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, func(to *url.URL) http.Handler {
		return lossyProxy(to, lossRates{}, newRandom(1, 1), func(_ *http.Request, done, lost bool) {
			if done || lost {
				t.Errorf("told of done %v, lost %v", done, lost)
			}
		})
	})
	if res, err := http.Get(base); err == nil {
		t.Errorf("answered: %s", res.Status)
		res.Body.Close()
	}
}

func sendEmailBody(event string) string {
	raw := "From: <a@jari.example>\r\nTo: =?utf-8?q?=EC=9E=90?= <d@x.example>\r\nJari-Event-Id: " + event + "\r\n\r\nhello\r\n"
	body, _ := json.Marshal(map[string]any{"Content": map[string]any{"Raw": map[string]any{"Data": base64.StdEncoding.EncodeToString([]byte(raw))}}})
	return string(body)
}

func TestSendsAreRemembered(t *testing.T) {
	var status atomic.Int64
	status.Store(200)
	l := &proxyLog{}
	handler := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(int(status.Load())) }
	send := func(o lossRates, event string) {
		base := startBehind(t, handler, func(to *url.URL) http.Handler { return l.forSES(to, o, newRandom(1, 1)) })
		if res, err := http.Post(base, "application/json", strings.NewReader(sendEmailBody(event))); err == nil {
			res.Body.Close()
		}
	}
	send(lossRates{}, "e1")
	send(lossRates{response: 1}, "e2")
	send(lossRates{request: 1}, "e3")
	status.Store(500)
	send(lossRates{}, "e4")
	want := []invariants.Send{{Event: "e1", Accepted: true}, {Event: "e2", Accepted: true, Lost: true}, {Event: "e3", Lost: true}, {Event: "e4"}}
	if !slices.Equal(l.sends, want) {
		t.Errorf("remembered\n%v, want\n%v", l.sends, want)
	}
}

// A sender that loses patience must not keep the proxy from knowing that its
// mail went out.
func TestASendIsBroughtToItsEnd(t *testing.T) {
	l := &proxyLog{}
	came, leave := make(chan struct{}), make(chan struct{})
	var once sync.Once
	base := startBehind(t, func(http.ResponseWriter, *http.Request) {
		once.Do(func() { close(came) })
		<-leave
	}, func(to *url.URL) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer context.AfterFunc(r.Context(), func() { close(leave) })() // SES answers when the sender has gone
			l.forSES(to, lossRates{}, newRandom(1, 1)).ServeHTTP(w, r)
		})
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-came
		cancel()
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base, strings.NewReader(sendEmailBody("e1")))
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
		t.Error("it was answered")
	}
	remembered := func() []invariants.Send {
		l.mu.Lock()
		defer l.mu.Unlock()
		return slices.Clone(l.sends)
	}
	for deadline := time.Now().Add(10 * time.Second); len(remembered()) == 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if want := []invariants.Send{{Event: "e1", Accepted: true, Lost: true}}; !slices.Equal(remembered(), want) {
		t.Errorf("remembered %v, want %v", remembered(), want)
	}
}

func TestAMailSaysWhatItTellsOfAndToWhom(t *testing.T) {
	if event, to := eventOf("To: Kim <k@x.example>\r\nJari-Event-Id: e1\r\n\r\nJari-Event-Id: e2"); event != "e1" || to != "k@x.example" {
		t.Errorf("%q to %q", event, to)
	}
	if event, to := eventOf("rubbish"); event != "" || to != "" {
		t.Errorf("of rubbish %q to %q", event, to)
	}
}
