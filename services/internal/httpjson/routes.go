// Package httpjson connects endpoints to HTTP, for all services: routes, strict
// decoding, problem+json in both directions, and calls to other services.
package httpjson

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"strings"

	kithttp "github.com/go-kit/kit/transport/http"

	"jari.example/internal/fault"
	"jari.example/internal/faultinject"
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Decoder reads a request. Its errors are faults, usually Invalid.
type Decoder[Req any] func(*http.Request) (Req, error)

// Encoder sets headers and returns the status and the body of the HTTP response;
// nil for an empty body.
type Encoder[Resp any] func(h http.Header, resp Resp) (status int, body any)

// Routes collects a service's routes. It also collects mistakes, such as a
// missing access rule or conflicting patterns, until Handler reports them.
type Routes struct {
	logger *slog.Logger
	mux    *http.ServeMux
	list   []Route
	errs   []error

	// Untrusted means that callers are outside our systems: the trace that they
	// send is linked, not continued. Only the gateway sets it.
	Untrusted bool

	// Guard, if set, wraps the handler of each route that is added later, inside
	// the route's span and access log line. The gateway authenticates in it.
	Guard func(Route, http.Handler) http.Handler
}

// Route describes one route. The gateway's guard, the OpenAPI test and the
// bad-input suite (httpjsontest) read it.
type Route struct {
	Method, Path string // "POST", "/v1/reservations/{id}/cancel"
	Access       endpoint.Access
	Body         reflect.Type // what the JSON body decodes to; nil when it takes none
	Query        []Param      // the query parameters that it takes; any other is refused
	Raw          bool         // its http.Handler reads query and body, and may take any
	Idempotent   bool         // refuses a request without Idempotency-Key
}

// Pattern is the route as net/http spells it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

// Cacheable reports whether a cache may store responses, if their encoder says so:
// they are the same for everybody and contain no token.
func Cacheable(method string, a endpoint.Access) bool {
	return method == http.MethodGet && a == endpoint.Public
}

func uncached(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		h.ServeHTTP(w, r)
	})
}

// NewRoutes returns an empty list. Access log lines go to logger.
func NewRoutes(logger *slog.Logger) *Routes {
	return &Routes{logger: logger, mux: http.NewServeMux()}
}

// Option changes a property of a route from its default.
type Option func(*Route)

// NeedsIdempotencyKey rejects requests without a valid Idempotency-Key (400
// idempotency_key_missing) before they are decoded.
func NeedsIdempotencyKey() Option { return func(r *Route) { r.Idempotent = true } }

// NoBody declares a POST, PUT or PATCH without a body.
func NoBody() Option { return func(r *Route) { r.Body = nil } }

// BodyOf declares the type of the body when it is not the endpoint's request.
func BodyOf[T any]() Option { return func(r *Route) { r.Body = reflect.TypeFor[T]() } }

// Handle routes pattern ("POST /v1/reservations") to e and responds with status;
// 204 has no body. Req must be what decode returns and e takes. A POST, PUT or
// PATCH has Req as its JSON body unless an option changes that.
func Handle[Req, Resp any](
	rs *Routes, pattern string, e endpoint.Typed[Req, Resp], decode Decoder[Req], status int, opts ...Option,
) {
	HandleWith(rs, pattern, e, decode, func(_ http.Header, resp Resp) (int, any) {
		if status == http.StatusNoContent {
			return status, nil
		}
		return status, resp
	}, opts...)
}

// HandleWith is Handle with an encoder, for a response whose status, headers or
// JSON depend on its value.
func HandleWith[Req, Resp any](
	rs *Routes, pattern string, e endpoint.Typed[Req, Resp], decode Decoder[Req], encode Encoder[Resp], opts ...Option,
) {
	route := newRoute(pattern, e.Method, reflect.TypeFor[Req](), opts)
	server := kithttp.NewServer(e.Kit,
		func(ctx context.Context, r *http.Request) (any, error) {
			if err := checkRequest(ctx, r, route); err != nil {
				return nil, err
			}
			return decode(r)
		},
		func(ctx context.Context, w http.ResponseWriter, resp any) error {
			status, body := encode(w.Header(), resp.(Resp))
			err := write(w, status, body)
			if ctx.Err() != nil {
				return nil // net/http ends ctx when the client has disconnected
			}
			return err
		},
		kithttp.ServerErrorEncoder(writeProblem),
		kithttp.ServerBefore(identify),
	)
	rs.add(route, e.Check(), server)
}

// HandleRaw routes pattern to an http.Handler, such as the gateway's proxy, for
// callers that access allows. The handler checks query and body itself.
func HandleRaw(rs *Routes, pattern string, access endpoint.Access, h http.Handler, opts ...Option) {
	m := endpoint.Method{Name: pattern, Access: access}
	route := newRoute(pattern, m, nil, opts)
	route.Raw = true
	rs.add(route, m.Check(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := identify(r.Context(), r)
		if err := checkRequest(ctx, r, route); err != nil {
			writeProblem(ctx, err, w)
			return
		}
		h.ServeHTTP(w, r.WithContext(ctx))
	}))
}

func newRoute(pattern string, m endpoint.Method, req reflect.Type, opts []Option) Route {
	method, path, _ := strings.Cut(pattern, " ")
	route := Route{Method: method, Path: path, Access: m.Access}
	switch method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		route.Body = req
	}
	for _, o := range opts {
		o(&route)
	}
	return route
}

func (rs *Routes) add(route Route, err error, h http.Handler) {
	fail := func(err error) { rs.errs = append(rs.errs, fmt.Errorf("route %q: %w", route.Pattern(), err)) }
	if err != nil {
		fail(err)
	}
	if internal := strings.HasPrefix(route.Path, "/internal/"); internal != (route.Access == endpoint.Internal) {
		fail(errors.New("paths under /internal/, and no others, must have access Internal"))
	}
	defer func() {
		if p := recover(); p != nil { // ServeMux panics on a bad or clashing pattern
			fail(fmt.Errorf("%v", p))
		}
	}()
	if rs.Guard != nil {
		h = rs.Guard(route, h)
	}
	if !Cacheable(route.Method, route.Access) {
		h = uncached(h)
	}
	h = faultinject.Process().Handler(route.Pattern(), h) // h itself, unless the process is to fail on purpose
	rs.mux.Handle(route.Pattern(), telemetry.Server(rs.logger, route.Pattern(), rs.Untrusted, h))
	rs.list = append(rs.list, route)
}

// List returns the routes in the order they were added.
func (rs *Routes) List() []Route { return rs.list }

// Handler serves the routes. A request that matches none gets 404 or 405 as
// problem+json. The error has every mistake in the routes; a process that gets
// one must not start.
func (rs *Routes) Handler() (http.Handler, error) {
	if err := errors.Join(rs.errs...); err != nil {
		return nil, err
	}
	unmatched := telemetry.Server(rs.logger, "", rs.Untrusted, http.HandlerFunc(rs.serveUnmatched))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		// The mux would redirect a path that is not clean, without an access log
		// line and without a problem. Here such a path does not exist.
		clean := strings.HasPrefix(r.URL.Path, "/") && path.Clean(r.URL.Path) == r.URL.Path
		if _, pattern := rs.mux.Handler(r); pattern == "" || !clean {
			unmatched.ServeHTTP(w, r)
			return
		}
		rs.mux.ServeHTTP(w, r)
	}), nil
}

func (rs *Routes) serveUnmatched(w http.ResponseWriter, r *http.Request) {
	h, _ := rs.mux.Handler(r)
	unmatched := &headerOnly{header: http.Header{}}
	h.ServeHTTP(unmatched, r) // the mux's own 404 or 405, for its Allow header
	if unmatched.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", unmatched.header.Get("Allow"))
		writeProblem(r.Context(), fault.New(fault.MethodNotAllowed, "method_not_allowed", "This path does not allow %s.", r.Method), w)
		return
	}
	writeProblem(r.Context(), fault.New(fault.NotFound, "no_such_path", "This path does not exist."), w)
}

type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }

// checkRequest checks access, the query and the Idempotency-Key before the body is
// read, so that an unauthorized caller costs no parsing and learns nothing about
// bodies.
// Endpoints check access again, because HTTP may not stay the only transport.
func checkRequest(ctx context.Context, r *http.Request, route Route) error {
	if err := route.Access.Allow(endpoint.IdentityFrom(ctx)); err != nil {
		return err
	}
	if !route.Raw && r.URL.RawQuery != "" {
		if err := checkQuery(r.URL.RawQuery, route.Query); err != nil {
			return err
		}
	}
	if route.Idempotent {
		if _, err := IdempotencyKey(r); err != nil {
			return err
		}
	}
	return nil
}

// identify puts the caller's identity, from the headers that the gateway sets,
// into the context.
func identify(ctx context.Context, r *http.Request) context.Context {
	identity := endpoint.Identity{
		UserID:    r.Header.Get(names.HeaderUserID),
		Role:      r.Header.Get(names.HeaderUserRole),
		SessionID: r.Header.Get(names.HeaderSessionID),
	}
	if own := r.Header.Get(names.HeaderUserOwn); own != "" {
		identity.Own = strings.Split(own, ",")
	}
	if identity.UserID == "" {
		return ctx
	}
	telemetry.Note(ctx, slog.String(names.UserID, identity.UserID), slog.String(names.SessionID, identity.SessionID))
	return endpoint.WithIdentity(ctx, identity)
}
