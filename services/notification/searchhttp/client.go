// Package searchhttp calls the search service over HTTP.
package searchhttp

import (
	"context"
	"net/http"
	"net/url"

	"jari.example/services/internal/httpjson"
	"jari.example/services/notification"
)

// Client is the search service at a base URL.
type Client struct {
	base string
	http *http.Client
}

var _ notification.Restaurants = Client{}

// New returns a client that calls base through c.
func New(base string, c *http.Client) Client { return Client{base, c} }

// Restaurant implements notification.Restaurants.
func (c Client) Restaurant(ctx context.Context, id string) (notification.Restaurant, error) {
	type response struct {
		Name struct {
			Ko string `json:"ko"`
			En string `json:"en"`
		} `json:"name"`
		Address string `json:"address"`
	}
	a, err := httpjson.Call[response](ctx, c.http, http.MethodGet, c.base+"/v1/restaurants/"+url.PathEscape(id), nil)
	return notification.Restaurant{Ko: a.Name.Ko, En: a.Name.En, Address: a.Address}, err
}
