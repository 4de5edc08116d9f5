package search

import "jari.example/services/internal/endpoint"

// Endpoints are the service's methods, for a transport.
type Endpoints struct {
	Find endpoint.Typed[FindRequest, FindResponse]
	Get  endpoint.Typed[GetRequest, Restaurant]
	Put  endpoint.Typed[PutRequest, PutResponse]
}

// NewEndpoints wraps each method of s in mw.
func NewEndpoints(s *Service, mw endpoint.Middleware) Endpoints {
	return Endpoints{
		Find: endpoint.Make("search.Find", endpoint.Public, s.Find, mw),
		Get:  endpoint.Make("search.Get", endpoint.Public, s.Get, mw),
		Put:  endpoint.Make("search.Put", endpoint.Owner, s.Put, mw),
	}
}
