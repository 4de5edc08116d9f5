package main

import (
	"testing"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation/lineartest"
)

// The test of lineartest with whole processes, whose jobs run at the same time.
func TestTwoProcessesAreLinearizable(t *testing.T) {
	database := postgrestest.Database(t)
	_, one := spawn(t, database)
	_, two := spawn(t, database)
	lineartest.Run(t, []string{one, two}, 16)
}
