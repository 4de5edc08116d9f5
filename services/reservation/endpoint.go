package reservation

import (
	"context"
	"time"

	kit "github.com/go-kit/kit/endpoint"

	"jari.example/services/internal/endpoint"
)

// patience is how long a request may take. In a rush those that would wait
// longer get a 504, and their key finds out later what became of them.
const patience = 5 * time.Second

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
	mw = patient(mw)
	return Endpoints{
		PutSchedule:  endpoint.Make("reservation.PutSchedule", endpoint.Owner, s.PutSchedule, mw),
		Availability: endpoint.Make("reservation.Availability", endpoint.Public, s.Availability, mw),
		Book:         endpoint.Make("reservation.Book", endpoint.Diner, s.Book, mw),
		List:         endpoint.Make("reservation.List", endpoint.Diner, s.List, mw),
		Get:          endpoint.Make("reservation.Get", endpoint.Diner, s.Get, mw),
		Cancel:       endpoint.Make("reservation.Cancel", endpoint.Diner, s.Cancel, mw),
	}
}

// patient bounds every call inside mw.
func patient(mw endpoint.Middleware) endpoint.Middleware {
	return func(m endpoint.Method) kit.Middleware {
		return kit.Chain(mw(m), func(next kit.Endpoint) kit.Endpoint {
			return func(ctx context.Context, request any) (any, error) {
				ctx, cancel := context.WithTimeout(ctx, patience)
				defer cancel()
				return next(ctx, request)
			}
		})
	}
}
