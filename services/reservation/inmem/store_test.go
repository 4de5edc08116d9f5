package inmem_test

import (
	"testing"

	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return inmem.New() })
}

func TestPlays(t *testing.T) {
	storetest.Play(t, 200, func(*testing.T) []storetest.Store { return []storetest.Store{inmem.New()} })
}

func TestWhatBecomesTrueIsCountedOnce(t *testing.T) {
	storetest.Tally(t, func(*testing.T) storetest.Store { return inmem.New() })
}
