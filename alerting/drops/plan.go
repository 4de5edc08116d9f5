// Package drops plans how many tasks must run when drops open. Scaling that reacts comes
// minutes late (docs/bench/drop.json), and when a drop opens is known weeks before.
package drops

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Drop are the slots that become bookable at one time.
type Drop struct {
	OpensAt     time.Time
	Restaurants int
	Slots       int
	Seats       int // covers of all slots
}

// Needs says how many tasks a drop needs.
type Needs struct {
	Least, Most   int           // tasks that always run, and that may run
	DinersPerSeat float64       // who press Book
	PerTask       float64       // of whom one task answers so many in a second
	Within        time.Duration // all are answered
	Before, After time.Duration // how long before and after the opening the tasks run
}

// Validate returns what is wrong with the needs.
func (n Needs) Validate() error {
	switch {
	case n.Least < 1 || n.Most < n.Least:
		return fmt.Errorf("the tasks are %d to %d: at least one must always run, and no fewer may run", n.Least, n.Most)
	case n.DinersPerSeat <= 0 || n.PerTask <= 0 || n.Within <= 0:
		return fmt.Errorf("the diners per seat, the answers per task and the time to answer must be above 0")
	case n.Before <= 0 || n.After <= 0:
		return fmt.Errorf("the tasks must run before and after the opening")
	}
	return nil
}

// tasks are those that a drop needs.
func (n Needs) tasks(d Drop) int {
	diners := float64(d.Seats) * n.DinersPerSeat
	return min(n.Most, max(n.Least, int(math.Ceil(diners/(n.PerTask*n.Within.Seconds())))))
}

// Change is a change of capacity at a known time, as the Terraform variable
// scheduled_capacity takes it.
type Change struct {
	Name string `json:"name"`
	At   string `json:"at"` // UTC, without a zone
	Min  int    `json:"min"`
	Max  int    `json:"max"`
}

// Plan returns the changes after now, in the order of time. Where the times of several drops
// overlap, the one that needs most tasks decides. A drop that began before now has its end
// only.
func Plan(all []Drop, n Needs, now time.Time) []Change {
	var times []time.Time
	for _, d := range all {
		times = append(times, d.OpensAt.Add(-n.Before), d.OpensAt.Add(n.After))
	}
	slices.SortFunc(times, time.Time.Compare)
	changes, before := []Change{}, n.Least
	for _, at := range slices.CompactFunc(times, time.Time.Equal) {
		tasks := n.Least
		for _, d := range all {
			if !at.Before(d.OpensAt.Add(-n.Before)) && at.Before(d.OpensAt.Add(n.After)) {
				tasks = max(tasks, n.tasks(d))
			}
		}
		if tasks != before && at.After(now) {
			utc := at.UTC()
			changes = append(changes, Change{"drop-" + utc.Format("20060102-150405"), utc.Format("2006-01-02T15:04:05"), tasks, n.Most})
		}
		before = tasks
	}
	return changes
}
