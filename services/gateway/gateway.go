// Package gateway is the API gateway: it logs users in, authenticates requests,
// and proxies every other request to the service that owns the path. The SLOs
// are computed from its access log.
package gateway

import (
	"context"
	"time"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
)

// Account is what the gateway needs to know about a user.
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

// Sessions stores login sessions. A session is a family of refresh tokens, one of
// which is live. The store has only hashes of tokens. Every method is atomic
// across gateways, and returns unavailable when the store is down.
type Sessions interface {
	// Start stores a new session with token as its live token.
	Start(ctx context.Context, s Session, token Hash, now time.Time) error
	// Rotate makes successor the live token, if presented is live.
	//
	// A token that was rotated less than GracePeriod ago gets the same result and
	// changes nothing, because browsers send requests in parallel. An older one
	// must have been copied: it ends the session (RFC 9700), and the error is
	// unauthenticated with reason refresh_reused. Any other token is
	// unauthenticated with reason session_ended. If want is not "", it must be
	// the session's id; otherwise the error is session_ended and nothing changes.
	Rotate(ctx context.Context, presented, successor Hash, want string, now time.Time) (Session, error)
	// End deletes a session. An unknown session is not an error.
	End(ctx context.Context, id string) error
}

// Session is one login.
type Session struct {
	ID     string
	UserID string
}

const (
	// GracePeriod is how long a rotated token still returns its successor.
	GracePeriod = 10 * time.Second
	// SessionLifetime is how long a session lives without a rotation.
	SessionLifetime = 30 * 24 * time.Hour
)

// SessionEnded is the error of Rotate for a token that is not live.
func SessionEnded() error {
	return fault.New(fault.Unauthenticated, "session_ended", "The session has ended. Please log in.")
}

// RefreshReused is the error of Rotate for a token that was rotated before the
// grace period.
func RefreshReused() error {
	return fault.New(fault.Unauthenticated, "refresh_reused", "The session was ended for security reasons. Please log in.")
}

// Credentials are the input of a login.
type Credentials struct {
	Email    secret.String `json:"email"`
	Password secret.String `json:"password"`
}

// identity is what the gateway forwards to services about an account.
func identity(a Account, session string) endpoint.Identity {
	return endpoint.Identity{UserID: a.ID, Role: a.Role, Own: a.Own, SessionID: session}
}
