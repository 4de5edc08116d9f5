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

// lossRates are how often a proxy loses a request before anybody has seen it, and
// an answer after the deed is done. (Toxiproxy breaks connections, and does not
// know what has been done on them by then.)
type lossRates struct{ request, response float64 }

// random may be thrown by many at once.
type random struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func newRandom(seed, stream uint64) *random { return &random{rng: rand.New(rand.NewPCG(seed, stream))} }

func (d *random) happens(odds float64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.Float64() < odds
}

var errLost = errors.New("lost on purpose")

// lossyProxy passes requests on to a base URL and loses some. What it loses ends as
// a broken connection, and so does what the other side does not answer: nobody
// can tell the one from the other. tell hears of each request whether it was
// done, and whether the answer went missing on purpose.
func lossyProxy(to *url.URL, o lossRates, d *random, tell func(r *http.Request, done, lost bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.happens(o.request) {
			tell(r, false, true)
			panic(http.ErrAbortHandler)
		}
		var done, lost, broken bool
		proxy := httputil.ReverseProxy{
			Transport: upstream,
			ErrorLog:  quiet,
			Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(to) },
			ModifyResponse: func(res *http.Response) error {
				done = res.StatusCode < 300
				if lost = d.happens(o.response); lost {
					return errLost
				}
				return nil
			},
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { broken = true },
		}
		defer func() { tell(r, done, lost) }()
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

// headerAttempt numbers a client's requests for the proxy behind it.
const headerAttempt = "Chaos-Try"

// proxyLog is what the proxies remember.
type proxyLog struct {
	mu    sync.Mutex
	lost  map[string]bool // tries by their number
	sends []invariants.Send
}

// forClients is the proxy that diners go through.
func (l *proxyLog) forClients(to *url.URL, o lossRates, d *random) http.Handler {
	return lossyProxy(to, o, d, func(r *http.Request, _, lost bool) {
		if !lost {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.lost[r.Header.Get(headerAttempt)] = true
	})
}

// forSES is the proxy before SES. It brings each send to its end, so that what
// became of it is known even if the sender has lost patience meanwhile.
func (l *proxyLog) forSES(to *url.URL, o lossRates, d *random) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		sender := r.Context()
		ctx, cancel := context.WithCancel(context.WithoutCancel(sender)) // without any cancel, ReverseProxy asks the connection itself
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = io.NopCloser(bytes.NewReader(body))
		tell := func(_ *http.Request, done, lost bool) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.sends = append(l.sends, invariants.Send{Event: eventOfSend(body), Accepted: done, Lost: lost || sender.Err() != nil})
		}
		lossyProxy(to, o, d, tell).ServeHTTP(w, r)
	})
}

// eventOfSend is the event of a SendEmail's body, "" where it tells of none.
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

// eventOf is the event that a mail tells of, and to whom.
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
