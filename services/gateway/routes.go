package gateway

import (
	"jari.example/services/internal/endpoint"
	"jari.example/telemetry/names"
)

// Upstreams are the base URLs of the services behind the gateway.
type Upstreams struct {
	User, Reservation, Search string
}

// upstream is one of them, by service.name.
type upstream string

func (u upstream) of(all Upstreams) string {
	return map[upstream]string{userService: all.User, reservationService: all.Reservation, searchService: all.Search}[u]
}

const (
	userService        upstream = names.ServiceUser
	reservationService upstream = names.ServiceReservation
	searchService      upstream = names.ServiceSearch
)

// proxyRoutes lists the proxied routes with their access rule and upstream. A path
// that is not listed does not exist; nothing under /internal/ is listed. Whether
// an owner may change a restaurant is checked by the service.
var proxyRoutes = []struct {
	pattern  string
	access   endpoint.Access
	upstream upstream
}{
	{"POST /v1/users", endpoint.Public, userService},
	{"GET /v1/users/me", endpoint.Diner, userService},

	{"GET /v1/restaurants", endpoint.Public, searchService},
	{"GET /v1/restaurants/{id}", endpoint.Public, searchService},
	{"PUT /v1/restaurants/{id}", endpoint.Diner, searchService},

	{"GET /v1/restaurants/{id}/availability", endpoint.Public, reservationService},
	{"GET /v1/availability", endpoint.Public, reservationService},
	{"POST /v1/reservations", endpoint.Diner, reservationService},
	{"GET /v1/reservations", endpoint.Diner, reservationService},
	{"GET /v1/reservations/{id}", endpoint.Diner, reservationService},
	{"PATCH /v1/reservations/{id}", endpoint.Diner, reservationService},
	{"POST /v1/reservations/{id}/cancel", endpoint.Diner, reservationService},
	{"POST /v1/waitlist", endpoint.Diner, reservationService},
	{"GET /v1/waitlist", endpoint.Diner, reservationService},
	{"POST /v1/waitlist/{id}/accept", endpoint.Diner, reservationService},
	{"POST /v1/waitlist/{id}/decline", endpoint.Diner, reservationService},
	{"DELETE /v1/waitlist/{id}", endpoint.Diner, reservationService},

	{"PUT /v1/restaurants/{id}/schedule", endpoint.Diner, reservationService},
	{"GET /v1/restaurants/{id}/schedule", endpoint.Diner, reservationService},
	{"POST /v1/restaurants/{id}/closures", endpoint.Diner, reservationService},
	{"DELETE /v1/restaurants/{id}/closures/{date}", endpoint.Diner, reservationService},
	{"GET /v1/restaurants/{id}/reservations", endpoint.Diner, reservationService},
	{"POST /v1/restaurants/{id}/reservations", endpoint.Diner, reservationService},
	{"POST /v1/reservations/{id}/seat", endpoint.Diner, reservationService},
	{"POST /v1/reservations/{id}/no-show", endpoint.Diner, reservationService},
	{"POST /v1/reservations/{id}/undo-no-show", endpoint.Diner, reservationService},
}
