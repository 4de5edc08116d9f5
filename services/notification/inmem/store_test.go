package inmem_test

import (
	"testing"

	"jari.example/services/notification"
	"jari.example/services/notification/inmem"
	"jari.example/services/notification/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) notification.Store { return inmem.New() })
}
