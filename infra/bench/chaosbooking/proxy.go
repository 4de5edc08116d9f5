package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/mail"
	"net/url"
	"strings"
	"sync"

	"jari.example/infra/bench/chaosbooking/invariants"
	"jari.example/telemetry/names"
)

// lossRates are the probabilities that a proxy loses a request before it is
// forwarded, and a response after the request was carried out. (Toxiproxy breaks
// connections and does not know what was carried out on them.)
type lossRates struct{ request, response float64 }

// random is a source of random decisions for concurrent use.
type random struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newRandom(seed, stream uint64) *random {
	return &random{rng: rand.New(rand.NewPCG(seed, stream))}
}

// happens is true with a probability.
func (d *random) happens(probability float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() < probability
}

var errLost = errors.New("lost on purpose")

// lossyProxy forwards requests to a base URL and loses some of them. To the
// client a loss is a broken connection, as when the server does not respond, so
// it cannot distinguish the two. observe is called for each request with whether
// it was carried out, and whether the request or its response was lost here.
func lossyProxy(to *url.URL, rates lossRates, random *random, observe func(r *http.Request, done, lost bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if random.happens(rates.request) {
			observe(r, false, true)
			panic(http.ErrAbortHandler)
		}
		var done, lost, broken bool
		proxy := httputil.ReverseProxy{
			Transport: upstream,
			ErrorLog:  quiet,
			Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(to) },
			ModifyResponse: func(res *http.Response) error {
				done = res.StatusCode < 300
				if lost = random.happens(rates.response); lost {
					return errLost
				}
				return nil
			},
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { broken = true },
		}
		defer func() { observe(r, done, lost) }()
		proxy.ServeHTTP(w, r)
		if broken {
			panic(http.ErrAbortHandler)
		}
	})
}

var (
	upstream = &http.Transport{MaxIdleConnsPerHost: 256}
	quiet    = log.New(io.Discard, "", 0)
)

// headerAttempt has the number by which the proxy before the service knows a
// client's attempt.
const headerAttempt = "Chaos-Attempt"

// proxyLog is what the proxies record.
type proxyLog struct {
	mu    sync.Mutex
	lost  map[string]bool // attempts by their number
	sends []invariants.Send
}

// forClients is the proxy between the actors and a replica.
func (l *proxyLog) forClients(to *url.URL, rates lossRates, random *random) http.Handler {
	return lossyProxy(to, rates, random, func(r *http.Request, _, lost bool) {
		if !lost {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lost[r.Header.Get(headerAttempt)] = true
	})
}

// forSES is the proxy before SES. It completes every request that it forwards,
// so that the result is known even if the sender has timed out meanwhile.
func (l *proxyLog) forSES(to *url.URL, rates lossRates, random *random) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		sender := r.Context()
		// With a context that cannot be cancelled, ReverseProxy would watch the
		// connection by itself.
		ctx, cancel := context.WithCancel(context.WithoutCancel(sender))
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = io.NopCloser(bytes.NewReader(body))
		observe := func(_ *http.Request, done, lost bool) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.sends = append(l.sends, invariants.Send{Event: eventOfSend(body), Accepted: done, Lost: lost || sender.Err() != nil})
		}
		lossyProxy(to, rates, random, observe).ServeHTTP(w, r)
	})
}

// eventOfSend is the id of the event that a SendEmail request is about, ""
// without one.
func eventOfSend(body []byte) string {
	var send struct {
		Content struct{ Raw struct{ Data string } }
	}
	if json.Unmarshal(body, &send) != nil {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(send.Content.Raw.Data)
	if err != nil {
		return ""
	}
	event, _ := eventOf(string(raw))
	return event
}

// eventOf is the id of the event that a mail is about, and its recipient.
func eventOf(raw string) (event, to string) {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return "", ""
	}
	if addresses, err := m.Header.AddressList("To"); err == nil && len(addresses) == 1 {
		to = addresses[0].Address
	}
	return m.Header.Get(names.HeaderEventID), to
}

// listen serves h on a free port and returns its URL.
func listen(h http.Handler) (base string, stop func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ErrorLog: quiet}
	go func() { _ = server.Serve(l) }()
	return "http://" + l.Addr().String(), server.Close, nil
}
