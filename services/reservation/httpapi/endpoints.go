// Package httpapi serves the use cases over HTTP with go-kit endpoints: access
// rules, routes, decoding and encoding (docs/openapi.yaml). Routes for owners are
// in owner_routes.go.
package httpapi

import (
	"context"
	"time"

	kit "github.com/go-kit/kit/endpoint"

	"jari.example/services/internal/endpoint"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
)

// requestTimeout bounds a request. A longer wait ends with 504, and a retry with the
// same Idempotency-Key finds the result.
const requestTimeout = 5 * time.Second

// Endpoints are the service's methods with their access rules.
type Endpoints struct {
	Availability endpoint.Typed[app.Window, app.Availability]
	Date         endpoint.Typed[app.DateQuery, app.Availability]

	Book   endpoint.Typed[app.BookRequest, reservation.Outcome]
	List   endpoint.Typed[app.ListRequest, app.ListResponse]
	Get    endpoint.Typed[app.GetRequest, reservation.Reservation]
	Move   endpoint.Typed[app.MoveRequest, reservation.Outcome]
	Cancel endpoint.Typed[app.ReservationRequest, reservation.Outcome]

	Join    endpoint.Typed[app.BookRequest, reservation.Outcome]
	Accept  endpoint.Typed[app.ReservationRequest, reservation.Outcome]
	Decline endpoint.Typed[app.ReservationRequest, reservation.Outcome]
	Leave   endpoint.Typed[app.ReservationRequest, reservation.Outcome]

	PutSchedule endpoint.Typed[app.ScheduleRequest, app.ScheduleResponse]
	GetSchedule endpoint.Typed[string, app.StatedSchedule]
	Close       endpoint.Typed[app.ClosureRequest, app.ClosureResponse]
	Day         endpoint.Typed[app.DayRequest, app.DayResponse]
	Enter       endpoint.Typed[app.OwnerEntryRequest, reservation.Outcome]
	Seat        endpoint.Typed[app.ReservationRequest, reservation.Outcome]
	NoShow      endpoint.Typed[app.ReservationRequest, reservation.Outcome]
	UndoNoShow  endpoint.Typed[app.ReservationRequest, reservation.Outcome]
}

// NewEndpoints wraps s in mw.
func NewEndpoints(s *app.Service, mw endpoint.Middleware) Endpoints {
	mw = withTimeout(mw)
	return Endpoints{
		Availability: endpoint.Make("reservation.Availability", endpoint.Public, s.Availability, mw),
		Date:         endpoint.Make("reservation.Date", endpoint.Public, s.Date, mw),

		Book:   endpoint.Make("reservation.Book", endpoint.Diner, s.Book, mw),
		List:   endpoint.Make("reservation.List", endpoint.Diner, s.List, mw),
		Get:    endpoint.Make("reservation.Get", endpoint.Diner, s.Get, mw),
		Move:   endpoint.Make("reservation.Move", endpoint.Diner, s.Move, mw),
		Cancel: endpoint.Make("reservation.Cancel", endpoint.Diner, s.Cancel, mw),

		Join:    endpoint.Make("reservation.Join", endpoint.Diner, s.Join, mw),
		Accept:  endpoint.Make("reservation.Accept", endpoint.Diner, s.Accept, mw),
		Decline: endpoint.Make("reservation.Decline", endpoint.Diner, s.Decline, mw),
		Leave:   endpoint.Make("reservation.Leave", endpoint.Diner, s.Leave, mw),

		PutSchedule: endpoint.Make("reservation.PutSchedule", endpoint.Owner, s.PutSchedule, mw),
		GetSchedule: endpoint.Make("reservation.GetSchedule", endpoint.Owner, s.GetSchedule, mw),
		Close:       endpoint.Make("reservation.Close", endpoint.Owner, s.Close, mw),
		Day:         endpoint.Make("reservation.Day", endpoint.Owner, s.Day, mw),
		Enter:       endpoint.Make("reservation.Enter", endpoint.Owner, s.Enter, mw),
		Seat:        endpoint.Make("reservation.Seat", endpoint.Owner, s.Seat, mw),
		NoShow:      endpoint.Make("reservation.NoShow", endpoint.Owner, s.NoShow, mw),
		UndoNoShow:  endpoint.Make("reservation.UndoNoShow", endpoint.Owner, s.UndoNoShow, mw),
	}
}

// withTimeout bounds every call inside mw.
func withTimeout(mw endpoint.Middleware) endpoint.Middleware {
	return func(m endpoint.Method) kit.Middleware {
		return kit.Chain(mw(m), func(next kit.Endpoint) kit.Endpoint {
			return func(ctx context.Context, request any) (any, error) {
				ctx, cancel := context.WithTimeout(ctx, requestTimeout)
				defer cancel()
				return next(ctx, request)
			}
		})
	}
}
