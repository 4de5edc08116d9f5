package inmem_test

import (
	"testing"

	"jari.example/services/user"
	"jari.example/services/user/inmem"
	"jari.example/services/user/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) user.Store { return inmem.New() })
}
