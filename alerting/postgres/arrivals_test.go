package postgres_test

import (
	"testing"
	"time"

	"jari.example/alerting/storetest"
)

func TestLinesThatArriveLateAreCounted(t *testing.T) {
	simulation := storetest.Arrivals{Seed: 7, Events: 1000, Cycles: 2, Tick: time.Minute}
	if err := simulation.Run(t, open(t)); err != nil {
		t.Error(err)
	}
}
