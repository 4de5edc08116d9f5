package main

import (
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

func small() model {
	m := typical
	m.diners, m.spread, m.perTask, m.database = 5000, 500*time.Millisecond, 50, 400
	return m
}

func find(t *testing.T, name string) scaling {
	t.Helper()
	for _, s := range scalings {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("there is no scaling %q", name)
	return scaling{}
}

func TestNobodyIsAnsweredFasterThanTheTasksAndTheDatabaseCan(t *testing.T) {
	m := small()
	for name, c := range map[string]struct {
		change func(*model)
		rate   float64
	}{
		"two tasks":              {func(m *model) { m.most = 2 }, 100},
		"tasks that are enough":  {func(m *model) { m.fewest, m.most = 100, 100 }, 400}, // the database
		"no more than the limit": {func(m *model) { m.most = 4 }, 200},
	} {
		m := m
		c.change(&m)
		for _, room := range []bool{false, true} {
			r := m.play(find(t, ahead), room)
			if least := float64(m.diners)/c.rate - 10*m.spread.Seconds(); r.Max < least-1 {
				t.Errorf("%s, room %t: the last one waited %v s, which cannot be less than %.0f", name, room, r.Max, least)
			}
			if room && (r.OutOfTurn != 0 || r.Refusals != 0) {
				t.Errorf("%s: a waiting room refuses %v and answers %v out of turn", name, r.Refusals, r.OutOfTurn)
			}
		}
	}
}

func TestWithoutAWaitingRoomLuckDecides(t *testing.T) {
	m := small()
	m.spread = typical.spread
	if r := m.play(find(t, "none"), false); r.Refusals < 1 || r.OutOfTurn < 10 {
		t.Errorf("%v refusals, %v %% out of turn", r.Refusals, r.OutOfTurn)
	}
}

func TestDinersLeaveWhenTheirPatienceEnds(t *testing.T) {
	m := small()
	m.fewest, m.most, m.perTask = 1, 1, 10 // answers 3,000 within the patience of five minutes
	for _, room := range []bool{false, true} {
		r := m.play(find(t, ahead), room)
		if math.Abs(r.GaveUp-40) > 3 || r.Max > perDiner.Seconds()+1 {
			t.Errorf("room %t: %v %% gave up, the last answer came after %v s", room, r.GaveUp, r.Max)
		}
	}
}

func TestEachScalingHasItsDelay(t *testing.T) {
	for name, want := range map[string][4]int{ // after 0, 2, 3 and 6 minutes
		"none": {2, 2, 2, 2}, "target tracking": {2, 2, 2, 10}, "step": {2, 6, 10, 10}, ahead: {10, 10, 10, 10},
	} {
		for i, at := range []time.Duration{0, 2 * time.Minute, 3 * time.Minute, 6 * time.Minute} {
			if got := typical.tasks(find(t, name), at); got != want[i] {
				t.Errorf("%s: %d tasks after %v, want %d", name, got, at, want[i])
			}
		}
	}
}

func TestTheSameSeedGivesTheSameFigures(t *testing.T) {
	m := small()
	first, other := m.play(find(t, "step"), false), m
	other.seed++
	if again := m.play(find(t, "step"), false); again != first {
		t.Errorf("%+v and %+v", first, again)
	}
	if r := other.play(find(t, "step"), false); r == first {
		t.Error("the seed changes nothing")
	}
}

func TestFiguresThatMakeNoSenseAreRefused(t *testing.T) {
	err := program().Main(t.Context(), []string{"-min-tasks", "3", "-max-tasks", "2"}, io.Discard, io.Discard)
	if err == nil {
		t.Error("accepted")
	}
}

// The model's largest step is that of the Terraform.
func TestTheLargestStepIsThatOfTheServices(t *testing.T) {
	text, err := os.ReadFile("../../aws/modules/service/scaling.tf")
	if err != nil {
		t.Fatal(err)
	}
	largest := 0
	for _, m := range regexp.MustCompile(`scaling_adjustment\s+= (\d+)`).FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.Atoi(m[1]) // digits
		largest = max(largest, n)
	}
	if largest != largestStep {
		t.Errorf("the model adds %d %%, the services %d %%", largestStep, largest)
	}
}
