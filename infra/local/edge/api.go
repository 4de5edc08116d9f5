package edge

import (
	"context"
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
	"jari.example/internal/fault"
	"jari.example/internal/problem"
	"jari.example/internal/requestbody"
	"jari.example/telemetry/names"
)

// decision is what the function decided about a request. The request's context
// carries it from the handler to the proxy.
type decision struct {
	origin *url.URL
	region string
	result cffunction.Result
	before map[string]cffunction.Value // headers as the function received them
}

type decisionKey struct{}

// api runs the function for a request and forwards it to the region that the
// function chose.
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
			MaxIdleConnsPerHost:   512, // so that a burst reuses connections
			IdleConnTimeout:       60 * time.Second,
			DisableCompression:    true, // the gateway negotiates the encoding with the viewer
		},
	}
	forward := &cache{next: proxy, timeout: s.cfg.Timeout, now: s.cfg.Now, stored: map[string]*stored{}}
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
			respond(w, http.StatusServiceUnavailable, "edge_function_failed", "The edge function failed.")
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
			respond(w, http.StatusBadGateway, "bad_gateway", fmt.Sprintf("No gateway is configured for the region %q.", res.Origin))
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), decisionKey{}, decision{origin, res.Origin, res, req.Headers}))
		if err := requestbody.Buffer(r); err != nil {
			w.Header().Set(names.HeaderEdgeRegion, res.Origin)
			problem.Of(fault.Of(err)).Write(w)
			return
		}
		forward.ServeHTTP(w, r)
	})
}

// request converts r to the function's argument.
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

// rewrite builds the origin's request from the viewer's and from the headers and
// the path that the function changed. Our function changes neither query nor
// cookies, so these are forwarded unchanged.
func rewrite(p *httputil.ProxyRequest) {
	d := p.In.Context().Value(decisionKey{}).(decision)
	p.SetURL(d.origin)
	p.Out.URL.RawQuery = p.In.URL.RawQuery // Out lacks what cannot be parsed; CloudFront forwards it too
	if changed := d.result.Request.URI; changed != p.In.URL.EscapedPath() {
		if path, err := url.PathUnescape(changed); err == nil {
			p.Out.URL.Path, p.Out.URL.RawPath = path, changed
		}
	}
	p.Out.Host = p.In.Host
	p.Out.Header.Del("Expect") // the body has arrived
	after := d.result.Request.Headers
	for name := range d.before {
		if _, present := after[name]; !present && !cffunction.Hidden(name) {
			p.Out.Header.Del(name)
		}
	}
	for name, v := range after {
		if was, ok := d.before[name]; ok && was.Value == v.Value {
			continue
		}
		p.Out.Header.Set(name, v.Value)
	}
	// Again, since ReverseProxy removes it if the viewer's Connection header names it.
	if region, ok := after[names.HeaderEdgeRegion]; ok {
		p.Out.Header.Set(names.HeaderEdgeRegion, region.Value)
	}
	// As CloudFront does: the viewer's address is appended to what the client sent.
	if prior := p.In.Header.Values("X-Forwarded-For"); len(prior) > 0 {
		p.Out.Header["X-Forwarded-For"] = slices.Clone(prior)
	}
	p.SetXForwarded()
}

// addRegionHeader adds the region to the viewer's response.
func addRegionHeader(r *http.Response) error {
	d := r.Request.Context().Value(decisionKey{}).(decision)
	r.Header.Set(names.HeaderEdgeRegion, d.region)
	return nil
}

// originFailed writes the response when the origin gave none: 503 if it did not
// receive the request (connection refused), 504 after a timeout, else 502. After
// 502 and 504 the outcome of the request is unknown. The error is never the
// viewer's, whose whole body has arrived.
func (s *Server) originFailed(w http.ResponseWriter, r *http.Request, err error) {
	d := r.Context().Value(decisionKey{}).(decision)
	if f := fault.OfRequest(r.Context(), err); f.Code == fault.ClientClosed {
		problem.Of(f).Write(w)
		return
	}
	s.cfg.Log.Printf("%s %s to %s: %v", r.Method, r.URL.Path, d.region, err)
	w.Header().Set(names.HeaderEdgeRegion, d.region)
	dial, _ := errors.AsType[*net.OpError](err)
	timeout, _ := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), dial != nil && dial.Op == "dial":
		w.Header().Set("Retry-After", "1")
		respond(w, http.StatusServiceUnavailable, "unavailable", "The region is not reachable.")
	case timeout != nil && timeout.Timeout():
		respond(w, http.StatusGatewayTimeout, "timeout", "The region did not respond in time.")
	default:
		respond(w, http.StatusBadGateway, "bad_gateway", "The region closed the connection before its response was complete.")
	}
}

func respond(w http.ResponseWriter, status int, reason, detail string) {
	problem.New(status, reason, detail).Write(w)
}
