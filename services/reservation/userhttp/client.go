// Package userhttp reads diners' names from the user service over HTTP.
package userhttp

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/internal/httpjson"
	"jari.example/services/reservation"
)

// Client is the user service at a base URL.
type Client struct {
	url  string
	http *http.Client
}

// New returns a client that calls base through c.
func New(base string, c *http.Client) Client {
	return Client{url: strings.TrimRight(base, "/") + "/internal/users/lookup", http: c}
}

// maxIDs is how many ids the service takes per request.
const maxIDs = 200

// Names returns the accounts by id; one that no longer exists is absent. Codes:
// unavailable, timeout.
func (c Client) Names(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]reservation.Guest, error) {
	type (
		request struct {
			IDs []uuid.UUID `json:"ids"`
		}
		response struct {
			Items []struct {
				ID    uuid.UUID     `json:"id"`
				Name  secret.String `json:"name"`
				Phone secret.String `json:"phone"`
			} `json:"items"`
		}
	)
	names := make(map[uuid.UUID]reservation.Guest, len(ids))
	for len(ids) > 0 {
		some := ids[:min(len(ids), maxIDs)]
		ids = ids[len(some):]
		a, err := httpjson.Call[response](ctx, c.http, http.MethodPost, c.url, request{some})
		if err != nil {
			return nil, err
		}
		for _, u := range a.Items {
			names[u.ID] = reservation.Guest{Name: u.Name, Phone: u.Phone}
		}
	}
	return names, nil
}
