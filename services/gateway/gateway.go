// Package gateway is the front door: it logs people in, proves who asks, and
// hands everything else to the service that owns it. Its access lines are what
// the objectives count.
package gateway

import (
	"context"
	"time"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
)

// Account is what the gateway knows of somebody who is logged in.
type Account struct {
	ID     string
	Role   string
	Own    []string
	Name   secret.String
	Locale string
}

// Users is the user service, as the gateway needs it.
type Users interface {
	// Verify finds the account of the credentials; unauthenticated
	// (bad_credentials), unavailable.
	Verify(ctx context.Context, c Credentials) (Account, error)
	// Account finds an account by id; not_found, unavailable.
	Account(ctx context.Context, id string) (Account, error)
}

// Sessions remembers login sessions. A session is a family of refresh tokens
// of which one is live; it holds hashes only. Every method is atomic across
// gateways, and unavailable when the store is away.
type Sessions interface {
	// Start begins a session whose live token is token.
	Start(ctx context.Context, s Session, token Hash, now time.Time) error
	// Rotate makes the successor the live token, if the presented one is live.
	// The token that was live until less than Grace ago is answered the same
	// way and changes nothing: browsers send requests in parallel. An older one
	// has been stolen from somebody: it ends the session. Unauthenticated with
	// reason session_ended, or refresh_reused in that last case. A want that is
	// not "" must be the session's id, else session_ended and nothing changes.
	Rotate(ctx context.Context, presented, successor Hash, want string, now time.Time) (Session, error)
	// End forgets a session; one that is unknown is no error.
	End(ctx context.Context, id string) error
}

// Session is one login.
type Session struct {
	ID     string
	UserID string
}

const (
	// Grace is how long a rotated token still gets its successor.
	Grace = 10 * time.Second
	// SessionLife is how long a session lives without being used.
	SessionLife = 30 * 24 * time.Hour
)

// SessionEnded is the stores' answer for a token that is not live.
func SessionEnded() error {
	return fault.New(fault.Unauthenticated, "session_ended", "The session has ended. Please log in.")
}

// RefreshReused is the stores' answer for a token that was rotated long ago.
func RefreshReused() error {
	return fault.New(fault.Unauthenticated, "refresh_reused", "The session has been ended for safety. Please log in.")
}

// Credentials are what somebody says to log in.
type Credentials struct {
	Email    secret.String `json:"email"`
	Password secret.String `json:"password"`
}

// identity is what services are told about an account.
func identity(a Account, session string) endpoint.Identity {
	return endpoint.Identity{UserID: a.ID, Role: a.Role, Own: a.Own, SessionID: session}
}
