package storetest

import (
	"context"
	"runtime"
	"testing"

	"jari.example/services/notification"
)

// court is what the stories need of a test.
type court interface {
	Helper()
	Context() context.Context
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

// Convicts reports whether the story of that name finds fault with s.
func Convicts(t testing.TB, sentence string, s notification.Store) bool {
	t.Helper()
	story := stories[sentence]
	if story == nil {
		t.Fatalf("there is no story %q", sentence)
	}
	j := &judge{TB: t}
	ended := make(chan struct{})
	go func() { // which Fatal ends
		defer close(ended)
		story(newTown(j, s))
	}()
	<-ended
	return j.guilty
}

// judge takes failures down instead of failing.
type judge struct {
	testing.TB
	guilty bool
}

func (j *judge) Error(...any)          { j.guilty = true }
func (j *judge) Errorf(string, ...any) { j.guilty = true }
func (j *judge) Fatal(...any)          { j.guilty = true; runtime.Goexit() }
func (j *judge) Fatalf(string, ...any) { j.guilty = true; runtime.Goexit() }
