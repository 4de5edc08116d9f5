// Package endpoint adds request and response types and an access rule to go-kit
// endpoints, and holds the middleware that every service uses.
package endpoint

import (
	"context"
	"fmt"

	kit "github.com/go-kit/kit/endpoint"
)

// Method describes an endpoint to its middleware.
type Method struct {
	Name   string // "reservation.Create"
	Access Access
}

// Middleware decorates the endpoint of one method.
type Middleware func(Method) kit.Middleware

// Typed is a go-kit endpoint with its request and response types.
type Typed[Req, Resp any] struct {
	Method
	Kit kit.Endpoint
}

// Make wraps a service method. A transport does not serve an endpoint whose
// access is the zero Access (see Check).
//
//	Create: endpoint.Make("reservation.Create", endpoint.Diner, s.Create, mw)
func Make[Req, Resp any](name string, access Access, call func(context.Context, Req) (Resp, error), mw Middleware) Typed[Req, Resp] {
	m := Method{Name: name, Access: access}
	e := func(ctx context.Context, req any) (any, error) { return call(ctx, req.(Req)) }
	return Typed[Req, Resp]{Method: m, Kit: mw(m)(e)}
}

// Nothing is the request or response of a method without one.
type Nothing struct{}

// Check returns an error for an endpoint without an access rule.
func (m Method) Check() error {
	if !m.Access.declared() {
		return fmt.Errorf("endpoint %q declares no access rule: give endpoint.Make one of Public, Diner, Owner, Internal", m.Name)
	}
	return nil
}
