package gateway

import (
	"net/http"
	"strings"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry/names"
)

// guard authenticates requests. It removes our headers that a client sent and sets
// them from the access token. An expired token is renewed in the same round trip
// if the request has the live cookie of its session; the cookie alone does not
// authenticate. Public routes are not authenticated, so that they do not need the
// session store.
func (s *Service) guard(route httpjson.Route, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name := range r.Header {
			if ours(name) {
				r.Header.Del(name)
			}
		}
		if route.Access != endpoint.Public {
			identity, err := s.authenticate(w, r)
			if err != nil {
				if fault.CodeOf(err) == fault.Unauthenticated {
					httpjson.RejectToken(w.Header())
				}
				httpjson.WriteProblem(w, r, err)
				return
			}
			setIdentity(r.Header, identity)
		}
		next.ServeHTTP(w, r)
	})
}

// ours reports whether only the gateway may set a header. net/http keeps underscores,
// which some servers treat as hyphens.
func ours(name string) bool {
	return strings.HasPrefix(name, "Jari-") || strings.HasPrefix(name, "Jari_")
}

// authenticate returns the zero identity for a request without a token; the
// route's access rule decides whether that is allowed. Codes: unauthenticated for
// a token that is invalid or can no longer be renewed; unavailable when a renewal
// is not possible now, so that the client does not take it for a logout.
func (s *Service) authenticate(w http.ResponseWriter, r *http.Request) (endpoint.Identity, error) {
	token, ok := bearer(r)
	if !ok {
		return endpoint.Identity{}, nil
	}
	claims, err := s.tokens.verify(token)
	switch err {
	case nil:
		return claims.identity(), nil
	case errTokenExpired:
	default:
		return endpoint.Identity{}, fault.New(fault.Unauthenticated, "token_invalid", "The access token is not valid. Please log in.")
	}
	cookie := refreshCookieValue(r)
	if cookie.IsZero() {
		return endpoint.Identity{}, fault.New(fault.Unauthenticated, "token_expired", "The access token has expired.")
	}
	renewed, err := s.renew(r.Context(), claims, cookie)
	if err != nil {
		return endpoint.Identity{}, err
	}
	w.Header().Set(names.HeaderAccessToken, renewed.Access.Reveal())
	setCookie(w.Header(), renewed.Refresh)
	return identity(renewed.Account, claims.SID), nil
}

func bearer(r *http.Request) (secret.String, bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return secret.String{}, false
	}
	return secret.New(token), true
}

func setIdentity(h http.Header, identity endpoint.Identity) {
	if identity.UserID == "" {
		return
	}
	h.Set(names.HeaderUserID, identity.UserID)
	h.Set(names.HeaderUserRole, identity.Role)
	h.Set(names.HeaderSessionID, identity.SessionID)
	if len(identity.Own) > 0 {
		h.Set(names.HeaderUserOwn, strings.Join(identity.Own, ","))
	}
}
