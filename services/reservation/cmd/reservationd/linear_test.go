package main

import (
	"testing"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/services/reservation/lineartest"
)

// As lineartest's own, with whole processes: their jobs run beside the crowd.
func TestTwoProcessesAnswerACrowdAsIfOneByOne(t *testing.T) {
	database := postgrestest.Database(t)
	_, one := spawn(t, database)
	_, two := spawn(t, database)
	lineartest.Run(t, []string{one, two}, 16)
}
