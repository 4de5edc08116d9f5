// Package userhttp calls the user service over HTTP.
package userhttp

import (
	"context"
	"net/http"
	"net/url"

	"jari.example/internal/secret"
	"jari.example/services/gateway"
	"jari.example/services/internal/httpjson"
)

// Users is a [gateway.Users].
type Users struct {
	base string
	http *http.Client
}

var _ gateway.Users = Users{}

// New returns Users at the URL base, called through client (see telemetry.Client).
func New(base string, client *http.Client) Users { return Users{base, client} }

type account struct {
	ID     string   `json:"id"`
	Role   string   `json:"role"`
	Own    []string `json:"own"`
	Name   string   `json:"name"`
	Locale string   `json:"locale"`
}

func (a account) gateway() gateway.Account {
	return gateway.Account{ID: a.ID, Role: a.Role, Own: a.Own, Name: secret.New(a.Name), Locale: a.Locale}
}

// Verify implements [gateway.Users].
func (u Users) Verify(ctx context.Context, c gateway.Credentials) (gateway.Account, error) {
	body := map[string]string{"email": c.Email.Reveal(), "password": c.Password.Reveal()}
	a, err := httpjson.Call[account](ctx, u.http, http.MethodPost, u.base+"/internal/credentials/verify", body)
	return a.gateway(), err
}

// Account implements [gateway.Users].
func (u Users) Account(ctx context.Context, id string) (gateway.Account, error) {
	a, err := httpjson.Call[account](ctx, u.http, http.MethodGet, u.base+"/internal/users/"+url.PathEscape(id), nil)
	return a.gateway(), err
}
