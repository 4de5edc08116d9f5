package gateway

import (
	"jari.example/services/internal/endpoint"
)

// Endpoints are the gateway's own methods, with their access rules.
type Endpoints struct {
	LogIn   endpoint.Typed[Credentials, LoggedIn]
	Refresh endpoint.Typed[Refresh, LoggedIn]
	LogOut  endpoint.Typed[endpoint.Nothing, endpoint.Nothing]
	KeySet  endpoint.Typed[endpoint.Nothing, KeySet]
}

// NewEndpoints wraps the service in the shared middleware.
func NewEndpoints(s *Service, mw endpoint.Middleware) Endpoints {
	return Endpoints{
		LogIn:   endpoint.Make("gateway.LogIn", endpoint.Public, s.LogIn, mw),
		Refresh: endpoint.Make("gateway.Refresh", endpoint.Public, s.Refresh, mw), // authenticated by the cookie
		LogOut:  endpoint.Make("gateway.LogOut", endpoint.Diner, s.LogOut, mw),
		KeySet:  endpoint.Make("gateway.KeySet", endpoint.Public, s.KeySet, mw),
	}
}
