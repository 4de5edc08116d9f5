// Package inmem stores sessions in memory, for tests and for a gateway that runs
// alone.
package inmem

import (
	"context"
	"sync"
	"time"

	"jari.example/services/gateway"
)

// Sessions is a [gateway.Sessions] for one process.
type Sessions struct {
	mu       sync.Mutex
	tokens   map[gateway.Hash]*token
	families map[string]*family
}

var _ gateway.Sessions = (*Sessions)(nil)

type token struct {
	session   string
	presented time.Time // first; zero while the token is live
}

type family struct {
	gateway.Session
	expires time.Time
}

// New returns an empty store.
func New() *Sessions {
	return &Sessions{tokens: map[gateway.Hash]*token{}, families: map[string]*family{}}
}

// Start implements [gateway.Sessions].
func (s *Sessions) Start(_ context.Context, session gateway.Session, hash gateway.Hash, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	s.families[session.ID] = &family{Session: session, expires: now.Add(gateway.SessionLifetime)}
	s.tokens[hash] = &token{session: session.ID}
	return nil
}

// Find implements [gateway.Sessions].
func (s *Sessions) Find(_ context.Context, token gateway.Hash, now time.Time) (gateway.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, f, err := s.find(token, now)
	if err != nil {
		return gateway.Session{}, err
	}
	return f.Session, nil
}

func (s *Sessions) find(hash gateway.Hash, now time.Time) (*token, *family, error) {
	t, ok := s.tokens[hash]
	if !ok {
		return nil, nil, gateway.SessionEnded()
	}
	f, ok := s.families[t.session]
	if !ok || !now.Before(f.expires) {
		return nil, nil, gateway.SessionEnded()
	}
	return t, f, nil
}

// Rotate implements [gateway.Sessions].
func (s *Sessions) Rotate(_ context.Context, presented, successor gateway.Hash, want string, now time.Time) (gateway.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, f, err := s.find(presented, now)
	if err != nil || want != "" && want != f.ID { // rule 1
		return gateway.Session{}, gateway.SessionEnded()
	}
	if t.presented.IsZero() { // rule 2
		t.presented = now
		f.expires = now.Add(gateway.SessionLifetime)
		s.tokens[successor] = &token{session: f.ID}
		return f.Session, nil
	}
	next, ok := s.tokens[successor]
	switch {
	case !ok:
		return gateway.Session{}, gateway.SessionEnded()
	case next.presented.IsZero(), now.Sub(next.presented) < gateway.GracePeriod: // rules 3 and 4
		return f.Session, nil
	}
	delete(s.families, f.ID)
	return gateway.Session{}, gateway.RefreshReused()
}

// End implements [gateway.Sessions].
func (s *Sessions) End(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.families, id)
	return nil
}

// sweep deletes ended sessions. It runs at each login, which is rare enough.
func (s *Sessions) sweep(now time.Time) {
	for id, f := range s.families {
		if !now.Before(f.expires) {
			delete(s.families, id)
		}
	}
	for hash, t := range s.tokens {
		if _, ok := s.families[t.session]; !ok {
			delete(s.tokens, hash)
		}
	}
}
