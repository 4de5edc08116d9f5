package demo

import (
	"context"
	"net/http"

	"jari.example/telemetry/names"
)

// user is a diner or an owner, with an access token after the login.
type user struct {
	email, password, token string
}

// anonymous has not logged in.
var anonymous = &user{}

// request sends one request of the user through the edge. The viewer's country is
// Korea unless a header names another.
func (u *user) request(ctx context.Context, sc *scenario, method, path string, in any, header ...string) (response, error) {
	h := http.Header{"Cloudfront-Viewer-Country": {"KR"}}
	if u.token != "" {
		h.Set("Authorization", "Bearer "+u.token)
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	a, err := send(ctx, method, sc.Edge+path, h, in)
	if renewed := a.header.Get(names.HeaderAccessToken); renewed != "" {
		u.token = renewed
	}
	return a, err
}

// newDiner signs a diner up and logs in.
func (sc *scenario) newDiner(ctx context.Context, name, locale string) (*user, error) {
	u := &user{email: name + "-" + sc.runID + "@example.com", password: "a long enough password"}
	_, err := call[any](ctx, sc, anonymous, "POST", "/v1/users",
		map[string]any{"email": u.email, "password": u.password, "name": name, "locale": locale}, http.StatusCreated)
	if err != nil {
		return nil, err
	}
	return u, sc.logIn(ctx, u)
}

func (sc *scenario) logIn(ctx context.Context, u *user) error {
	s, err := call[struct {
		Token string `json:"access_token"`
	}](ctx, sc, anonymous, "POST", "/v1/sessions", map[string]any{"email": u.email, "password": u.password}, http.StatusCreated)
	u.token = s.Token
	return err
}

// book sends one booking request with the idempotency key.
func (u *user) book(ctx context.Context, sc *scenario, slot string, party int, key string) (response, error) {
	return u.request(ctx, sc, "POST", "/v1/reservations", map[string]any{"slot_id": slot, "party": party}, names.HeaderIdempotency, key)
}
