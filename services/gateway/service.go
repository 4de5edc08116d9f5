package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
)

// Config holds the dependencies and settings of a Service.
type Config struct {
	Users      Users
	Sessions   Sessions
	Keys       *Keys
	RefreshKey []byte           // derives refresh tokens; the same in all gateways
	Issuer     string           // iss of access tokens
	Now        func() time.Time // time.Now when nil
}

// MinRefreshKey is the minimum length of a RefreshKey, in bytes.
const MinRefreshKey = 32

// Service logs users in and out, and issues their tokens.
type Service struct {
	users      Users
	sessions   Sessions
	keys       *Keys
	refreshKey []byte
	now        func() time.Time
	tokens     *tokens
}

// New makes the service.
func New(c Config) (*Service, error) {
	if len(c.RefreshKey) < MinRefreshKey {
		return nil, fmt.Errorf("the refresh key has %d bytes, needs at least %d", len(c.RefreshKey), MinRefreshKey)
	}
	if c.Issuer == "" {
		return nil, errors.New("the issuer is empty")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{
		users: c.Users, sessions: c.Sessions, keys: c.Keys, refreshKey: c.RefreshKey, now: c.Now,
		tokens: newTokens(c.Keys, c.Issuer, c.Now),
	}, nil
}

// LoggedIn is a session that was just started or continued.
type LoggedIn struct {
	Access  secret.String
	Expires time.Time
	Refresh secret.String
	Account Account
}

// LogIn starts a session. Codes: invalid, unauthenticated (bad_credentials), unavailable.
func (s *Service) LogIn(ctx context.Context, req Credentials) (LoggedIn, error) {
	switch { // a missing field is not a wrong password
	case req.Email.IsZero():
		return LoggedIn{}, fault.BadField("/email", "The email is missing.")
	case req.Password.IsZero():
		return LoggedIn{}, fault.BadField("/password", "The password is missing.")
	}
	account, err := s.users.Verify(ctx, req)
	if err != nil {
		return LoggedIn{}, err
	}
	session := Session{ID: uuid.NewString(), UserID: account.ID}
	token := newRefreshToken()
	if err := s.sessions.Start(ctx, session, token.hash(), s.now()); err != nil {
		return LoggedIn{}, err
	}
	return s.loggedIn(account, session, token)
}

// Refresh requests a new access token. Token is the cookie's value.
type Refresh struct{ Token secret.String }

// Refresh continues the session of a refresh token. It reads role and restaurants
// again, so that a grant takes effect, and before the rotation, so that a failure
// leaves the session as it was. Codes: unauthenticated (session_ended,
// refresh_reused, account_gone), unavailable.
func (s *Service) Refresh(ctx context.Context, req Refresh) (LoggedIn, error) {
	token, ok := parseRefreshToken(req.Token)
	if !ok {
		return LoggedIn{}, SessionEnded()
	}
	session, err := s.sessions.Find(ctx, token.hash(), s.now())
	if err != nil {
		return LoggedIn{}, err
	}
	account, err := s.account(ctx, session.UserID)
	if err != nil {
		return LoggedIn{}, err
	}
	session, next, err := s.rotate(ctx, token, session.ID)
	if err != nil {
		return LoggedIn{}, err
	}
	return s.loggedIn(account, session, next)
}

func (s *Service) account(ctx context.Context, id string) (Account, error) {
	account, err := s.users.Account(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		err = fault.New(fault.Unauthenticated, "account_gone", "This account no longer exists.")
	}
	return account, err
}

// renewalTimeout bounds how long a renewal waits for the user service, because a
// request waits for the renewal.
const renewalTimeout = 500 * time.Millisecond

// renew continues the session of an expired access token, if the refresh token
// belongs to the same session. When the user service is unavailable it uses the
// old claims again: booking must not depend on that service.
func (s *Service) renew(ctx context.Context, old claims, cookie secret.String) (LoggedIn, error) {
	token, ok := parseRefreshToken(cookie)
	if !ok {
		return LoggedIn{}, SessionEnded()
	}
	session, next, err := s.rotate(ctx, token, old.SID)
	if err != nil {
		return LoggedIn{}, err
	}
	userCtx, cancel := context.WithTimeout(ctx, renewalTimeout)
	defer cancel()
	account, err := s.account(userCtx, session.UserID)
	switch fault.CodeOf(err) {
	case "":
	case fault.Unauthenticated:
		return LoggedIn{}, err
	default:
		account = Account{ID: old.Subject, Role: old.Role, Own: old.Own}
	}
	return s.loggedIn(account, session, next)
}

func (s *Service) rotate(ctx context.Context, token refreshToken, want string) (Session, refreshToken, error) {
	next := token.successor(s.refreshKey)
	session, err := s.sessions.Rotate(ctx, token.hash(), next.hash(), want, s.now())
	return session, next, err
}

func (s *Service) loggedIn(a Account, session Session, refresh refreshToken) (LoggedIn, error) {
	access, expires, err := s.tokens.sign(identity(a, session.ID))
	return LoggedIn{Access: access, Expires: expires, Refresh: refresh.secret(), Account: a}, err
}

// LogOut ends the caller's session. Codes: unavailable.
func (s *Service) LogOut(ctx context.Context, _ endpoint.Nothing) (endpoint.Nothing, error) {
	return endpoint.Nothing{}, s.sessions.End(ctx, endpoint.IdentityFrom(ctx).SessionID)
}

// KeySet returns the public keys that verify our access tokens.
func (s *Service) KeySet(context.Context, endpoint.Nothing) (KeySet, error) { return s.keys.set, nil }
