package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"jari.example/internal/fault"
	"jari.example/services/gateway"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

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
		t.Error("a token must get the same successor")
	}
	s.do("GET", "/v1/users/me", "", authHeaders(first.body["access_token"].(string), "")).want(t, 200, "")

	second := s.do("POST", "/v1/sessions/refresh", "", cookieHeader(first.cookie())).want(t, 201, "")
	s.advance(gateway.GracePeriod)
	s.do("POST", "/v1/sessions/refresh", "", cookie).want(t, 401, "refresh_reused")
	s.do("POST", "/v1/sessions/refresh", "", cookieHeader(second.cookie())).want(t, 401, "session_ended")

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
	s.do("POST", "/v1/reservations", large, headers).want(t, 413, "body_too_large")
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
	if res.StatusCode != 413 {
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
	s.suite.NoInput = []string{"POST /v1/users", "GET /v1/availability"}
	s.suite.Run(t)
}
