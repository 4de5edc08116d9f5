package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"jari.example/internal/fault"
	"jari.example/internal/requestbody"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

const (
	maxProblem      = 64 << 10
	copySize        = 32 << 10
	upstreamTimeout = 10 * time.Second
)

// newProxy returns a proxy for one upstream. It reads the request's body first
// (see requestbody.Buffer for the reasons), so that the upstream's time begins
// when the client's has ended. It responds with a problem of its own when the
// body cannot be read, or when the upstream refuses the connection, breaks it or
// takes too long.
func newProxy(name upstream, base string, access endpoint.Access) http.Handler {
	target, err := url.Parse(base)
	if err != nil || target.Host == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httpjson.WriteProblem(w, r, fault.Down(string(name), errors.New("no address is configured")))
		})
	}
	proxy := &httputil.ReverseProxy{
		Transport:  telemetry.Client(string(name), 0).Transport,
		BufferPool: &buffers{},
		ErrorLog:   log.New(io.Discard, "", 0), // the access log has it
		ModifyResponse: func(res *http.Response) error {
			// Both are set already, and ReverseProxy would add them a second time.
			res.Header.Del("X-Content-Type-Options")
			if !httpjson.Cacheable(res.Request.Method, access) {
				res.Header.Del("Cache-Control")
			}
			return noteResponse(res)
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			httpjson.WriteProblem(w, r, httpjson.TransportFault(r.Context(), err))
		},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = target.Host
			// Out lacks what cannot be parsed; the service refuses it, or it would answer another question.
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			// Credentials are checked here and not forwarded.
			p.Out.Header.Del("Authorization")
			p.Out.Header.Del("Cookie")
			// The body has arrived, so there is nothing to wait for. ReverseProxy hides
			// from net/http that it is in memory, which would then write it separately.
			p.Out.Header.Del("Expect")
			if p.Out.Body != nil {
				p.Out.Body = p.In.Body
			}
			// ReverseProxy has removed the headers that the client's Connection header
			// names (RFC 9110 §7.6.1). Those of the guard are not the client's to remove.
			for name, values := range p.In.Header {
				if ours(name) {
					p.Out.Header[name] = values
				}
			}
			// The client's trace is linked to ours and not forwarded.
			p.Out.Header.Del("Tracestate")
			p.Out.Header.Del("Baggage")
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := requestbody.Buffer(r); err != nil {
			httpjson.WriteProblem(w, r, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), upstreamTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		defer func() {
			if p := recover(); p == http.ErrAbortHandler {
				panic(telemetry.ErrUpstream)
			} else if p != nil {
				panic(p)
			}
		}()
		proxy.ServeHTTP(w, r)
	})
}

// noteResponse adds to the gateway's access log line what only the upstream knows:
// the reason of an error, and whether the response is a replay.
func noteResponse(res *http.Response) error {
	ctx := res.Request.Context()
	if res.Header.Get("Idempotency-Replayed") == "true" {
		telemetry.Note(ctx, slog.Bool(names.Replayed, true))
	}
	if res.StatusCode < 400 || res.Header.Get("Content-Type") != httpjson.ProblemType {
		return nil
	}
	head := bytes.NewBuffer(make([]byte, 0, 1<<10))
	if _, err := head.ReadFrom(io.LimitReader(res.Body, maxProblem)); err != nil {
		return err
	}
	var p struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(head.Bytes(), &p) == nil {
		telemetry.Note(ctx, slog.String(names.Reason, p.Reason))
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(head, res.Body), res.Body}
	return nil
}

// buffers are the buffers through which response bodies are copied. Without a pool
// ReverseProxy makes one of 32 KiB for each response.
type buffers struct{ pool sync.Pool }

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if buf, ok := b.pool.Get().(*[copySize]byte); ok {
		return buf[:]
	}
	return make([]byte, copySize)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(buf []byte) { b.pool.Put((*[copySize]byte)(buf)) }
