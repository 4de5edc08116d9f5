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
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// users is a user service with one account.
type users struct {
	mu      sync.Mutex
	account gateway.Account
	err     error
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

func start(t *testing.T) *environment {
	t.Helper()
	s := &environment{T: t, record: telemetrytest.Start(t), now: time.Now(), users: &users{account: gateway.Account{
		ID: "0190a000-0000-7000-8000-000000000001", Role: "owner", Own: []string{"mosu", "jungsik"}, Name: secret.New("김민지"), Locale: "ko",
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
	service, err := gateway.New(gateway.Config{
		Users: s.users, Sessions: inmem.New(), Keys: keys, RefreshKey: make([]byte, gateway.MinRefreshKey),
		Issuer: "https://jari.example", Now: s.clock,
	})
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

func received(a response, name string) string {
	headers, _ := a.body["seen"].(map[string]any)
	values, _ := headers[http.CanonicalHeaderKey(name)].([]any)
	return strings.Trim(fmt.Sprint(values), "[]")
}

func TestSessionLifecycle(t *testing.T) {
	s := start(t)
	s.do("POST", "/v1/sessions", `{"email":"kim@example.com","password":"wrong"}`, nil).want(t, 401, "bad_credentials")
	headers, login := s.logIn()
	user := login.body["user"].(map[string]any)
	if login.body["token_type"] != "Bearer" || user["name"] != "김민지" || user["role"] != "owner" || len(user["own"].([]any)) != 2 {
		t.Errorf("got %v", login.body)
	}
	for _, want := range []string{"HttpOnly", "Secure", "SameSite=Lax", "Path=/v1", "Max-Age=2592000"} {
		if !strings.Contains(login.Header.Get("Set-Cookie"), want) {
			t.Errorf("the cookie lacks %s: %s", want, login.Header.Get("Set-Cookie"))
		}
	}

	cookie := http.Header{"Cookie": headers["Cookie"]}
	first := s.do("POST", "/v1/sessions/refresh", "", cookie).want(t, 201, "")
	again := s.do("POST", "/v1/sessions/refresh", "", cookie).want(t, 201, "")
	if first.cookie() != again.cookie() || first.cookie() == login.cookie() {
		t.Error("within the grace period a token must get the same successor")
	}
	s.do("GET", "/v1/users/me", "", authHeaders(first.body["access_token"].(string), "")).want(t, 200, "")

	s.advance(gateway.GracePeriod)
	s.do("POST", "/v1/sessions/refresh", "", cookie).want(t, 401, "refresh_reused")
	s.do("POST", "/v1/sessions/refresh", "", authHeaders("x", first.cookie())).want(t, 401, "session_ended")

	headers, _ = s.logIn()
	out := s.do("DELETE", "/v1/sessions/current", "", headers).want(t, 204, "")
	if !strings.Contains(out.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("the cookie is not deleted: %s", out.Header.Get("Set-Cookie"))
	}
	s.do("POST", "/v1/sessions/refresh", "", http.Header{"Cookie": headers["Cookie"]}).want(t, 401, "session_ended")
	s.do("POST", "/v1/sessions/refresh", "", nil).want(t, 401, "session_ended")

	for _, private := range []string{"kim@", "horse", "민지", "eyJ", login.cookie()} {
		if strings.Contains(s.record.Output(), private) {
			t.Errorf("the log contains %q", private)
		}
	}
	if !strings.Contains(s.record.Output(), "/v1/sessions") {
		t.Error("the log is empty, so the check proves nothing")
	}
}

func TestIdentityHeadersComeFromTheTokenOnly(t *testing.T) {
	s := start(t)
	headers, login := s.logIn()
	for _, name := range []string{names.HeaderUserID, names.HeaderUserRole, names.HeaderUserOwn, names.HeaderSessionID, "Jari-Anything"} {
		headers[http.CanonicalHeaderKey(name)] = []string{"forged"}
	}
	headers["Tracestate"] = []string{"a=b"}
	got := s.do("GET", "/v1/users/me", "", headers).want(t, 200, "")
	if received(got, names.HeaderUserID) != login.body["user"].(map[string]any)["id"] || received(got, names.HeaderUserRole) != "owner" ||
		received(got, names.HeaderUserOwn) != "mosu,jungsik" || len(received(got, names.HeaderSessionID)) != 36 {
		t.Errorf("the service got %v", got.body)
	}
	for _, name := range []string{"Jari-Anything", "Authorization", "Cookie", "Tracestate"} {
		if received(got, name) != "" {
			t.Errorf("%s was forwarded: %s", name, received(got, name))
		}
	}
	forged := http.Header{"Jari-User-Id": {"forged"}, "Jari-User-Role": {"operator"}}
	s.do("GET", "/v1/users/me", "", forged).want(t, 401, "unauthenticated")
	if got := s.do("POST", "/v1/users", "{}", forged).want(t, 200, ""); received(got, names.HeaderUserID) != "" {
		t.Error("a public route forwarded a forged identity")
	}
	s.do("GET", "/v1/users/me", "", authHeaders("a.b.c", "")).want(t, 401, "token_invalid")
	s.do("GET", "/internal/users/x", "", headers).want(t, 404, "no_such_path")
}

func TestRenewsAnExpiredTokenInTheSameRequest(t *testing.T) {
	s := start(t)
	headers, login := s.logIn()
	other, _ := s.logIn()
	s.users.update(func(u *users) { u.account.Role = "diner" })
	if got := s.do("GET", "/v1/users/me", "", headers).want(t, 200, ""); got.Header.Get(names.HeaderAccessToken) != "" {
		t.Error("a valid token was renewed")
	}
	s.advance(gateway.AccessLifetime)
	token := login.body["access_token"].(string)
	s.do("GET", "/v1/users/me", "", authHeaders(token, "")).want(t, 401, "token_expired")
	s.do("GET", "/v1/users/me", "", http.Header{"Cookie": headers["Cookie"]}).want(t, 401, "unauthenticated")
	s.do("GET", "/v1/users/me", "", http.Header{"Authorization": headers["Authorization"], "Cookie": other["Cookie"]}).want(t, 401,
		"session_ended")

	var wg sync.WaitGroup
	responses := make([]response, 8)
	for i := range responses {
		wg.Go(func() { responses[i] = s.do("GET", "/v1/users/me", "", headers) })
	}
	wg.Wait()
	for _, a := range responses {
		a.want(t, 200, "")
		if a.Header.Get(names.HeaderAccessToken) == "" || a.cookie() != responses[0].cookie() {
			t.Errorf("no new token, or another cookie")
		}
		if received(a, names.HeaderUserRole) != "diner" {
			t.Errorf("the renewed token kept the old role %q", received(a, names.HeaderUserRole))
		}
	}
	renewed := authHeaders(responses[0].Header.Get(names.HeaderAccessToken), responses[0].cookie())
	if got := s.do("GET", "/v1/users/me", "", renewed).want(t, 200, ""); got.Header.Get(names.HeaderAccessToken) != "" {
		t.Error("the new token was renewed at once")
	}

	s.advance(gateway.AccessLifetime)
	s.users.update(func(u *users) { u.err = fault.Down("user", context.DeadlineExceeded) })
	s.do("GET", "/v1/users/me", "", renewed).want(t, 200, "")
	s.users.update(func(u *users) { u.err = fault.New(fault.NotFound, "user_not_found", "Gone.") })
	s.do("POST", "/v1/sessions/refresh", "", renewed).want(t, 401, "account_gone")
}

func TestUpstreamFailuresBecomeProblemsAndAreLogged(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	last := func() map[string]any {
		lines := s.record.Lines(t, names.EventAccess)
		return lines[len(lines)-1]
	}
	for name, c := range map[string]struct {
		method, path string
		upstream     http.HandlerFunc
		status       int
		reason       string
		route        string
		severity     string
		user         any
	}{
		"refuses connections": {"GET", "/v1/restaurants/mosu", nil, 503, "unavailable", "/v1/restaurants/{id}", "ERROR", nil},
		"breaks the connection": {"POST", "/v1/reservations", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			503, "unavailable", "/v1/reservations", "ERROR", s.users.account.ID},
		"is unavailable": {"POST", "/v1/reservations", func(w http.ResponseWriter, r *http.Request) {
			httpjson.WriteProblem(w, r, fault.Down("postgresql", context.DeadlineExceeded))
		}, 503, "unavailable", "/v1/reservations", "ERROR", s.users.account.ID},
		"returns an error": {"POST", "/v1/reservations", func(w http.ResponseWriter, r *http.Request) {
			httpjson.WriteProblem(w, r, fault.New(fault.Conflict, "slot_full", "Full."))
		}, 409, "slot_full", "/v1/reservations", "INFO", s.users.account.ID},
	} {
		t.Run(name, func(t *testing.T) {
			s.upstream = c.upstream
			got := s.do(c.method, c.path, "{}", headers).want(t, c.status, c.reason)
			if c.status == 503 && got.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			line := last()
			if line[names.HTTPStatus] != float64(c.status) || line[names.HTTPRoute] != c.route || line[names.Reason] != c.reason ||
				line[names.SeverityText] != c.severity || line[names.UserID] != c.user {
				t.Errorf("the access log line has %v", line)
			}
			if got.body["trace_id"] == nil {
				t.Error("the problem has no trace_id")
			}
		})
	}
}

func TestRejectsABodyThatIsTooLarge(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	large := `{"a":"` + strings.Repeat("a", 1<<20) + `"}`
	s.do("POST", "/v1/reservations", large, headers).want(t, 400, "body_too_large")
	req, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/v1/users", io.NopCloser(strings.NewReader(large))) // no length
	if err != nil {
		t.Fatal(err)
	}
	s.upstream = func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("without a length: status %d", res.StatusCode)
	}
}

func TestTraceReachesTheServiceAndLinksToTheClients(t *testing.T) {
	const clientTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	s := start(t)
	headers, _ := s.logIn()
	headers["Traceparent"] = []string{"00-" + clientTrace + "-00f067aa0ba902b7-01"}
	s.do("GET", "/v1/reservations/7", "", headers).want(t, 200, "")
	span := s.record.Span(t, "GET /v1/reservations/{id}")
	trace := span.SpanContext().TraceID().String()
	if trace == clientTrace || len(span.Links()) != 1 || span.Links()[0].SpanContext.TraceID().String() != clientTrace {
		t.Errorf("trace %s, links %v", trace, span.Links())
	}
	if telemetrytest.Attr(span, names.HTTPRoute) != "/v1/reservations/{id}" {
		t.Errorf("http.route = %v", telemetrytest.Attr(span, names.HTTPRoute))
	}
	client := s.record.Span(t, "GET reservation")
	if client.SpanContext().TraceID().String() != trace || telemetrytest.Attr(client, names.PeerService) != "reservation" {
		t.Errorf("the client's span: %v", client.Attributes())
	}
	if server := s.record.Span(t, "GET"); server.Parent().SpanID() != client.SpanContext().SpanID() {
		t.Error("the service's span is not the client's child")
	}
}

func TestRejectsBadInput(t *testing.T) {
	s := start(t)
	_, login := s.logIn()
	s.upstream = func(w http.ResponseWriter, r *http.Request) {
		httpjson.WriteProblem(w, r, fault.New(fault.NotFound, "not_found", "No."))
	}
	s.suite.LogIn = func(r *http.Request, _ string) {
		r.Header.Set("Authorization", "Bearer "+login.body["access_token"].(string))
	}
	// The suite expects 4xx; routes whose upstream is down here would return 503.
	var routes []httpjson.Route
	for _, r := range s.suite.Routes {
		if r.Path != "/v1/restaurants" && r.Path != "/v1/restaurants/{id}" {
			routes = append(routes, r)
		}
	}
	s.suite.Routes = routes
	// Bodies and queries of proxied routes are the upstream's to check.
	s.suite.NoInput = []string{"POST /v1/sessions/refresh", "GET /.well-known/jwks.json", "POST /v1/users", "GET /v1/availability"}
	s.suite.Run(t)
}
