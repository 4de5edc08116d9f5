package user

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/internal/endpoint"
)

// Store stores accounts.
type Store interface {
	// Insert adds an account; conflict email_taken when another has its address.
	Insert(ctx context.Context, u User) error
	// ByEmail finds an account by its normalised address; not_found.
	ByEmail(ctx context.Context, email secret.String) (User, error)
	// ByID finds an account; not_found.
	ByID(ctx context.Context, id uuid.UUID) (User, error)
	// ByIDs returns the accounts that exist, in any order.
	ByIDs(ctx context.Context, ids []uuid.UUID) ([]User, error)
	// Grant sets role and restaurants and returns the account; not_found.
	Grant(ctx context.Context, g Grant) (User, error)
	// Ping reports whether the store is available.
	Ping(ctx context.Context) error
}

// NotFound is the error of a store for an account that does not exist.
func NotFound() error {
	return fault.New(fault.NotFound, "user_not_found", "There is no such account.")
}

// EmailTaken is the error of Insert for an address that another account has.
func EmailTaken() error {
	return fault.New(fault.Conflict, "email_taken", "An account with this e-mail address already exists.").At("/email")
}

func badCredentials() error {
	return fault.New(fault.Unauthenticated, "bad_credentials", "The e-mail address or the password is wrong.")
}

// Service manages accounts.
type Service struct {
	store     Store
	hasher    hasher
	dummyHash secret.String
}

// New returns a service that uses store.
func New(ctx context.Context, store Store) (*Service, error) {
	h := newHasher()
	dummyHash, err := h.hash(ctx, secret.New(uuid.NewString()))
	if err != nil {
		return nil, fmt.Errorf("make the dummy hash: %w", err)
	}
	return &Service{store: store, hasher: h, dummyHash: dummyHash}, nil
}

// SignUp creates an account with the role diner. Codes: invalid, conflict
// (email_taken), unavailable.
func (s *Service) SignUp(ctx context.Context, req SignUp) (User, error) {
	if err := req.validate(); err != nil {
		return User{}, err
	}
	password, err := s.hasher.hash(ctx, req.Password)
	if err != nil {
		return User{}, fmt.Errorf("hash the password: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return User{}, fmt.Errorf("make an id: %w", err)
	}
	u := User{
		ID: id, Email: req.Email, Name: req.Name, Phone: req.Phone, Locale: *req.Locale, Role: endpoint.RoleDiner,
		Own: []string{}, Password: password, CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
	return u, s.store.Insert(ctx, u)
}

// Verify returns the account of the credentials. It takes equally long for an
// unknown address, so that its duration does not reveal which addresses exist.
// Codes: unauthenticated (bad_credentials), unavailable.
func (s *Service) Verify(ctx context.Context, req Credentials) (User, error) {
	u := User{Password: s.dummyHash}
	if email, ok := storedForm(req.Email); ok {
		found, err := s.store.ByEmail(ctx, email)
		switch {
		case err == nil:
			u = found
		case fault.CodeOf(err) != fault.NotFound:
			return User{}, err
		}
	}
	ok, err := s.hasher.matches(ctx, req.Password, u.Password)
	if err != nil {
		return User{}, fmt.Errorf("check the password: %w", err)
	}
	if !ok || u.ID == uuid.Nil {
		return User{}, badCredentials()
	}
	return u, nil
}

// Me returns the caller's account. Codes: unauthenticated when the account was
// deleted since the login, unavailable.
func (s *Service) Me(ctx context.Context, _ endpoint.Nothing) (User, error) {
	id, err := uuid.Parse(endpoint.IdentityFrom(ctx).UserID)
	if err != nil {
		return User{}, fault.New(fault.Unauthenticated, "unauthenticated", "Please log in.")
	}
	u, err := s.store.ByID(ctx, id)
	if fault.CodeOf(err) == fault.NotFound {
		return User{}, fault.New(fault.Unauthenticated, "account_gone", "This account no longer exists.")
	}
	return u, err
}

// Find returns an account, for other services. Codes: not_found, unavailable.
func (s *Service) Find(ctx context.Context, req Lookup) (User, error) {
	return s.store.ByID(ctx, req.ID)
}

// Name returns the accounts that exist, for services that show names. Codes:
// invalid, unavailable.
func (s *Service) Name(ctx context.Context, req NamesRequest) ([]User, error) {
	if err := req.validate(); err != nil || len(req.IDs) == 0 {
		return nil, err
	}
	return s.store.ByIDs(ctx, req.IDs)
}

// Grant sets an account's role and restaurants, for operators. Codes: invalid, not_found, unavailable.
func (s *Service) Grant(ctx context.Context, req Grant) (User, error) {
	if err := req.validate(); err != nil {
		return User{}, err
	}
	if req.Own == nil {
		req.Own = []string{}
	}
	return s.store.Grant(ctx, req)
}
