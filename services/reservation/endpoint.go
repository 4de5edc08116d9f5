package reservation

import (
	"jari.example/services/internal/endpoint"
)

// Endpoints are the service's methods with who may call them.
type Endpoints struct {
	PutSchedule  endpoint.Typed[ScheduleRequest, ScheduleResponse]
	Availability endpoint.Typed[Window, AvailabilityResponse]
	Book         endpoint.Typed[BookRequest, Outcome]
	List         endpoint.Typed[ListRequest, ListResponse]
	Get          endpoint.Typed[GetRequest, Reservation]
	Cancel       endpoint.Typed[CancelRequest, Outcome]
}

// NewEndpoints wraps s in mw.
func NewEndpoints(s *Service, mw endpoint.Middleware) Endpoints {
	return Endpoints{
		PutSchedule:  endpoint.Make("reservation.PutSchedule", endpoint.Owner, s.PutSchedule, mw),
		Availability: endpoint.Make("reservation.Availability", endpoint.Public, s.Availability, mw),
		Book:         endpoint.Make("reservation.Book", endpoint.Diner, s.Book, mw),
		List:         endpoint.Make("reservation.List", endpoint.Diner, s.List, mw),
		Get:          endpoint.Make("reservation.Get", endpoint.Diner, s.Get, mw),
		Cancel:       endpoint.Make("reservation.Cancel", endpoint.Diner, s.Cancel, mw),
	}
}
