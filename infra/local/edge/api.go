package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"jari.example/infra/edge/cffunction"
	"jari.example/telemetry/names"
)

// decision is what the function said about a request; it travels in the
// request's context from the handler to the proxy.
type decision struct {
	origin *url.URL
	region string
	result cffunction.Result
	seen   map[string]cffunction.Value
}

type decisionKey struct{}

// api sends a request through the function and on to the region it chose.
func (s *Server) api() http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite:        rewrite,
		ModifyResponse: addRegionHeader,
		ErrorHandler:   s.originFailed,
		ErrorLog:       s.cfg.Log,
		FlushInterval:  -1,
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			ResponseHeaderTimeout: s.cfg.Timeout,
			MaxIdleConnsPerHost:   512, // a rush must not open a connection per diner
			IdleConnTimeout:       60 * time.Second,
			DisableCompression:    true, // what the viewer accepts is the gateway's business
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(names.HeaderCountry) == "" {
			r.Header.Set(names.HeaderCountry, s.cfg.Country)
		}
		ip, _, _ := net.SplitHostPort(r.RemoteAddr)
		req := request(r)
		res, err := s.fn.Run(ip, req)
		switch {
		case err != nil:
			s.cfg.Log.Printf("function: %v", err)
			problem(w, http.StatusServiceUnavailable, "edge_function_failed", "The function at the edge failed.")
			return
		case res.Response != nil:
			for name, v := range res.Response.Headers {
				w.Header().Set(name, v.Value)
			}
			w.WriteHeader(res.Response.Status)
			return
		}
		origin := s.cfg.Origins[res.Origin]
		if origin == nil {
			s.cfg.Log.Printf("function: no origin %q", res.Origin)
			problem(w, http.StatusBadGateway, "bad_gateway", fmt.Sprintf("No gateway is known for the region %q.", res.Origin))
			return
		}
		ctx := context.WithValue(r.Context(), decisionKey{}, decision{origin, res.Origin, res, req.Headers})
		proxy.ServeHTTP(w, r.WithContext(ctx))
	})
}

// request shows r as a function sees it.
func request(r *http.Request) cffunction.Request {
	out := cffunction.Request{Method: r.Method, URI: r.URL.EscapedPath(), Query: map[string]cffunction.Value{},
		Headers: map[string]cffunction.Value{"host": {Value: r.Host}}, Cookies: map[string]cffunction.Value{}}
	for name, v := range r.Header {
		if name = strings.ToLower(name); name != "cookie" {
			out.Headers[name] = cffunction.Value{Value: strings.Join(v, ", "), Multi: v}
		}
	}
	for name, v := range r.URL.Query() {
		out.Query[name] = cffunction.Value{Value: v[len(v)-1], Multi: v}
	}
	for _, c := range r.Cookies() {
		out.Cookies[c.Name] = cffunction.Value{Value: c.Value}
	}
	return out
}

// rewrite makes the origin's request from the viewer's and from what the
// function changed in it: headers and path. Ours changes neither query nor
// cookies, so these go on as they came.
func rewrite(p *httputil.ProxyRequest) {
	d := p.In.Context().Value(decisionKey{}).(decision)
	p.SetURL(d.origin)
	if changed := d.result.Request.URI; changed != p.In.URL.EscapedPath() {
		if path, err := url.PathUnescape(changed); err == nil {
			p.Out.URL.Path, p.Out.URL.RawPath = path, changed
		}
	}
	p.Out.Host = p.In.Host
	after := d.result.Request.Headers
	for name := range d.seen {
		if _, kept := after[name]; !kept && !cffunction.Hidden(name) {
			p.Out.Header.Del(name)
		}
	}
	for name, v := range after {
		if was, ok := d.seen[name]; ok && was.Value == v.Value {
			continue
		}
		p.Out.Header.Set(name, v.Value)
	}
	// As CloudFront: the viewer's address goes behind whatever was claimed.
	if prior := p.In.Header.Values("X-Forwarded-For"); len(prior) > 0 {
		p.Out.Header["X-Forwarded-For"] = slices.Clone(prior)
	}
	p.SetXForwarded()
}

// addRegionHeader tells the viewer which region answered.
func addRegionHeader(r *http.Response) error {
	d := r.Request.Context().Value(decisionKey{}).(decision)
	r.Header.Set(names.HeaderEdgeRegion, d.region)
	return nil
}

// originFailed answers for an origin that did not: 503 where nothing can have been
// done (nobody listens), 504 where it took too long, 502 for the rest. After
// 502 and 504 the outcome is unknown.
func (s *Server) originFailed(w http.ResponseWriter, r *http.Request, err error) {
	d := r.Context().Value(decisionKey{}).(decision)
	if r.Context().Err() != nil {
		return // the viewer has gone
	}
	s.cfg.Log.Printf("%s %s to %s: %v", r.Method, r.URL.Path, d.region, err)
	w.Header().Set(names.HeaderEdgeRegion, d.region)
	dial, _ := errors.AsType[*net.OpError](err)
	timeout, _ := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), dial != nil && dial.Op == "dial":
		w.Header().Set("Retry-After", "1")
		problem(w, http.StatusServiceUnavailable, "unavailable", "The region does not answer.")
	case timeout != nil && timeout.Timeout():
		problem(w, http.StatusGatewayTimeout, "timeout", "The region took too long to answer.")
	default:
		problem(w, http.StatusBadGateway, "bad_gateway", "The region broke off its answer.")
	}
}

// problem writes an RFC 9457 problem.
func problem(w http.ResponseWriter, status int, reason, detail string) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "reason": reason, "detail": detail})
}
