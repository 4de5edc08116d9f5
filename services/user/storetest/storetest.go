// Package storetest is the test suite of user stores.
package storetest

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/internal/secret"
	"jari.example/services/user"
)

// Run runs the suite; open returns an empty store.
func Run(t *testing.T, open func(*testing.T) user.Store) {
	t.Run("finds an account by id and by address, unchanged", func(t *testing.T) {
		s, u := open(t), account("kim@example.com")
		must(t, s.Insert(t.Context(), u))
		for _, find := range []func() (user.User, error){
			func() (user.User, error) { return s.ByID(t.Context(), u.ID) },
			func() (user.User, error) { return s.ByEmail(t.Context(), u.Email) },
		} {
			got, err := find()
			must(t, err)
			same(t, got, u)
		}
	})
	t.Run("an unknown account is not found", func(t *testing.T) {
		s := open(t)
		_, byID := s.ByID(t.Context(), uuid.New())
		_, byEmail := s.ByEmail(t.Context(), secret.New("nobody@example.com"))
		_, grant := s.Grant(t.Context(), user.Grant{ID: uuid.New(), Role: "owner", Own: []string{}})
		for _, err := range []error{byID, byEmail, grant} {
			if fault.ReasonOf(err) != "user_not_found" {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("finds the accounts that exist among several ids", func(t *testing.T) {
		s := open(t)
		one, two, three := account("one@example.com"), account("two@example.com"), account("three@example.com")
		for _, u := range []user.User{one, two, three} {
			must(t, s.Insert(t.Context(), u))
		}
		found, err := s.ByIDs(t.Context(), []uuid.UUID{two.ID, uuid.New(), one.ID, two.ID})
		must(t, err)
		if len(found) != 2 {
			t.Fatalf("found %d accounts, want 2", len(found))
		}
		for _, u := range []user.User{one, two} {
			i := slices.IndexFunc(found, func(f user.User) bool { return f.ID == u.ID })
			if i < 0 {
				t.Fatalf("%s was not found", u.ID)
			}
			same(t, found[i], u)
		}
	})
	t.Run("concurrent inserts with one address: one succeeds", func(t *testing.T) { concurrentInserts(t, open(t)) })
	t.Run("a grant changes only role and restaurants", func(t *testing.T) {
		s, u := open(t), account("owner@example.com")
		must(t, s.Insert(t.Context(), u))
		u.Role, u.Own = "owner", []string{"mosu", "jungsik"}
		got, err := s.Grant(t.Context(), user.Grant{ID: u.ID, Role: u.Role, Own: u.Own})
		must(t, err)
		same(t, got, u)
		got, err = s.ByID(t.Context(), u.ID)
		must(t, err)
		same(t, got, u)
	})
	t.Run("an open store is available", func(t *testing.T) { must(t, open(t).Ping(t.Context())) })
}

func concurrentInserts(t *testing.T, s user.Store) {
	t.Helper()
	var wg sync.WaitGroup
	var won atomic.Int32
	for range 16 {
		wg.Go(func() {
			err := s.Insert(t.Context(), account("lee@example.com"))
			if err == nil {
				won.Add(1)
			} else if fault.ReasonOf(err) != "email_taken" {
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d accounts have the address", won.Load())
	}
}

var serial atomic.Int64

func account(email string) user.User {
	return user.User{
		ID: uuid.New(), Email: secret.New(email), Name: secret.New("김 " + strconv.FormatInt(serial.Add(1), 10)),
		Phone: secret.New("+8210" + strconv.FormatInt(10_000_000+serial.Load(), 10)), Locale: "ko", Role: "diner", Own: []string{},
		Password:  secret.New("$argon2id$…"),
		CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
	}
}

func same(t *testing.T, got, want user.User) {
	t.Helper()
	if got.ID != want.ID || got.Email.Reveal() != want.Email.Reveal() || got.Name.Reveal() != want.Name.Reveal() ||
		got.Phone.Reveal() != want.Phone.Reveal() ||
		got.Password.Reveal() != want.Password.Reveal() || got.Locale != want.Locale || got.Role != want.Role ||
		!slices.Equal(got.Own, want.Own) || !got.CreatedAt.Equal(want.CreatedAt) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
