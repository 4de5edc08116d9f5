package inmem_test

import (
	"testing"

	"jari.example/alerting/inmem"
	"jari.example/alerting/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return inmem.New() })
}
