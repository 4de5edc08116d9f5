package edge

import (
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

// api forwards a request to the region that the function chose.
func (s *Server) api() http.Handler {
	proxy := &httputil.ReverseProxy{
		Rewrite:        s.rewrite,
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
		d := decisionOf(r)
		switch res := d.result; {
		case d.err != nil:
			s.cfg.Log.Printf("function: %v", d.err)
			respond(w, problem.New(http.StatusServiceUnavailable, "edge_function_failed", "The edge function failed."))
			return
		case res.Response != nil:
			own(w, "edge_function")
			for name, v := range res.Response.Headers {
				w.Header().Set(name, v.Value)
			}
			w.WriteHeader(res.Response.Status)
			return
		}
		if s.cfg.Origins[d.region] == nil {
			s.cfg.Log.Printf("function: no origin %q", d.region)
			respond(w, problem.New(http.StatusBadGateway, "bad_gateway",
				fmt.Sprintf("No gateway is configured for the region %q.", d.region)))
			return
		}
		if err := requestbody.Buffer(r); err != nil {
			w.Header().Set(names.HeaderEdgeRegion, d.region)
			respond(w, problem.Of(fault.Of(err)))
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
func (s *Server) rewrite(p *httputil.ProxyRequest) {
	d := decisionOf(p.In)
	p.SetURL(s.cfg.Origins[d.region])
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
	d := decisionOf(r.Request)
	r.Header.Set(names.HeaderEdgeRegion, d.region)
	return nil
}

// originFailed writes the response when the origin gave none: 503 if it did not
// receive the request (connection refused), 504 after a timeout, else 502. After
// 502 and 504 the outcome of the request is unknown. The error is never the
// viewer's, whose whole body has arrived.
func (s *Server) originFailed(w http.ResponseWriter, r *http.Request, err error) {
	d := decisionOf(r)
	if f := fault.OfRequest(r.Context(), err); f.Code == fault.ClientClosed {
		respond(w, problem.Of(f))
		return
	}
	s.cfg.Log.Printf("%s %s to %s: %v", r.Method, r.URL.Path, d.region, err)
	w.Header().Set(names.HeaderEdgeRegion, d.region)
	dial, _ := errors.AsType[*net.OpError](err)
	timeout, _ := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED), dial != nil && dial.Op == "dial":
		w.Header().Set("Retry-After", "1")
		respond(w, problem.New(http.StatusServiceUnavailable, "region_unreachable", "The region is not reachable."))
	case timeout != nil && timeout.Timeout():
		respond(w, problem.New(http.StatusGatewayTimeout, "timeout", "The region did not respond in time."))
	default:
		respond(w, problem.New(http.StatusBadGateway, "bad_gateway", "The region closed the connection before its response was complete."))
	}
}
