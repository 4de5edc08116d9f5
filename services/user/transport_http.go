package user

import (
	"net/http"

	"github.com/google/uuid"

	"jari.example/services/internal/httpjson"
)

// AddRoutes adds the service's routes.
func AddRoutes(rs *httpjson.Routes, e Endpoints) {
	httpjson.HandleWith(rs, "POST /v1/users", e.SignUp, httpjson.Body[SignUp], encodePublic(http.StatusCreated))
	httpjson.HandleWith(rs, "GET /v1/users/me", e.Me, httpjson.None, encodePublic(http.StatusOK))
	httpjson.HandleWith(rs, "POST /internal/credentials/verify", e.Verify, httpjson.Body[Credentials], encodeVerified)
	httpjson.HandleWith(rs, "GET /internal/users/{id}", e.Find, decodeLookup, encodeInternal)
	httpjson.HandleWith(rs, "POST /internal/users/lookup", e.Name, httpjson.Body[NamesRequest], encodeNames)
	httpjson.HandleWith(rs, "PUT /internal/users/{id}/grant", e.Grant, decodeGrant, encodeInternal)
}

// The JSON forms of an account. Only here are its secrets revealed, each to the
// callers that need it.
type (
	publicUser struct {
		ID     uuid.UUID `json:"id"`
		Email  string    `json:"email"`
		Name   string    `json:"name"`
		Locale string    `json:"locale"`
		Role   string    `json:"role"`
		Phone  string    `json:"phone,omitempty"`
	}
	internalUser struct {
		publicUser
		Own []string `json:"own"`
	}
	verifiedUser struct {
		ID     uuid.UUID `json:"id"`
		Role   string    `json:"role"`
		Own    []string  `json:"own"`
		Name   string    `json:"name"`
		Locale string    `json:"locale"`
	}
	namedUser struct {
		ID    uuid.UUID `json:"id"`
		Name  string    `json:"name"`
		Phone string    `json:"phone,omitempty"`
	}
	namedUsers struct {
		Items []namedUser `json:"items"`
	}
)

func toPublic(u User) publicUser {
	return publicUser{ID: u.ID, Email: u.Email.Reveal(), Name: u.Name.Reveal(), Locale: u.Locale, Role: u.Role, Phone: u.Phone.Reveal()}
}

func encodePublic(status int) httpjson.Encoder[User] {
	return func(_ http.Header, u User) (int, any) { return status, toPublic(u) }
}

func encodeInternal(_ http.Header, u User) (int, any) {
	return http.StatusOK, internalUser{toPublic(u), u.Own}
}

func encodeVerified(_ http.Header, u User) (int, any) {
	return http.StatusOK, verifiedUser{ID: u.ID, Role: u.Role, Own: u.Own, Name: u.Name.Reveal(), Locale: u.Locale}
}

func encodeNames(_ http.Header, users []User) (int, any) {
	out := namedUsers{Items: make([]namedUser, len(users))}
	for i, u := range users {
		out.Items[i] = namedUser{u.ID, u.Name.Reveal(), u.Phone.Reveal()}
	}
	return http.StatusOK, out
}

func decodeLookup(r *http.Request) (Lookup, error) {
	id, err := pathID(r)
	return Lookup{ID: id}, err
}

func decodeGrant(r *http.Request) (Grant, error) {
	id, err := pathID(r)
	if err != nil {
		return Grant{}, err
	}
	g, err := httpjson.Body[Grant](r)
	g.ID = id
	return g, err
}

func pathID(r *http.Request) (uuid.UUID, error) {
	id, ok := httpjson.PathID(r)
	if !ok {
		return id, NotFound()
	}
	return id, nil
}
