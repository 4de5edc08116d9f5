package edge

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"

	"jari.example/infra/edge/cffunction"
	"jari.example/internal/problem"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// The routes of the access log. A path may hold anything that a viewer has typed,
// so it is not logged.
const (
	routeAPI  = "(api)"
	routePage = "(page)"
)

// decision is what the function decided about a request. The request's context
// carries it from the first handler to the proxy.
type decision struct {
	region string // "" if the function failed
	err    error  // of the function
	result cffunction.Result
	before map[string]cffunction.Value // headers as the function received them
}

type decisionKey struct{}

func decisionOf(r *http.Request) decision { return r.Context().Value(decisionKey{}).(decision) }

// decide runs the function for each request and logs the request in the region
// that the function chose. CloudFront's log has the same facts: README.md of
// infra/edge.
func (s *Server) decide(route string, next http.Handler) http.Handler {
	if s.cfg.Access == nil {
		s.cfg.Access = io.Discard
	}
	noted := note(route, next)
	logged := map[string]http.Handler{"": logAccess(s.cfg.Access, "", noted)}
	for region := range s.cfg.Origins {
		logged[region] = logAccess(s.cfg.Access, region, noted)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(names.HeaderCountry) == "" {
			r.Header.Set(names.HeaderCountry, s.cfg.Country)
		}
		ip, _, _ := net.SplitHostPort(r.RemoteAddr)
		req := request(r)
		res, err := s.fn.Run(ip, req)
		d := decision{res.Origin, err, res, req.Headers}
		to := logged[d.region]
		if to == nil {
			to = logged[""]
		}
		to.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), decisionKey{}, d)))
	})
}

// logAccess writes a line for each request, as the services do. It has no trace:
// that begins at the gateway.
func logAccess(w io.Writer, region string, next http.Handler) http.Handler {
	return telemetry.Server(telemetry.NewLogger(w, names.ServiceEdge, region), "", true, next)
}

// note adds to the line of a request what the edge alone knows: the route, and who
// responded.
func note(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		telemetry.Note(r.Context(), slog.String(names.HTTPRoute, route))
		res := &response{ResponseWriter: w}
		next.ServeHTTP(res, r) // aborts by a panic if the response stays incomplete: then nobody has responded
		switch {
		case res.reason != "":
			telemetry.Note(r.Context(), slog.String(names.Reason, res.reason))
		case route == routeAPI:
			telemetry.Note(r.Context(), slog.String(names.PeerService, names.ServiceGateway))
		}
	})
}

// ownResponse is a ResponseWriter that learns that the edge itself responds, and
// why.
type ownResponse interface{ own(reason string) }

// response is the ResponseWriter of a request.
type response struct {
	http.ResponseWriter
	reason string // "": the origin's response, or the page
}

func (r *response) own(reason string) { r.reason = reason }

// Unwrap is for http.ResponseController.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// respond writes a response of the edge itself.
func respond(w http.ResponseWriter, p problem.Problem) {
	own(w, p.Reason)
	p.Write(w)
}

func own(w http.ResponseWriter, reason string) {
	if o, ok := w.(ownResponse); ok {
		o.own(reason)
	}
}
