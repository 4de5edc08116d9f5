package evaluate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/slo"
)

func TestAnAlertOfEventsFiresAtItsNumberAndEndsWhenTheyAreOld(t *testing.T) {
	a := alert("violated", slo.When{Within: 10 * time.Minute, Events: 3}, "")
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
	event := func() { f.count(a.Subjects[0].Indicator, 1, 0) }
	nothing := func() {}
	f.minutes(2, event)
	f.minutes(20, nothing)
	f.minutes(2, event)
	f.want()
	started := f.now.Add(-2 * time.Minute)
	f.minutes(1, event)
	f.want("opened violated")
	v := f.incidents.last["violated"]
	if v.Since.Count != (slo.Count{Bad: 3}) || v.Since.Regions["kr"].Bad != 3 || !v.StartedAt.Equal(started) {
		t.Errorf("since %s: %+v; three events since %s", v.StartedAt, v.Since, started)
	}
	f.minutes(7, nothing)
	f.want()
	f.minutes(1, nothing) // the first of the three is older than ten minutes
	f.want("resolved violated")
}

func TestAnAlertOfAShareNeedsEnoughEventsAndGoodOnesOfTheSameSubject(t *testing.T) {
	a := alert("pool", slo.When{Within: 5 * time.Minute, BadShare: 0.9, MinEvents: 10}, "user", "search")
	user, search := a.Subjects[0].Indicator, a.Subjects[1].Indicator
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
	f.minutes(1, func() { f.count(user, 0, 9) })
	f.minutes(10, func() { f.count(search, 20, 0) })
	f.want()
	f.minutes(1, func() { f.count(user, 1, 9); f.count(search, 20, 0) })
	f.want("opened pool")
	if v := f.incidents.last["pool"]; len(v.Subjects) != 1 || v.Subjects[0].Name != "user" {
		t.Errorf("the subjects %+v", v.Subjects)
	}
	// Silence of the user's pool, and the good events of another, end nothing.
	f.minutes(60, func() { f.count(search, 20, 0) })
	f.want()
	if w := f.incidents.last["pool"].Waiting; w == nil || w.Needed != 10 || w.Seen != 0 {
		t.Errorf("it waits for %+v", w)
	}
	f.minutes(1, func() { f.count(user, 10, 0) })
	f.want("resolved pool")
}

func TestAnAbsentSubjectIsKnownOnlyAfterCountingForLongEnough(t *testing.T) {
	a := alert("silent", slo.When{Within: 3 * time.Minute, Absent: true}, "seen", "never seen")
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
	nothing := func() {}
	f.count(a.Subjects[0].Indicator, 1, 0)
	f.minutes(3, nothing)
	f.want()
	f.minutes(1, nothing)
	f.want("opened silent")
	if v := f.incidents.last["silent"]; len(v.Subjects) != 1 || v.Subjects[0].Name != "seen" || v.At.Sub(v.StartedAt) != 2*time.Minute {
		t.Errorf("after four minutes: %+v, since %s", v.Subjects, v.StartedAt)
	}
	f.minutes(11, nothing)
	if v := f.incidents.last["silent"]; len(v.Subjects) != 1 {
		t.Errorf("after 14 minutes: %+v", v.Subjects)
	}
	f.minutes(2, nothing)
	if v := f.incidents.last["silent"]; len(v.Subjects) != 2 {
		t.Errorf("after 15 minutes: %+v", v.Subjects)
	}
	// Another replica has not counted for long: it does not know whether it is over.
	f.failover()
	f.minutes(3, nothing)
	f.want()
	f.count(a.Subjects[1].Indicator, 1, 0)
	f.minutes(2, nothing)
	f.want()
	both := func() { f.count(a.Subjects[0].Indicator, 1, 0); f.count(a.Subjects[1].Indicator, 1, 0) }
	f.minutes(1, both)
	f.want()
	f.minutes(1, both)
	f.want("resolved silent")
}

// A stopped agent is found within three minutes, and a heartbeat that is a bucket
// late is no absence.
func TestAbsenceIsFoundWithinItsTimeAndNotBefore(t *testing.T) {
	a := alert("silent", slo.When{Within: time.Minute, Absent: true}, "")
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
	f.minutes(30, func() { f.count(a.Subjects[0].Indicator, 1, 0) })
	// At the start of a minute, nothing has been counted in it.
	if _, err := f.Tick(t.Context(), f.term, f.now); err != nil {
		t.Fatal(err)
	}
	f.want()
}

// A stopped agent that starts again delivers heartbeats that waited in it.
func TestAnAbsenceEndsWhenEventsComeSteadilyAgain(t *testing.T) {
	a := alert("silent", slo.When{Within: 4 * time.Minute, Absent: true}, "", "another")
	subject, another := a.Subjects[0].Indicator, a.Subjects[1].Indicator
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
	alive := func() { f.count(another, 1, 0) }
	f.minutes(1, func() { f.count(subject, 1, 0); alive() })
	f.minutes(9, alive)
	f.want("opened silent")
	now := f.now
	f.now = now.Add(-3 * time.Minute) // a late line
	f.count(subject, 1, 0)
	f.now = now
	f.minutes(1, alive)
	f.minutes(3, alive)
	f.want() // it neither ends nor, when the line is old, is reopened
	f.minutes(2, func() { f.count(subject, 1, 0); alive() })
	f.want()
	f.minutes(1, func() { f.count(subject, 1, 0) }) // the other one was never absent
	f.want("resolved silent")
}

func TestWhileAnAlertThatFreezesFiresNothingElseResolves(t *testing.T) {
	blind := alert("blind", slo.When{Within: 3 * time.Minute, Absent: true}, "agent")
	blind.Freezes = true
	agent := blind.Subjects[0].Indicator
	violated := alert("violated", slo.When{Within: 5 * time.Minute, Events: 1}, "")
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{blind, violated}})
	f.minutes(10, func() { f.count(agent, 1, 0) })
	f.minutes(1, func() { f.count(violated.Subjects[0].Indicator, 1, 0) })
	f.minutes(30, func() {})
	f.want("opened violated", "opened blind")
	if v := f.incidents.last["violated"]; !strings.Contains(v.Frozen, "agent") || !f.state.Blind() {
		t.Errorf("frozen %q, blind %+v", v.Frozen, f.state)
	}
	f.failover() // another replica does not know yet that the agent is absent
	f.minutes(1, func() {})
	f.want()
	if !f.state.Blind() {
		t.Error("another replica is not blind")
	}
	f.minutes(1, func() { f.count(agent, 1, 0) })
	f.want()
	if !f.state.Blind() {
		t.Error("one heartbeat ends the blindness")
	}
	f.minutes(1, func() { f.count(agent, 1, 0) })
	f.want("resolved blind", "resolved violated")
	if f.state.Blind() {
		t.Errorf("blind %+v with heartbeats", f.state)
	}
}

func TestAnAlertThatFreezesEndsWhileAnotherOneFires(t *testing.T) {
	one, two := alert("one", slo.When{Within: 3 * time.Minute, Absent: true}, ""), alert("two", slo.When{Within: 3 * time.Minute, Absent: true}, "")
	one.Freezes, two.Freezes = true, true
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{one, two}})
	first := func() { f.count(one.Subjects[0].Indicator, 1, 0) }
	f.minutes(10, func() { first(); f.count(two.Subjects[0].Indicator, 1, 0) })
	f.minutes(10, func() {})
	f.want("opened one", "opened two")
	f.minutes(5, first)
	f.want("resolved one")
}

func TestEachSubjectThatFiredNeedsGoodEvents(t *testing.T) {
	a := alert("failing", slo.When{Within: 5 * time.Minute, BadShare: 0.9, MinEvents: 10}, "one", "two")
	one, two := a.Subjects[0].Indicator, a.Subjects[1].Indicator
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
	f.minutes(1, func() { f.count(one, 0, 10); f.count(two, 0, 10) })
	f.minutes(10, func() { f.count(one, 10, 0) })
	f.want("opened failing")
	f.minutes(1, func() { f.count(two, 10, 0) })
	f.want("resolved failing")
}

func TestATickWithoutNewCountsResolvesNothing(t *testing.T) {
	violated := alert("violated", slo.When{Within: 5 * time.Minute, Events: 1}, "")
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{violated}})
	f.minutes(1, func() { f.count(violated.Subjects[0].Indicator, 1, 0) })
	f.want("opened violated")
	f.minutes(3, func() {})
	f.countErr = errors.New("the search is unavailable")
	f.minutes(4, func() {})
	f.want()
	if f.state.Blind() {
		t.Errorf("blind after four minutes: %+v", f.state)
	}
	// What could not be swept again says nothing about now.
	f.countErr = count.ErrOlder
	f.minutes(1, func() {})
	f.want("resolved violated")
}

// Nobody counted for ten minutes, so the replica that takes over does not know yet
// who sent something meanwhile.
func TestAReplicaThatTakesOverFindsNoAbsenceAtOnce(t *testing.T) {
	a := alert("silent", slo.When{Within: 3 * time.Minute, Absent: true}, "")
	f := newFixture(t, slo.Set{Alerts: []slo.Alert{a}})
	f.minutes(10, func() { f.count(a.Subjects[0].Indicator, 1, 0) })
	f.now = f.now.Add(10 * time.Minute)
	f.failover()
	f.minutes(3, func() {})
	f.want()
	f.minutes(1, func() {})
	f.want("opened silent")
}
