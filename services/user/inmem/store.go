// Package inmem stores accounts in memory, for tests and for a service that runs
// alone.
package inmem

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"jari.example/internal/secret"
	"jari.example/services/user"
)

// Store is a [user.Store] whose content is lost when the process ends.
type Store struct {
	mu    sync.Mutex
	users map[uuid.UUID]user.User
}

var _ user.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store { return &Store{users: map[uuid.UUID]user.User{}} }

// Insert implements [user.Store].
func (s *Store) Insert(_ context.Context, u user.User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.byEmail(u.Email); taken {
		return user.EmailTaken()
	}
	s.users[u.ID] = u
	return nil
}

// ByEmail implements [user.Store].
func (s *Store) ByEmail(_ context.Context, email secret.String) (user.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.byEmail(email); ok {
		return u, nil
	}
	return user.User{}, user.NotFound()
}

// ByID implements [user.Store].
func (s *Store) ByID(_ context.Context, id uuid.UUID) (user.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, ok := s.users[id]; ok {
		return u, nil
	}
	return user.User{}, user.NotFound()
}

// ByIDs implements [user.Store].
func (s *Store) ByIDs(_ context.Context, ids []uuid.UUID) (found []user.User, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.users {
		if slices.Contains(ids, u.ID) {
			found = append(found, u)
		}
	}
	return found, nil
}

// Grant implements [user.Store].
func (s *Store) Grant(_ context.Context, g user.Grant) (user.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[g.ID]
	if !ok {
		return user.User{}, user.NotFound()
	}
	u.Role, u.Own = g.Role, slices.Clone(g.Own)
	s.users[g.ID] = u
	return u, nil
}

// Ping implements [user.Store].
func (s *Store) Ping(context.Context) error { return nil }

func (s *Store) byEmail(email secret.String) (user.User, bool) {
	for _, u := range s.users {
		if u.Email.Reveal() == email.Reveal() {
			return u, true
		}
	}
	return user.User{}, false
}
