package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"jari.example/internal/fault"
	"jari.example/internal/serve/servetest"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/names"
)

// A client may remove its own headers with Connection (RFC 9110 §7.6.1), not ours.
func TestAClientCannotRemoveWhatTheGatewaySets(t *testing.T) {
	s := start(t)
	headers, login := s.logIn()
	id := login.body["user"].(map[string]any)["id"]
	var got http.Header
	s.upstream = func(_ http.ResponseWriter, r *http.Request) { got = r.Header }
	for name, connection := range map[string][]string{
		"one header":           {"Connection: keep-alive, Jari-User-Id"},
		"all headers":          {"Connection: Jari-User-Id, Jari-User-Role, Jari-User-Own, Jari-Session-Id, Traceparent"},
		"several lines":        {"Connection: keep-alive", "Connection: jari-user-id", "Connection: JARI-USER-ROLE,Jari-Session-Id"},
		"forged and removed":   {"Jari-User-Id: forged", "Jari-User-Id: twice", "Connection: Jari-User-Id"},
		"forged, underscores":  {"Jari_User_Id: forged", "jari_user_id: forged"},
		"an upgrade":           {"Connection: upgrade, Jari-User-Id", "Upgrade: websocket"},
		"a trailer, announced": {"Connection: trailer, Jari-User-Id", "Trailer: Jari-User-Id"},
	} {
		t.Run(name, func(t *testing.T) {
			servetest.Exchange(t, s.url, "GET /v1/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: "+headers.Get("Authorization")+"\r\n"+
				strings.Join(connection, "\r\n")+"\r\n\r\n", false)
			if got.Get(names.HeaderUserID) != id || len(got.Values(names.HeaderUserID)) != 1 || got.Get(names.HeaderUserRole) != "owner" ||
				got.Get(names.HeaderUserOwn) != "mosu,jungsik" || len(got.Get(names.HeaderSessionID)) != 36 || got.Get("Traceparent") == "" {
				t.Errorf("the service got %v", got)
			}
			for name := range got {
				if strings.HasPrefix(strings.ToLower(name), "jari_") {
					t.Errorf("the service got %s", name)
				}
			}
		})
	}
}

func TestA401SaysHowToAuthenticate(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	const plain, rejected = `Bearer realm="jari"`, `Bearer realm="jari", error="invalid_token"`
	check := func(got response, want string) {
		t.Helper()
		got.want(t, 401, "")
		if challenge := strings.Join(got.Header.Values("WWW-Authenticate"), "; "); challenge != want {
			t.Errorf("%s: WWW-Authenticate is %q, want %q", got.body["reason"], challenge, want)
		}
	}
	check(s.do("GET", "/v1/users/me", "", nil), plain)
	check(s.do("POST", "/v1/sessions", `{"email":"kim@example.com","password":"wrong"}`, nil), plain)
	check(s.do("POST", "/v1/sessions/refresh", "", nil), plain)
	check(s.do("GET", "/v1/users/me", "", authHeaders("a.b.c", "")), rejected)
	s.upstream = func(w http.ResponseWriter, r *http.Request) {
		httpjson.WriteProblem(w, r, fault.New(fault.Unauthenticated, "unauthenticated", "Please log in."))
	}
	check(s.do("GET", "/v1/users/me", "", headers), plain)
	s.advance(1 << 40)
	check(s.do("GET", "/v1/users/me", "", http.Header{"Authorization": headers["Authorization"]}), rejected)
}

func TestNoCacheStoresAPersonalResponseOrAToken(t *testing.T) {
	s := start(t)
	headers, _ := s.logIn()
	s.upstream = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=1")
		_, _ = io.WriteString(w, "{}")
	}
	for name, c := range map[string]struct {
		got   response
		cache string
	}{
		"a personal response":    {s.do("GET", "/v1/users/me", "", headers), "no-store"},
		"a personal refusal":     {s.do("GET", "/v1/users/me", "", nil), "no-store"},
		"a session":              {s.do("POST", "/v1/sessions", credentials, nil), "no-store"},
		"a refused login":        {s.do("POST", "/v1/sessions", "{}", nil), "no-store"},
		"the end of a session":   {s.do("DELETE", "/v1/sessions/current", "", headers), "no-store"},
		"a sign-up":              {s.do("POST", "/v1/users", "{}", nil), "no-store"},
		"no such path":           {s.do("GET", "/nowhere", "", nil), "no-store"},
		"a service that is down": {s.do("GET", "/v1/restaurants", "", nil), "no-store"},
		"a public response":      {s.do("GET", "/v1/availability", "", nil), "public, max-age=1"},
		"the public keys":        {s.do("GET", "/.well-known/jwks.json", "", nil), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(c.got.Header.Values("Cache-Control"), ", "); got != c.cache {
				t.Errorf("Cache-Control is %q, want %q", got, c.cache)
			}
			if got := strings.Join(c.got.Header.Values("X-Content-Type-Options"), ", "); got != "nosniff" {
				t.Errorf("X-Content-Type-Options is %q", got)
			}
		})
	}
}
