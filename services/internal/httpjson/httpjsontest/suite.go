package httpjsontest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/names"
)

// Suite sends bad input to a service.
type Suite struct {
	Handler http.Handler
	Routes  []httpjson.Route

	// BadQueries holds, by route pattern ("GET /v1/restaurants"), raw queries with
	// wrong values, which the service must refuse with 400. Those that no route
	// accepts are generated. A pattern without a route fails.
	BadQueries map[string][]string

	// NoInput lists the patterns of routes on which a client can get nothing
	// wrong. Any other route that yields no case fails, and so does a listed
	// one that yields some.
	NoInput []string

	// LogIn authenticates the request as an account with that role. Nil sets the
	// headers that the gateway sets.
	LogIn func(r *http.Request, role string)
}

// Run sends every generated case, one subtest each.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	if len(s.Routes) == 0 {
		t.Fatal("no routes: the suite would test nothing")
	}
	if err := s.Covered(); err != nil {
		t.Error(err)
	}
	for _, r := range s.Routes {
		t.Run(r.Pattern(), func(t *testing.T) {
			for _, c := range append(s.cases(r), Case{
				Name: "another method", Method: "BREW", Target: fill(r.Path, sampleID), Status: 405,
			}) {
				t.Run(c.Name, func(t *testing.T) {
					if err := s.Try(c); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
	t.Run("unknown path", func(t *testing.T) {
		if err := s.Try(Case{Method: "GET", Target: "/no/such/path", Status: 404}); err != nil {
			t.Error(err)
		}
	})
}

func (s Suite) cases(r httpjson.Route) []Case { return Cases(r, s.BadQueries[r.Pattern()]...) }

// Covered reports what the suite does not test: each route that yields no case
// and is not in NoInput, and each entry of BadQueries and NoInput that does not
// fit the routes.
func (s Suite) Covered() error {
	var wrong []error
	known := map[string]bool{}
	for _, r := range s.Routes {
		pattern := r.Pattern()
		known[pattern] = true
		cases, exempt := len(s.cases(r)), slices.Contains(s.NoInput, pattern)
		switch {
		case cases == 0 && !exempt:
			wrong = append(wrong, fmt.Errorf(
				"route %q yields no bad input: add it to the suite's BadQueries, or to NoInput if it takes nothing", pattern))
		case cases > 0 && exempt:
			wrong = append(wrong, fmt.Errorf("route %q yields %d cases of bad input: remove it from NoInput", pattern, cases))
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(s.BadQueries)) {
		if !known[pattern] {
			wrong = append(wrong, fmt.Errorf("BadQueries has %q, which is no route", pattern))
		}
	}
	for _, pattern := range s.NoInput {
		if !known[pattern] {
			wrong = append(wrong, fmt.Errorf("NoInput has %q, which is no route", pattern))
		}
	}
	return errors.Join(wrong...)
}

// Try sends one case and returns what is wrong with the response.
func (s Suite) Try(c Case) error {
	req := httptest.NewRequest(c.Method, c.Target, strings.NewReader(c.Body))
	if c.ContentType != "" {
		req.Header.Set("Content-Type", c.ContentType)
	}
	if c.Key != "" {
		req.Header.Set(names.HeaderIdempotency, c.Key)
	}
	if c.Role != "" {
		logIn := s.LogIn
		if logIn == nil {
			logIn = SetIdentity
		}
		logIn(req, c.Role)
	}
	rec := httptest.NewRecorder()
	s.Handler.ServeHTTP(rec, req)
	return c.check(rec)
}

// SetIdentity sets the headers that the gateway sets for an account of role.
func SetIdentity(r *http.Request, role string) {
	r.Header.Set(names.HeaderUserID, sampleID)
	r.Header.Set(names.HeaderUserRole, role)
	r.Header.Set(names.HeaderSessionID, sampleID)
	if role == endpoint.RoleOwner {
		r.Header.Set(names.HeaderUserOwn, sampleID)
	}
}

func (c Case) check(rec *httptest.ResponseRecorder) error {
	var wrong []error
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	body := rec.Body.Bytes()
	if rec.Code < 400 || rec.Code > 499 || c.Status != 0 && rec.Code != c.Status {
		fail("status %d, want %s", rec.Code, c.want())
	}
	if got := rec.Header().Get("Content-Type"); got != httpjson.ProblemType {
		fail("content type %q, want %s", got, httpjson.ProblemType)
	}
	var p httpjson.Problem
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		fail("the body is not a problem: %v", err)
	} else {
		if p.Status != rec.Code || p.Type == "" || p.Title == "" || p.Reason == "" {
			fail("the problem is incomplete or has another status")
		}
		if c.Pointer != "" && p.Pointer != c.Pointer {
			fail("pointer %q, want %q", p.Pointer, c.Pointer)
		}
		if c.Reason != "" && p.Reason != c.Reason {
			fail("reason %q, want %q", p.Reason, c.Reason)
		}
	}
	if bytes.Contains(body, []byte("goroutine ")) || bytes.Contains(body, []byte(".go:")) {
		fail("the body contains a stack trace")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s %s: %w\n%s", c.Method, c.Target, errors.Join(wrong...), bytes.TrimSpace(body))
	}
	return nil
}

func (c Case) want() string {
	if c.Status == 0 {
		return "a 4xx"
	}
	return fmt.Sprint(c.Status)
}
