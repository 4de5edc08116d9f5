package inmem_test

import (
	"testing"

	"jari.example/services/reservation/inmem"
	"jari.example/services/reservation/storetest"
)

func TestPassesTheStoreSuite(t *testing.T) {
	storetest.Run(t, func(*testing.T) storetest.Store { return inmem.New() })
}

func TestAgreesWithTheReferenceModel(t *testing.T) {
	storetest.RunScenarios(t, 200, func(*testing.T) []storetest.Store { return []storetest.Store{inmem.New()} })
}

func TestCountsEveryChangeOnce(t *testing.T) {
	storetest.RunMetrics(t, func(*testing.T) storetest.Store { return inmem.New() })
}
