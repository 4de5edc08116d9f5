package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

const (
	maxBody         = 1 << 20
	maxProblem      = 64 << 10
	upstreamTimeout = 10 * time.Second
)

// newProxy returns a proxy for one upstream. It responds with a problem of its own
// when the request body is too large, or when the upstream refuses the connection,
// breaks it or takes too long.
func newProxy(name upstream, base string) http.Handler {
	target, err := url.Parse(base)
	if err != nil || target.Host == "" {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			httpjson.WriteProblem(w, r, fault.Down(string(name), errors.New("no address is configured")))
		})
	}
	proxy := &httputil.ReverseProxy{
		Transport:      telemetry.Client(string(name), 0).Transport,
		ErrorLog:       log.New(io.Discard, "", 0), // the access log has it
		ModifyResponse: noteResponse,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
				err = tooLarge()
			} else {
				err = httpjson.TransportFault(r.Context(), err)
			}
			httpjson.WriteProblem(w, r, err)
		},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = target.Host
			// Out lacks what cannot be parsed; the service refuses it, or it would answer another question.
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			// Credentials are checked here and not forwarded.
			p.Out.Header.Del("Authorization")
			p.Out.Header.Del("Cookie")
			// The client's trace is linked to ours and not forwarded.
			p.Out.Header.Del("Tracestate")
			p.Out.Header.Del("Baggage")
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > maxBody {
			httpjson.WriteProblem(w, r, tooLarge())
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), upstreamTimeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
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

func tooLarge() error {
	return fault.New(fault.TooLarge, "body_too_large", "The body must not exceed 1 MiB.")
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
	head, err := io.ReadAll(io.LimitReader(res.Body, maxProblem))
	if err != nil {
		return err
	}
	var p httpjson.Problem
	if json.Unmarshal(head, &p) == nil {
		telemetry.Note(ctx, slog.String(names.Reason, p.Reason))
	}
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), res.Body), res.Body}
	return nil
}
