package endpoint

import (
	"context"
	"slices"

	"jari.example/internal/fault"
)

// Access is the rule for who may call an endpoint. The zero value is no rule.
type Access int

// The rules.
const (
	undeclared Access = iota
	Public            // anybody
	Diner             // any account that is logged in
	Owner             // role owner or operator; the service checks MayTouch for the restaurant
	Internal          // other services only: paths under /internal/, which the gateway never routes
)

func (a Access) declared() bool { return a > undeclared && a <= Internal }

func (a Access) String() string {
	if !a.declared() {
		return "undeclared"
	}
	return [...]string{"", "public", "diner", "owner", "internal"}[a]
}

// Allow returns nil when the rule allows the caller. Codes: unauthenticated, forbidden,
// and internal when the endpoint has no rule.
func (a Access) Allow(identity Identity) error {
	switch {
	case a == Public, a == Internal:
		return nil
	case !a.declared():
		return fault.New(fault.Internal, "access_undeclared", "This endpoint has no access rule.")
	case identity.UserID == "":
		return fault.New(fault.Unauthenticated, "unauthenticated", "Please log in.")
	case a == Owner && identity.Role != RoleOwner && identity.Role != RoleOperator:
		return fault.New(fault.Forbidden, "forbidden", "Only a restaurant's owner may do this.")
	}
	return nil
}

// The roles of an account.
const (
	RoleDiner    = "diner"
	RoleOwner    = "owner"
	RoleOperator = "operator"
)

// Identity is the caller as the gateway has authenticated it. The zero value is
// a caller who is not logged in.
type Identity struct {
	UserID    string
	Role      string
	Own       []string // ids of the restaurants that an owner may change
	SessionID string
}

// MayTouch reports whether the identity may change this restaurant.
func (i Identity) MayTouch(restaurant string) bool {
	return i.Role == RoleOperator || i.Role == RoleOwner && slices.Contains(i.Own, restaurant)
}

type identityKey struct{}

// WithIdentity returns a context with the caller's identity.
func WithIdentity(ctx context.Context, identity Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, identity)
}

// IdentityFrom returns the caller's identity, the zero one when ctx has none.
func IdentityFrom(ctx context.Context) Identity {
	identity, _ := ctx.Value(identityKey{}).(Identity)
	return identity
}
