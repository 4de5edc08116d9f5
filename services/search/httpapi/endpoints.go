// Package httpapi serves the catalogue and the search over HTTP with go-kit
// endpoints (docs/openapi.yaml).
package httpapi

import (
	"jari.example/services/internal/endpoint"
	"jari.example/services/search"
	"jari.example/services/search/app"
)

// Endpoints are the service's methods, for a transport.
type Endpoints struct {
	Find endpoint.Typed[app.FindRequest, app.FindResponse]
	Get  endpoint.Typed[app.GetRequest, search.Restaurant]
	Put  endpoint.Typed[app.PutRequest, app.PutResponse]
}

// NewEndpoints wraps each method of s in mw.
func NewEndpoints(s *app.Service, mw endpoint.Middleware) Endpoints {
	return Endpoints{
		Find: endpoint.Make("search.Find", endpoint.Public, s.Find, mw),
		Get:  endpoint.Make("search.Get", endpoint.Public, s.Get, mw),
		Put:  endpoint.Make("search.Put", endpoint.Owner, s.Put, mw),
	}
}
