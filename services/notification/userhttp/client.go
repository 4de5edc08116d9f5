// Package userhttp calls the user service over HTTP.
package userhttp

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/internal/httpjson"
	"jari.example/services/notification"
)

// Client is the user service at a base URL.
type Client struct {
	base string
	http *http.Client
}

var _ notification.Users = Client{}

// New returns a client that calls base through c.
func New(base string, c *http.Client) Client { return Client{base, c} }

// User implements notification.Users.
func (c Client) User(ctx context.Context, id uuid.UUID) (notification.User, error) {
	type response struct {
		Email  secret.String `json:"email"`
		Name   secret.String `json:"name"`
		Locale string        `json:"locale"`
	}
	a, err := httpjson.Call[response](ctx, c.http, http.MethodGet, c.base+"/internal/users/"+id.String(), nil)
	return notification.User{Email: a.Email, Name: a.Name, Locale: a.Locale}, err
}
