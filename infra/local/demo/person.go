package demo

import (
	"context"
	"net/http"

	"jari.example/telemetry/names"
)

// person is somebody at the front door: a diner or an owner.
type person struct {
	email, password, token string
}

// anyone is a visitor who has not logged in.
var anyone = &person{}

// ask sends one request of p through the edge, as a Korean viewer unless a
// header says otherwise.
func (p *person) ask(ctx context.Context, e *evening, method, path string, in any, header ...string) (answer, error) {
	h := http.Header{"Cloudfront-Viewer-Country": {"KR"}}
	if p.token != "" {
		h.Set("Authorization", "Bearer "+p.token)
	}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	a, err := send(ctx, method, e.Edge+path, h, in)
	if renewed := a.header.Get(names.HeaderAccessToken); renewed != "" {
		p.token = renewed
	}
	return a, err
}

// newDiner signs somebody up and logs them in.
func (e *evening) newDiner(ctx context.Context, name, locale string) (*person, error) {
	p := &person{email: name + "-" + e.tag + "@example.com", password: "a long enough password"}
	_, err := call[any](ctx, e, anyone, "POST", "/v1/users",
		map[string]any{"email": p.email, "password": p.password, "name": name, "locale": locale}, http.StatusCreated)
	if err != nil {
		return nil, err
	}
	return p, e.logIn(ctx, p)
}

func (e *evening) logIn(ctx context.Context, p *person) error {
	s, err := call[struct {
		Token string `json:"access_token"`
	}](ctx, e, anyone, "POST", "/v1/sessions", map[string]any{"email": p.email, "password": p.password}, http.StatusCreated)
	p.token = s.Token
	return err
}

// book asks once for a table under the key.
func (p *person) book(ctx context.Context, e *evening, slot string, party int, key string) (answer, error) {
	return p.ask(ctx, e, "POST", "/v1/reservations", map[string]any{"slot_id": slot, "party": party}, names.HeaderIdempotency, key)
}
