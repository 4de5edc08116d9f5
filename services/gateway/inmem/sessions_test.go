package inmem_test

import (
	"testing"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/gateway"
	"jari.example/services/gateway/inmem"
	"jari.example/services/gateway/storetest"
)

func TestSessions(t *testing.T) {
	storetest.Run(t, func(*testing.T) gateway.Sessions { return inmem.New() })
}

func TestAnUnusedSessionExpires(t *testing.T) {
	s, now := inmem.New(), time.Now()
	for i := range byte(2) {
		if err := s.Start(t.Context(), gateway.Session{ID: string('a' + rune(i))}, gateway.Hash{i}, now); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Rotate(t.Context(), gateway.Hash{0}, gateway.Hash{9}, "", now.Add(gateway.SessionLifetime-1)); err != nil {
		t.Error(err)
	}
	if _, err := s.Rotate(t.Context(), gateway.Hash{1}, gateway.Hash{8}, "",
		now.Add(gateway.SessionLifetime)); fault.ReasonOf(err) != "session_ended" {
		t.Error(err)
	}
}
