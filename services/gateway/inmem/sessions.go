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
	session string
	rotated time.Time // zero while it is live
}

type family struct {
	gateway.Session
	live    gateway.Hash
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
	s.families[session.ID] = &family{Session: session, live: hash, expires: now.Add(gateway.SessionLifetime)}
	s.tokens[hash] = &token{session: session.ID}
	return nil
}

// Rotate implements [gateway.Sessions].
func (s *Sessions) Rotate(_ context.Context, presented, successor gateway.Hash, want string, now time.Time) (gateway.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tokens[presented]
	if !ok || want != "" && want != t.session {
		return gateway.Session{}, gateway.SessionEnded()
	}
	f, ok := s.families[t.session]
	if !ok || !now.Before(f.expires) {
		return gateway.Session{}, gateway.SessionEnded()
	}
	switch {
	case f.live == presented:
		t.rotated = now
		f.live, f.expires = successor, now.Add(gateway.SessionLifetime)
		s.tokens[successor] = &token{session: f.ID}
	case now.Sub(t.rotated) >= gateway.GracePeriod:
		delete(s.families, f.ID)
		return gateway.Session{}, gateway.RefreshReused()
	}
	return f.Session, nil
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
