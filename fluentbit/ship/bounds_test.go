package ship_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"jari.example/fluentbit/ship"
	"jari.example/fluentbit/ship/shiptest"
)

func TestSplitsRequestsAtTheirLimits(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  ship.Config
		want int // requests for four documents of 150 bytes
	}{
		"no limit reached":         {ship.Config{}, 1},
		"bytes limit":              {ship.Config{MaxBytes: 400, Gzip: true}, 2},
		"documents limit":          {ship.Config{MaxDocs: 3}, 2},
		"one document per request": {ship.Config{MaxDocs: 1, Gzip: true}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			f := shiptest.NewFake(t)
			if _, err := open(t, f.URL, test.cfg).Ship(t.Context(), docs()); err != nil {
				t.Fatal(err)
			}
			if got := f.Requests(); got != test.want || len(f.Stored()) != 4 {
				t.Errorf("%d requests and %d documents, want %d and 4", got, len(f.Stored()), test.want)
			}
		})
	}
}

// A call that waits for a place ends with its context and sends nothing.
func TestLimitsTheRequestsInFlight(t *testing.T) {
	f := shiptest.NewFake(t)
	first, release := make(chan struct{}), make(chan struct{})
	f.Request = func(n, _ int) int {
		if n == 0 {
			close(first)
			<-release
		}
		return 0
	}
	s := open(t, f.URL, ship.Config{MaxRequests: 1})
	if err := s.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := s.Ship(t.Context(), docs("a"))
		done <- err
	}()
	<-first
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := s.Ship(ctx, docs("b")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the second call returned %v", err)
	}
	close(release)
	if err := <-done; err != nil || f.Sent("b") != 0 {
		t.Errorf("the first call returned %v, the second was sent %d times", err, f.Sent("b"))
	}
}

func TestLowersMaxBytesAfterA413(t *testing.T) {
	f := shiptest.NewFake(t)
	rejected := 0
	f.Request = func(_, size int) int {
		if size <= 300 {
			return 0
		}
		rejected++
		return http.StatusRequestEntityTooLarge
	}
	s := open(t, f.URL, ship.Config{})
	if _, err := s.Ship(t.Context(), docs()); err != nil || rejected == 0 {
		t.Fatalf("%v, and %d requests were too large", err, rejected)
	}
	before := rejected
	if _, err := s.Ship(t.Context(), docs("e", "f", "g", "h")); err != nil || rejected != before || len(f.Stored()) != 8 {
		t.Errorf("%v, %d more requests were too large, %d documents", err, rejected-before, len(f.Stored()))
	}
}
