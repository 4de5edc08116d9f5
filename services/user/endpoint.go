package user

import (
	"jari.example/services/internal/endpoint"
)

// Endpoints are the service's methods, with their access rules.
type Endpoints struct {
	SignUp endpoint.Typed[SignUp, User]
	Me     endpoint.Typed[endpoint.Nothing, User]
	Verify endpoint.Typed[Credentials, User]
	Find   endpoint.Typed[Lookup, User]
	Name   endpoint.Typed[NamesRequest, []User]
	Grant  endpoint.Typed[Grant, User]
}

// NewEndpoints wraps the service in the shared middleware.
func NewEndpoints(s *Service, mw endpoint.Middleware) Endpoints {
	return Endpoints{
		SignUp: endpoint.Make("user.SignUp", endpoint.Public, s.SignUp, mw),
		Me:     endpoint.Make("user.Me", endpoint.Diner, s.Me, mw),
		Verify: endpoint.Make("user.Verify", endpoint.Internal, s.Verify, mw),
		Find:   endpoint.Make("user.Find", endpoint.Internal, s.Find, mw),
		Name:   endpoint.Make("user.Name", endpoint.Internal, s.Name, mw),
		Grant:  endpoint.Make("user.Grant", endpoint.Internal, s.Grant, mw),
	}
}
