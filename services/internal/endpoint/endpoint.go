// Package endpoint gives go-kit endpoints their types back, an access rule, and
// the middleware every service shares.
package endpoint

import (
	"context"
	"fmt"

	kit "github.com/go-kit/kit/endpoint"
)

// Method is what middleware may know about the endpoint it wraps.
type Method struct {
	Name   string // "reservation.Create"
	Access Access
}

// Middleware decorates the endpoint of one method.
type Middleware func(Method) kit.Middleware

// Typed is a go-kit endpoint that remembers its request and response types.
type Typed[Req, Resp any] struct {
	Method
	Kit kit.Endpoint
}

// Make wraps a service method. The zero Access is no rule; a transport refuses
// to serve an endpoint made with it (see Check).
//
//	Create: endpoint.Make("reservation.Create", endpoint.Diner, s.Create, mw)
func Make[Req, Resp any](name string, access Access, call func(context.Context, Req) (Resp, error), mw Middleware) Typed[Req, Resp] {
	m := Method{Name: name, Access: access}
	e := func(ctx context.Context, req any) (any, error) { return call(ctx, req.(Req)) }
	return Typed[Req, Resp]{Method: m, Kit: mw(m)(e)}
}

// Nothing is the request or response of a method that has none.
type Nothing struct{}

// Check reports an endpoint that nobody may serve: one without an access rule.
func (m Method) Check() error {
	if !m.Access.declared() {
		return fmt.Errorf("endpoint %q declares no access rule: give endpoint.Make one of Public, Diner, Owner, Internal", m.Name)
	}
	return nil
}
