// Package storetest is the test suite of session stores.
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

// Run runs the suite; open returns a store.
func Run(t *testing.T, open func(*testing.T) gateway.Sessions) {
	for name, test := range map[string]func(*family){
		"rotates a live token, and then its successor": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRotate(1, 2, "", f.now.Add(time.Hour))
		},
		"a token within the grace period gets the same result and changes nothing": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRotate(0, 1, "", f.now.Add(gateway.GracePeriod-time.Millisecond))
			f.mustRotate(1, 2, "", f.now.Add(time.Hour))
		},
		"a token after the grace period ends the session": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRefuse(0, 1, "", f.now.Add(gateway.GracePeriod), "refresh_reused")
			f.mustRefuse(1, 2, "", f.now.Add(gateway.GracePeriod), "session_ended")
		},
		"a token two rotations old ends the session": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRotate(1, 2, "", f.now.Add(time.Hour))
			f.mustRefuse(0, 1, "", f.now.Add(time.Hour), "refresh_reused")
			f.mustRefuse(2, 3, "", f.now.Add(time.Hour), "session_ended")
		},
		"an unknown token ends no session": func(f *family) {
			f.mustRefuse(7, 8, "", f.now, "session_ended")
			f.mustRotate(0, 1, "", f.now)
		},
		"a token of another session is rejected and stays live": func(f *family) {
			f.mustRefuse(0, 1, uuid.NewString(), f.now, "session_ended")
			f.mustRotate(0, 1, f.ID, f.now)
		},
		"an ended session has no live token": func(f *family) {
			f.mustEnd()
			f.mustRefuse(0, 1, "", f.now, "session_ended")
			f.mustEnd()
		},
		"parallel requests with one token all continue the session": func(f *family) {
			var wg sync.WaitGroup
			for range 32 {
				wg.Go(func() { f.mustRotate(0, 1, f.ID, f.now) })
			}
			wg.Wait()
			f.mustRotate(1, 2, "", f.now.Add(time.Hour))
		},
	} {
		t.Run(name, func(t *testing.T) {
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

// family is a session and the tokens that a case uses in it.
type family struct {
	*testing.T
	gateway.Session
	store  gateway.Sessions
	now    time.Time
	tokens [9]gateway.Hash
}

func (f *family) mustRotate(presented, successor int, want string, now time.Time) {
	f.Helper()
	got, err := f.store.Rotate(f.Context(), f.tokens[presented], f.tokens[successor], want, now)
	if err != nil || got != f.Session {
		f.Errorf("token %d: got %v, %v", presented, got, err)
	}
}

func (f *family) mustRefuse(presented, successor int, want string, now time.Time, reason string) {
	f.Helper()
	_, err := f.store.Rotate(f.Context(), f.tokens[presented], f.tokens[successor], want, now)
	if fault.CodeOf(err) != fault.Unauthenticated || fault.ReasonOf(err) != reason {
		f.Errorf("token %d: got %v, want %s", presented, err, reason)
	}
}

func (f *family) mustEnd() {
	f.Helper()
	if err := f.store.End(f.Context(), f.Session.ID); err != nil {
		f.Error(err)
	}
}
