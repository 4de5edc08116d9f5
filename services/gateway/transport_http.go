package gateway

import (
	"net/http"
	"time"

	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/names"
)

// AddRoutes adds the gateway's own routes and the proxied ones.
func AddRoutes(rs *httpjson.Routes, s *Service, e Endpoints, up Upstreams) {
	rs.Untrusted = true
	rs.Guard = s.guard
	httpjson.HandleWith(rs, "POST /v1/sessions", e.LogIn, httpjson.Body[Credentials], encodeLoggedIn)
	httpjson.HandleWith(rs, "POST /v1/sessions/refresh", e.Refresh, decodeRefresh, encodeLoggedIn, httpjson.NoBody())
	httpjson.HandleWith(rs, "DELETE /v1/sessions/current", e.LogOut, httpjson.None, encodeLoggedOut)
	httpjson.Handle(rs, "GET /.well-known/jwks.json", e.KeySet, httpjson.None, http.StatusOK)
	for _, r := range proxyRoutes {
		// The upstream validates bodies and queries, and its own test tries bad ones.
		httpjson.HandleRaw(rs, r.pattern, r.access, newProxy(r.upstream, r.upstream.of(up), r.access))
	}
}

func decodeRefresh(r *http.Request) (Refresh, error) {
	return Refresh{Token: refreshCookieValue(r)}, nil
}

type wireSession struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	ExpiresAt   time.Time `json:"expires_at"`
	User        wireUser  `json:"user"`
}

type wireUser struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	Locale string   `json:"locale"`
	Role   string   `json:"role"`
	Own    []string `json:"own"`
}

func encodeLoggedIn(h http.Header, l LoggedIn) (int, any) {
	setCookie(h, l.Refresh)
	a := l.Account
	return http.StatusCreated, wireSession{
		AccessToken: l.Access.Reveal(), TokenType: "Bearer", ExpiresAt: l.Expires.UTC(),
		User: wireUser{ID: a.ID, Name: a.Name.Reveal(), Locale: a.Locale, Role: a.Role, Own: append([]string{}, a.Own...)},
	}
}

// encodeLoggedOut also removes what a renewal of this request has set.
func encodeLoggedOut(h http.Header, _ endpoint.Nothing) (int, any) {
	h.Del(names.HeaderAccessToken)
	setCookie(h, secret.String{})
	return http.StatusNoContent, nil
}
