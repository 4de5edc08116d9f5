// Package httpjson is the one place where endpoints meet HTTP: routes, strict
// decoding, problem+json in both directions, and calls to sibling services.
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
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// Decoder reads a request. Its errors are faults, usually Invalid.
type Decoder[Req any] func(*http.Request) (Req, error)

// Encoder sets headers and says with which status and body a response leaves;
// a nil body leaves the answer empty.
type Encoder[Resp any] func(h http.Header, resp Resp) (status int, body any)

// Routes is a service's HTTP side while it is put together. Mistakes in it (no
// access rule, a clash of patterns) gather until Handler reports them.
type Routes struct {
	logger *slog.Logger
	mux    *http.ServeMux
	list   []Route
	errs   []error

	// Outside says that strangers may call: a traceparent they bring is linked
	// and not continued. Only the gateway's routes do.
	Outside bool

	// Guard, if set, wraps each route added after it, inside its span and access
	// line. The gateway proves there who asks.
	Guard func(Route, http.Handler) http.Handler
}

// Route describes one route. The gateway's guard, the OpenAPI test and the
// bad-input suite (httpjsontest) read it.
type Route struct {
	Method, Path string // "POST", "/v1/reservations/{id}/cancel"
	Access       endpoint.Access
	Body         reflect.Type // what the JSON body decodes to; nil when it takes none
	Idempotent   bool         // refuses a request without Idempotency-Key
}

// Pattern is the route as net/http spells it.
func (r Route) Pattern() string { return r.Method + " " + r.Path }

// NewRoutes starts an empty list whose access lines go to logger.
func NewRoutes(logger *slog.Logger) *Routes {
	return &Routes{logger: logger, mux: http.NewServeMux()}
}

// Option declares what a route takes besides the defaults.
type Option func(*Route)

// NeedsIdempotencyKey refuses requests without a usable Idempotency-Key (400
// idempotency_key_missing) before they are decoded.
func NeedsIdempotencyKey() Option { return func(r *Route) { r.Idempotent = true } }

// NoBody declares that a POST, PUT or PATCH takes no body.
func NoBody() Option { return func(r *Route) { r.Body = nil } }

// BodyOf declares the body's type where it is not the endpoint's request.
func BodyOf[T any]() Option { return func(r *Route) { r.Body = reflect.TypeFor[T]() } }

// Handle routes pattern ("POST /v1/reservations") to e and answers with status;
// 204 has no body. The compiler checks that decode feeds e. A POST, PUT or
// PATCH is taken to have Req as its JSON body unless an option says otherwise.
func Handle[Req, Resp any](rs *Routes, pattern string, e endpoint.Typed[Req, Resp], decode Decoder[Req], status int, opts ...Option) {
	HandleWith(rs, pattern, e, decode, func(_ http.Header, resp Resp) (int, any) {
		if status == http.StatusNoContent {
			return status, nil
		}
		return status, resp
	}, opts...)
}

// HandleWith is Handle for a response that decides its own status, headers or
// wire form.
func HandleWith[Req, Resp any](rs *Routes, pattern string, e endpoint.Typed[Req, Resp], decode Decoder[Req], encode Encoder[Resp], opts ...Option) {
	route := newRoute(pattern, e.Method, reflect.TypeFor[Req](), opts)
	server := kithttp.NewServer(e.Kit,
		func(ctx context.Context, r *http.Request) (any, error) {
			if err := admit(ctx, r, route); err != nil {
				return nil, err
			}
			return decode(r)
		},
		func(ctx context.Context, w http.ResponseWriter, resp any) error {
			status, body := encode(w.Header(), resp.(Resp))
			return write(w, status, body)
		},
		kithttp.ServerErrorEncoder(writeProblem),
		kithttp.ServerBefore(identify),
	)
	rs.add(route, e.Check(), server)
}

// HandleRaw routes pattern to a plain handler, such as the gateway's proxy, for
// those whom access lets pass.
func HandleRaw(rs *Routes, pattern string, access endpoint.Access, h http.Handler, opts ...Option) {
	m := endpoint.Method{Name: pattern, Access: access}
	route := newRoute(pattern, m, nil, opts)
	rs.add(route, m.Check(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := identify(r.Context(), r)
		if err := admit(ctx, r, route); err != nil {
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
		fail(errors.New("access Internal belongs to paths under /internal/, and only there"))
	}
	defer func() {
		if p := recover(); p != nil { // ServeMux panics on a bad or clashing pattern
			fail(fmt.Errorf("%v", p))
		}
	}()
	if rs.Guard != nil {
		h = rs.Guard(route, h)
	}
	rs.mux.Handle(route.Pattern(), telemetry.Server(rs.logger, route.Pattern(), rs.Outside, h))
	rs.list = append(rs.list, route)
}

// List returns the routes in the order they were added.
func (rs *Routes) List() []Route { return rs.list }

// Handler serves the routes; what none of them takes gets a 404 or 405 as
// problem+json. Its error holds every mistake made while putting them together,
// and a process that gets one must not start.
func (rs *Routes) Handler() (http.Handler, error) {
	if err := errors.Join(rs.errs...); err != nil {
		return nil, err
	}
	unmatched := telemetry.Server(rs.logger, "", rs.Outside, http.HandlerFunc(rs.serveUnmatched))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A path that is not clean would be redirected by the mux, below the
		// access line and without a problem; to us it is another name for nothing.
		if _, pattern := rs.mux.Handler(r); pattern == "" || !strings.HasPrefix(r.URL.Path, "/") || path.Clean(r.URL.Path) != r.URL.Path {
			unmatched.ServeHTTP(w, r)
			return
		}
		rs.mux.ServeHTTP(w, r)
	}), nil
}

func (rs *Routes) serveUnmatched(w http.ResponseWriter, r *http.Request) {
	h, _ := rs.mux.Handler(r)
	asked := &headerOnly{header: http.Header{}}
	h.ServeHTTP(asked, r) // the mux's own 404 or 405, for its Allow header
	if asked.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", asked.header.Get("Allow"))
		writeProblem(r.Context(), fault.New(fault.MethodNotAllowed, "method_not_allowed", "%s is not possible here.", r.Method), w)
		return
	}
	writeProblem(r.Context(), fault.New(fault.NotFound, "no_such_path", "There is nothing at this path."), w)
}

type headerOnly struct {
	header http.Header
	status int
}

func (h *headerOnly) Header() http.Header         { return h.header }
func (h *headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (h *headerOnly) WriteHeader(status int)      { h.status = status }

// admit asks what can be asked before the body is read, so that a stranger
// learns nothing about bodies and costs no parsing. Endpoints ask for access
// again, since HTTP may not stay their only transport.
func admit(ctx context.Context, r *http.Request, route Route) error {
	if err := route.Access.Allow(endpoint.IdentityFrom(ctx)); err != nil {
		return err
	}
	if route.Idempotent {
		if _, err := IdempotencyKey(r); err != nil {
			return err
		}
	}
	return nil
}

// identify reads who asks from the headers the gateway has set.
func identify(ctx context.Context, r *http.Request) context.Context {
	who := endpoint.Identity{
		UserID:    r.Header.Get(names.HeaderUserID),
		Role:      r.Header.Get(names.HeaderUserRole),
		SessionID: r.Header.Get(names.HeaderSessionID),
	}
	if own := r.Header.Get(names.HeaderUserOwn); own != "" {
		who.Own = strings.Split(own, ",")
	}
	if who.UserID == "" {
		return ctx
	}
	telemetry.Note(ctx, slog.String(names.UserID, who.UserID), slog.String(names.SessionID, who.SessionID))
	return endpoint.WithIdentity(ctx, who)
}
