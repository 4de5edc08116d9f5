package storetest

import (
	"context"
	"runtime"
	"testing"

	"jari.example/services/notification"
)

// testingT is the part of testing.TB that the cases use.
type testingT interface {
	Helper()
	Context() context.Context
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

// Detects reports whether the case of that name fails for s.
func Detects(t testing.TB, name string, s notification.Store) bool {
	t.Helper()
	test := cases[name]
	if test == nil {
		t.Fatalf("there is no case %q", name)
	}
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // a goroutine of its own, because Fatal ends it
		defer close(done)
		test(newFixture(r, s))
	}()
	<-done
	return r.failed
}

// recorder records that a case failed instead of failing the test.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Error(...any)          { r.failed = true }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Fatal(...any)          { r.failed = true; runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; runtime.Goexit() }
