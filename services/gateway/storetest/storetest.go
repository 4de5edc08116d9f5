// Package storetest is the suite every session store passes.
package storetest

import (
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/gateway"
)

// Run runs the suite; open gives a store.
func Run(t *testing.T, open func(*testing.T) gateway.Sessions) {
	for sentence, test := range map[string]func(*family){
		"a live token is rotated, and then its successor": func(f *family) {
			f.rotates(0, 1, "", f.now)
			f.rotates(1, 2, "", f.now.Add(time.Hour))
		},
		"the same token within the grace gets the same answer and changes nothing": func(f *family) {
			f.rotates(0, 1, "", f.now)
			f.rotates(0, 1, "", f.now.Add(gateway.Grace-time.Millisecond))
			f.rotates(1, 2, "", f.now.Add(time.Hour))
		},
		"a token that was rotated long ago ends the session": func(f *family) {
			f.rotates(0, 1, "", f.now)
			f.refuses(0, 1, "", f.now.Add(gateway.Grace), "refresh_reused")
			f.refuses(1, 2, "", f.now.Add(gateway.Grace), "session_ended")
		},
		"a token from two generations back ends the session": func(f *family) {
			f.rotates(0, 1, "", f.now)
			f.rotates(1, 2, "", f.now.Add(time.Hour))
			f.refuses(0, 1, "", f.now.Add(time.Hour), "refresh_reused")
			f.refuses(2, 3, "", f.now.Add(time.Hour), "session_ended")
		},
		"an unknown token ends nothing": func(f *family) {
			f.refuses(7, 8, "", f.now, "session_ended")
			f.rotates(0, 1, "", f.now)
		},
		"another session's token is refused and stays live": func(f *family) {
			f.refuses(0, 1, uuid.NewString(), f.now, "session_ended")
			f.rotates(0, 1, f.ID, f.now)
		},
		"a session that was ended has no live token": func(f *family) {
			f.ends()
			f.refuses(0, 1, "", f.now, "session_ended")
			f.ends()
		},
		"many requests in parallel with one token all continue the session": func(f *family) {
			var wg sync.WaitGroup
			for range 32 {
				wg.Go(func() { f.rotates(0, 1, f.ID, f.now) })
			}
			wg.Wait()
			f.rotates(1, 2, "", f.now.Add(time.Hour))
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := &family{T: t, store: open(t), now: time.Now(), Session: gateway.Session{ID: uuid.NewString(), UserID: uuid.NewString()}}
			for i := range f.tokens {
				_, _ = rand.Read(f.tokens[i][:])
			}
			if err := f.store.Start(t.Context(), f.Session, f.tokens[0], f.now); err != nil {
				t.Fatal(err)
			}
			test(f)
		})
	}
}

// family is one session and the tokens it may come to have.
type family struct {
	*testing.T
	gateway.Session
	store  gateway.Sessions
	now    time.Time
	tokens [9]gateway.Hash
}

func (f *family) rotates(presented, successor int, want string, now time.Time) {
	f.Helper()
	got, err := f.store.Rotate(f.Context(), f.tokens[presented], f.tokens[successor], want, now)
	if err != nil || got != f.Session {
		f.Errorf("token %d: got %v, %v", presented, got, err)
	}
}

func (f *family) refuses(presented, successor int, want string, now time.Time, reason string) {
	f.Helper()
	_, err := f.store.Rotate(f.Context(), f.tokens[presented], f.tokens[successor], want, now)
	if fault.CodeOf(err) != fault.Unauthenticated || fault.ReasonOf(err) != reason {
		f.Errorf("token %d: got %v, want %s", presented, err, reason)
	}
}

func (f *family) ends() {
	f.Helper()
	if err := f.store.End(f.Context(), f.Session.ID); err != nil {
		f.Error(err)
	}
}
