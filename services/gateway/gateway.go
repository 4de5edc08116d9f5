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

// Sessions stores login sessions. A session is a chain of refresh tokens, each
// derived from the one before it; the last one is live. The store has only hashes
// of tokens. Every method is atomic across gateways, and returns unavailable when
// the store is down.
//
// Invariants, which [Sessions.Rotate] keeps:
//
//   - Exactly one token of a session is live: the only one that was never presented.
//   - A token becomes live once, when its predecessor is presented first.
//   - A client that has lost a reply can present its token again at any time: its
//     successor was presented by nobody, so the session is where the client left it.
type Sessions interface {
	// Start stores a new session with token as its live token.
	Start(ctx context.Context, s Session, token Hash, now time.Time) error
	// Find returns the session of a token that belongs or belonged to it, and changes
	// nothing; unauthenticated with reason session_ended.
	Find(ctx context.Context, token Hash, now time.Time) (Session, error)
	// Rotate continues the session of presented, whose successor is successor. The
	// first rule that applies decides:
	//
	//  1. The token is unknown, its session has ended, or want is not "" and not the
	//     session's id: unauthenticated with reason session_ended; nothing changes.
	//  2. The token is live: the successor becomes live.
	//  3. The successor is still live: the same result again, however much later;
	//     nothing changes. The first reply was lost, or never sent.
	//  4. The successor was first presented less than GracePeriod ago: the same result
	//     again; nothing changes. Browsers send requests in parallel.
	//  5. Otherwise two clients have the token, so it was copied: the session ends (RFC
	//     9700, section 4.14.2); unauthenticated with reason refresh_reused.
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
	// GracePeriod is how long a token still returns its successor after the successor
	// itself was first presented.
	GracePeriod = 10 * time.Second
	// SessionLifetime is how long a session lives after its last token became live.
	SessionLifetime = 30 * 24 * time.Hour
)

// SessionEnded is the error of Find and Rotate for a token without a session.
func SessionEnded() error {
	return fault.New(fault.Unauthenticated, "session_ended", "The session has ended. Please log in.")
}

// RefreshReused is the error of Rotate for a token whose successor was presented
// before the grace period.
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
