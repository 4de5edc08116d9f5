package httpjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

type order struct {
	ID    string    `json:"-"`
	Name  string    `json:"name"`
	Seats int       `json:"seats"`
	At    time.Time `json:"at"`
	Tags  []struct {
		Key  string        `json:"key"`
		Note secret.String `json:"note"`
	} `json:"tags,omitempty"`
	Where *struct {
		Lat float64 `json:"lat"`
	} `json:"where,omitempty"`
}

func place(_ context.Context, o order) (order, error) {
	switch {
	case o.Name == "":
		return o, fault.BadField("/name", "A name is needed.")
	case o.Name == "fails":
		return o, errors.New("disk /dev/sda failed")
	case o.Name == "unavailable":
		return o, fault.Down("postgres", errors.New("refused"))
	}
	return o, nil
}

func find(_ context.Context, id string) (order, error) {
	return order{}, fault.New(fault.NotFound, "no_such_order", "There is no such order.")
}

func byID(r *http.Request) (string, error) { return r.PathValue("id"), nil }

func routes(t *testing.T, rec *telemetrytest.Recorder) *httpjson.Routes {
	t.Helper()
	mw, err := endpoint.Shared(rec.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	rs := httpjson.NewRoutes(rec.Logger)
	httpjson.HandleWith(rs, "POST /v1/orders", endpoint.Make("order.Place", endpoint.Diner, place, mw), httpjson.Body[order],
		func(h http.Header, o order) (int, any) {
			h.Set("Location", "/v1/orders/1")
			return http.StatusCreated, o
		}, httpjson.NeedsIdempotencyKey(), httpjson.Takes("email"))
	httpjson.Handle(rs, "GET /v1/orders/{id}", endpoint.Make("order.Find", endpoint.Owner, find, mw), byID, http.StatusOK)
	return rs
}

func handler(t *testing.T, rs *httpjson.Routes) http.Handler {
	t.Helper()
	h, err := rs.Handler()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestRejectsBadInput(t *testing.T) {
	rs := routes(t, telemetrytest.Start(t))
	httpjsontest.Suite{Handler: handler(t, rs), Routes: rs.List()}.Run(t)
}

func TestSuiteDetectsBadServers(t *testing.T) {
	post := httpjson.Route{Method: "POST", Path: "/x", Access: endpoint.Diner, Body: routes(t, telemetrytest.Start(t)).List()[0].Body}
	for name, h := range map[string]http.HandlerFunc{
		"accepts everything":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) },
		"fails with a stack":           func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "goroutine 1 [running]", 500) },
		"rejects without problem+json": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "bad", 400) },
		"omits the pointer": func(w http.ResponseWriter, r *http.Request) {
			httpjson.WriteProblem(w, r, fault.New(fault.Invalid, "x", "x"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			detected := 0
			for _, c := range httpjsontest.Cases(post) {
				if (httpjsontest.Suite{Handler: h}).Try(c) != nil {
					detected++
				}
			}
			if detected == 0 {
				t.Error("no case failed")
			}
		})
	}
}

func TestSuiteReportsWhatItDoesNotCover(t *testing.T) {
	things := httpjson.Route{Method: "GET", Path: "/v1/things", Access: endpoint.Public, Raw: true}
	thing := httpjson.Route{Method: "GET", Path: "/v1/things/{id}", Access: endpoint.Public, Raw: true}
	checked := httpjson.Route{Method: "GET", Path: "/v1/things", Access: endpoint.Public} // refuses every query
	suite := func(r httpjson.Route) httpjsontest.Suite { return httpjsontest.Suite{Routes: []httpjson.Route{r}} }
	exempt := func(s httpjsontest.Suite, pattern string) httpjsontest.Suite { s.NoInput = []string{pattern}; return s }
	badQuery := func(s httpjsontest.Suite, pattern string) httpjsontest.Suite {
		s.BadQueries = map[string][]string{pattern: {"limit=0"}}
		return s
	}
	for name, c := range map[string]struct {
		suite   httpjsontest.Suite
		covered bool
	}{
		"a route with path ids":        {suite(thing), true},
		"a route without bad input":    {suite(things), false},
		"a route that checks queries":  {suite(checked), true},
		"an exempt route":              {exempt(suite(things), "GET /v1/things"), true},
		"an exempt route with cases":   {exempt(suite(thing), "GET /v1/things/{id}"), false},
		"an exempt route that is gone": {exempt(suite(thing), "GET /v1/things"), false},
		"a bad query":                  {badQuery(suite(things), "GET /v1/things"), true},
		"a bad query for no route":     {badQuery(suite(thing), "GET /v1/thing"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.suite.Covered(); (err == nil) != c.covered {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestHandlerReportsMistakesInRoutes(t *testing.T) {
	mw := endpoint.Bare
	for name, add := range map[string]func(*httpjson.Routes){
		"no access rule": func(rs *httpjson.Routes) {
			httpjson.Handle(rs, "GET /v1/x", endpoint.Make("x", 0, find, mw), byID, 200)
		},
		"internal outside /internal/": func(rs *httpjson.Routes) {
			httpjson.Handle(rs, "GET /v1/x", endpoint.Make("x", endpoint.Internal, find, mw), byID, 200)
		},
		"public under /internal/": func(rs *httpjson.Routes) {
			httpjson.Handle(rs, "GET /internal/x", endpoint.Make("x", endpoint.Public, find, mw), byID, 200)
		},
		"the same route twice": func(rs *httpjson.Routes) {
			for range 2 {
				httpjson.Handle(rs, "GET /v1/x", endpoint.Make("x", endpoint.Public, find, mw), byID, 200)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			rs := httpjson.NewRoutes(telemetrytest.Start(t).Logger)
			add(rs)
			if _, err := rs.Handler(); err == nil {
				t.Error("Handler() returned no error")
			}
		})
	}
}

func TestCallReturnsTheServersFault(t *testing.T) {
	rec := telemetrytest.Start(t)
	srv := httptest.NewServer(handler(t, routes(t, rec)))
	defer srv.Close()
	client := telemetry.Client("order", time.Second)
	identity := http.Header{names.HeaderUserID: {"u1"}, names.HeaderUserRole: {"owner"}, names.HeaderIdempotency: {"k"}}

	got, err := httpjson.Call[order](t.Context(), client, "POST", srv.URL+"/v1/orders", order{Name: "모수"}, identity)
	if err != nil || got.Name != "모수" {
		t.Fatal(got, err)
	}
	_, err = httpjson.Call[order](t.Context(), client, "GET", srv.URL+"/v1/orders/7", nil, identity)
	if fault.CodeOf(err) != fault.NotFound || fault.ReasonOf(err) != "no_such_order" {
		t.Errorf("got %v", err)
	}
	_, err = httpjson.Call[order](t.Context(), client, "POST", srv.URL+"/v1/orders", order{Name: "unavailable"}, identity)
	if f := fault.Of(err); f.Code != fault.Unavailable || f.RetryAfter != time.Second {
		t.Errorf("got %+v", f)
	}
	_, err = httpjson.Call[order](t.Context(), client, "POST", srv.URL+"/v1/orders", order{Name: "fails"}, identity)
	if f := fault.Of(err); f.Code != fault.Internal || strings.Contains(f.Error(), "sda") {
		t.Errorf("an internal failure became %v", f)
	}
	srv.Close()
	_, err = httpjson.Call[order](t.Context(), client, "GET", srv.URL+"/v1/orders/7", nil, identity)
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("a refused connection became %v", err)
	}
}

func TestWritesOneAccessLogLinePerRequest(t *testing.T) {
	rec := telemetrytest.Start(t)
	h := handler(t, routes(t, rec))
	req := httptest.NewRequest("POST", "/v1/orders?email=a@b.c", strings.NewReader(`{"name":"fails"}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(names.HeaderIdempotency, "k")
	httpjsontest.SetIdentity(req, endpoint.RoleDiner)
	h.ServeHTTP(httptest.NewRecorder(), req)
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/nowhere", nil))

	lines := rec.Lines(t, names.EventAccess)
	if len(lines) != 2 {
		t.Fatalf("%d access log lines for 2 requests", len(lines))
	}
	line := lines[0]
	for name, want := range map[string]any{
		names.Body: "POST /v1/orders 500", names.SeverityText: "ERROR", names.HTTPMethod: "POST",
		names.HTTPRoute: "/v1/orders", names.HTTPStatus: 500., names.URLPath: "/v1/orders",
		names.Method: "order.Place", names.Reason: "internal",
	} {
		if line[name] != want {
			t.Errorf("%s = %v, want %v", name, line[name], want)
		}
	}
	if !strings.Contains(line[names.Exception].(string), "sda") {
		t.Errorf("the line lacks the cause: %v", line[names.Exception])
	}
	span := rec.Span(t, "POST /v1/orders")
	if line[names.TraceID] != span.SpanContext().TraceID().String() {
		t.Errorf("line and span have different trace ids")
	}
	if got := telemetrytest.Attr(span, names.HTTPRoute); got != "/v1/orders" {
		t.Errorf("http.route = %v", got)
	}
	if strings.Contains(rec.Output(), "a@b.c") {
		t.Error("the log contains a query")
	}
}

func TestProblemHasExtraMembers(t *testing.T) {
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil)
	httpjson.WriteProblem(w, r, fault.New(fault.Conflict, "slot_full", "Full.").With("available", 2).With("latched", true))
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got["reason"] != "slot_full" || got["available"] != 2.0 || got["latched"] != true {
		t.Errorf("got %s", w.Body)
	}
}
