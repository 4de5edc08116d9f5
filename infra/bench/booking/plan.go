package main

import (
	"math/rand/v2"
	"slices"

	"jari.example/infra/bench/rig"
)

// stores are compared in this order: first the one that the service uses.
var stores = []string{"grouped", "one_statement", "for_update", "skip_locked", "read_then_write"}

// scenario is a load: which slots there are and how requests choose among them.
type scenario struct {
	name        string
	slots       int
	capacity    int   // covers of each slot
	connections []int // concurrent requests
	requests    int   // the load ends after so many; 0: after the measured time
	rate        int   // requests per second; 0: a closed loop
	picker      func(r *rand.Rand) func() int
}

const (
	hotSlot     = "hot-slot"
	zipf1000    = "zipf-1000"
	calm        = "calm"
	soldOutRush = "sold-out-rush"
	soldOut     = "sold-out" // the same slot below saturation: a request costs more when few are under way
)

var scenarios = []scenario{
	{name: hotSlot, slots: 1, capacity: rig.Unlimited, connections: []int{64, 256}, picker: rig.Uniform(1)},
	{name: zipf1000, slots: 1000, capacity: rig.Unlimited, connections: []int{64, 256}, picker: rig.ByPopularity(1000)},
	{name: calm, slots: 1000, capacity: rig.Unlimited, connections: []int{8}, picker: rig.Uniform(1000)},
	{name: soldOutRush, slots: 1, capacity: 200, connections: []int{256}, requests: 20_000, picker: rig.Uniform(1)},
	{name: soldOut, slots: 1, capacity: 200, connections: []int{256}, rate: 2000, picker: rig.Uniform(1)},
}

func scenarioNames() (names []string) {
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return names
}

// cell is one row of the table.
type cell struct {
	disk, store string
	scenario
	conns int
}

// plan lists the cells of a run in the order in which they are measured. The
// cells that are compared, those of all stores, follow one another.
func plan(disks, only, which []string) (cells []cell) {
	for _, disk := range disks {
		for _, sc := range scenarios {
			if !slices.Contains(only, sc.name) {
				continue
			}
			for _, n := range sc.connections {
				for _, store := range which {
					cells = append(cells, cell{disk, store, sc, n})
				}
			}
		}
	}
	return cells
}
