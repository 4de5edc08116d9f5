package model

import (
	"fmt"
	"time"

	"jari.example/services/reservation/schedule"
)

// Scenario is a sequence of steps as data: rapid generates and shrinks it, and
// [Scenario.Run] plays it on any store.
type Scenario struct {
	Begin    int // minutes before firstSeating
	Schedule schedule.Schedule
	Steps    []Step
}

// Step is one attempt. Its numbers are taken modulo what there is to choose
// from when the step is played, so every step has a meaning in every scenario.
type Step struct {
	Op       Op
	Choice   int // of a diner, of a reservation that Op applies to, of an earlier request, of a time
	Slot     int
	Party    int
	Unlikely bool // by somebody without the right to do it, or on something that does not fit
	Schedule schedule.Schedule
}

// firstSeating is the latest begin of a scenario. It is noon in Seoul.
var firstSeating = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)

func (s Step) String() string {
	if s.Op == EditSchedule {
		return fmt.Sprintf("%s %+v", s.Op, s.Schedule)
	}
	return fmt.Sprintf("%s choice %d slot %d party %d unlikely %v", s.Op, s.Choice, s.Slot, s.Party, s.Unlikely)
}

// GoString is what rapid prints of a scenario that failed.
func (s Scenario) GoString() string {
	text := fmt.Sprintf("%d minutes before the first seating, %+v", s.Begin, s.Schedule)
	for i, step := range s.Steps {
		text += fmt.Sprintf("\n%d: %v", i+1, step)
	}
	return text
}
