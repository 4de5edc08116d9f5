package notification

import "jari.example/services/internal/endpoint"

// Endpoints are the service's methods, for a transport.
type Endpoints struct {
	Accept        endpoint.Typed[Event, Accepted]
	Undeliverable endpoint.Typed[UndeliverableRequest, UndeliverableResponse]
}

// NewEndpoints wraps each method of s in mw.
func NewEndpoints(s *Service, mw endpoint.Middleware) Endpoints {
	return Endpoints{
		Accept:        endpoint.Make("notification.Accept", endpoint.Internal, s.Accept, mw),
		Undeliverable: endpoint.Make("notification.Undeliverable", endpoint.Internal, s.Undeliverable, mw),
	}
}
