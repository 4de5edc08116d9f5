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
		"a token whose successor nobody has presented gets the same result, however much later": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRotate(0, 1, "", f.now.Add(gateway.GracePeriod-time.Millisecond))
			f.mustRotate(0, 1, "", f.now.Add(gateway.GracePeriod))
			f.mustRotate(0, 1, f.ID, f.now.Add(24*time.Hour))
			f.mustRotate(1, 2, "", f.now.Add(25*time.Hour))
			f.mustRotate(2, 3, "", f.now.Add(26*time.Hour))
		},
		"a token whose successor was presented within the grace period gets the same result": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRotate(1, 2, "", f.now.Add(time.Hour))
			f.mustRotate(0, 1, "", f.now.Add(time.Hour+gateway.GracePeriod-time.Millisecond))
			f.mustRotate(2, 3, "", f.now.Add(2*time.Hour))
		},
		"a token whose successor was presented before the grace period ends the session": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRotate(1, 2, "", f.now.Add(time.Hour))
			f.mustRefuse(0, 1, "", f.now.Add(time.Hour+gateway.GracePeriod), "refresh_reused")
			f.mustRefuse(2, 3, "", f.now.Add(time.Hour+gateway.GracePeriod), "session_ended")
		},
		"presenting a successor again does not prolong the grace period": func(f *family) {
			f.mustRotate(0, 1, "", f.now)
			f.mustRotate(1, 2, "", f.now)
			f.mustRotate(1, 2, "", f.now.Add(time.Hour)) // 2 is still live
			f.mustRefuse(0, 1, "", f.now.Add(time.Hour), "refresh_reused")
		},
		"a token several rotations old ends the session": func(f *family) {
			for i := range 4 {
				f.mustRotate(i, i+1, "", f.now.Add(time.Duration(i)*time.Hour))
			}
			f.mustRefuse(0, 1, "", f.now.Add(4*time.Hour), "refresh_reused")
			f.mustRefuse(4, 5, "", f.now.Add(4*time.Hour), "session_ended")
		},
		"a token is found whether it is live or not, and nothing changes": func(f *family) {
			f.mustFind(0)
			f.mustRotate(0, 1, "", f.now)
			f.mustFind(0)
			f.mustFind(1)
			f.mustRotate(0, 1, "", f.now.Add(time.Hour)) // as 1 was found, but not presented
			f.mustRotate(1, 2, "", f.now.Add(2*time.Hour))
			f.mustFind(0)
		},
		"an unknown token and one of an ended session are not found": func(f *family) {
			f.mustNotFind(7)
			f.mustEnd()
			f.mustNotFind(0)
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

func (f *family) mustFind(token int) {
	f.Helper()
	if got, err := f.store.Find(f.Context(), f.tokens[token], f.now); err != nil || got != f.Session {
		f.Errorf("token %d: got %v, %v", token, got, err)
	}
}

func (f *family) mustNotFind(token int) {
	f.Helper()
	if got, err := f.store.Find(f.Context(), f.tokens[token], f.now); fault.ReasonOf(err) != "session_ended" {
		f.Errorf("token %d: got %v, %v", token, got, err)
	}
}

func (f *family) mustEnd() {
	f.Helper()
	if err := f.store.End(f.Context(), f.Session.ID); err != nil {
		f.Error(err)
	}
}
