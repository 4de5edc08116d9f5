package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/gateway"
	"jari.example/services/gateway/inmem"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/services/internal/httpjson/httpjsontest"
	"jari.example/telemetry"
	"jari.example/telemetry/telemetrytest"
)

// users is a user service with one account.
type users struct {
	mu      sync.Mutex
	account gateway.Account
	err     error
	called  func() // by Account, if not nil
}

func (u *users) Verify(_ context.Context, c gateway.Credentials) (gateway.Account, error) {
	if c.Email.Reveal() != "kim@example.com" || c.Password.Reveal() != "correct horse" {
		return gateway.Account{}, fault.New(fault.Unauthenticated, "bad_credentials", "No.")
	}
	return u.Account(context.Background(), "")
}

func (u *users) Account(context.Context, string) (gateway.Account, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.called != nil {
		u.called()
	}
	return u.account, u.err
}

func (u *users) update(change func(*users)) { u.mu.Lock(); defer u.mu.Unlock(); change(u) }

// environment is a gateway with one upstream in place of every service.
type environment struct {
	*testing.T
	url      string
	record   *telemetrytest.Recorder
	users    *users
	suite    httpjsontest.Suite
	upstream http.HandlerFunc // nil responds with {"seen": the request's headers}
	mu       sync.Mutex
	now      time.Time
}

func (s *environment) clock() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.now }
func (s *environment) advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// start starts a gateway. Each change replaces a dependency of it.
func start(t *testing.T, changes ...func(*gateway.Config)) *environment {
	t.Helper()
	s := &environment{T: t, record: telemetrytest.Start(t), now: time.Now(), users: &users{account: gateway.Account{
		ID: "0190a000-0000-7000-8000-000000000001", Role: "owner", Own: []string{"mosu", "jungsik"},
		Name: secret.New("김민지"), Locale: "ko",
	}}}
	behind := httptest.NewServer(telemetry.Server(slog.New(slog.DiscardHandler), "", false,
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.upstream != nil {
				s.upstream(w, r)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"seen": r.Header})
		})))
	t.Cleanup(behind.Close)
	keys, err := gateway.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	config := gateway.Config{
		Users: s.users, Sessions: inmem.New(), Keys: keys, RefreshKey: make([]byte, gateway.MinRefreshKey),
		Issuer: "https://jari.example", Now: s.clock,
	}
	for _, change := range changes {
		change(&config)
	}
	service, err := gateway.New(config)
	if err != nil {
		t.Fatal(err)
	}
	mw, err := endpoint.Shared(s.record.Logger, nil)
	if err != nil {
		t.Fatal(err)
	}
	rs := httpjson.NewRoutes(s.record.Logger)
	gateway.AddRoutes(rs, service, gateway.NewEndpoints(service, mw),
		gateway.Upstreams{User: behind.URL, Reservation: behind.URL, Search: "http://127.0.0.1:1"})
	h, err := rs.Handler()
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(h)
	t.Cleanup(front.Close)
	s.url = front.URL
	s.suite = httpjsontest.Suite{Handler: h, Routes: rs.List()}
	return s
}

type response struct {
	*http.Response
	body map[string]any
}

// cookie is the refresh token that the response sets, "" for none.
func (a response) cookie() string {
	for _, c := range a.Cookies() {
		if c.Name == "jari_refresh" {
			return c.Value
		}
	}
	return ""
}

func (s *environment) do(method, path, body string, header http.Header) response {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	maps.Copy(req.Header, header)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	a := response{Response: res}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			s.Fatalf("%v: %s", err, raw)
		}
	}
	return a
}

func (a response) want(t *testing.T, status int, reason string) response {
	t.Helper()
	if a.StatusCode != status || reason != "" && a.body["reason"] != reason {
		t.Errorf("%s %s: status %d, want %d %s: %v", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, reason, a.body)
	}
	return a
}

const credentials = `{"email":"kim@example.com","password":"correct horse"}`

// logIn returns the headers of a user who has just logged in.
func (s *environment) logIn() (headers http.Header, login response) {
	s.Helper()
	login = s.do("POST", "/v1/sessions", credentials, nil).want(s.T, 201, "")
	return authHeaders(login.body["access_token"].(string), login.cookie()), login
}

func authHeaders(token, cookie string) http.Header {
	h := http.Header{"Authorization": {"Bearer " + token}}
	if cookie != "" {
		h["Cookie"] = []string{"jari_refresh=" + cookie}
	}
	return h
}

func cookieHeader(cookie string) http.Header {
	return http.Header{"Cookie": {"jari_refresh=" + cookie}}
}

func received(a response, name string) string {
	headers, _ := a.body["seen"].(map[string]any)
	values, _ := headers[http.CanonicalHeaderKey(name)].([]any)
	return strings.Trim(fmt.Sprint(values), "[]")
}
