package incident_test

import (
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

// sweep is the time within which lines that arrived late are counted.
const sweep = 15 * time.Minute

// The agent stopped, and 110 bookings failed meanwhile.
func TestAStoppedAgentIsAnAlertWithinThreeMinutesAndItsLateLinesAreCounted(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}, Alerts: []slo.Alert{blindness()}})
	s.run(2*time.Hour, append(beat(), flow{of: bookings, region: kr, good: 10})...)
	s.want()

	stopped := s.now
	for minute := range 11 {
		back := time.Duration(11-minute) * time.Minute // the agent keeps the lines until then
		s.run(time.Minute, flow{of: bookings, region: kr, bad: 10, late: back})
	}
	i := s.last["blind"]
	if late := i.OpenedAt.Sub(stopped); !s.open("blind") || late > 3*time.Minute {
		t.Errorf("the alert opened %s after the agent had stopped", late)
	}
	if !s.blind.Blind() || !strings.Contains(s.blind.Reason, us) || s.blind.Since.Sub(stopped).Abs() > time.Minute {
		t.Errorf("blindness is %+v", s.blind)
	}
	if s.open("bookings") {
		t.Error("an incident of bookings, of which nothing is known")
	}
	s.events = nil

	s.run(sweep, append(beat(), flow{of: bookings, region: kr, good: 10})...)
	i = s.last["bookings"]
	if i.Facts.SinceStart.Bad != 110 || i.Facts.Regions[kr] != 110 || !i.StartedAt.Equal(stopped) {
		t.Errorf("since %s %v failed, in %v; 110 failed since %s", i.StartedAt, i.Facts.SinceStart, i.Facts.Regions, stopped)
	}
	if s.blind.Blind() {
		t.Errorf("with heartbeats again: %+v", s.blind)
	}
}

func TestWhileBlindNothingResolvesAndTheMessageSaysSo(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}, Alerts: []slo.Alert{blindness()}})
	good, bad := flow{of: bookings, region: kr, good: 10}, flow{of: bookings, region: kr, bad: 10}
	s.run(time.Hour, append(beat(), good)...)
	s.run(10*time.Minute, append(beat(), bad)...)
	// One of two agents sends no heartbeats, but the lines of bookings arrive.
	s.runSlowly(5*time.Hour, beat()[0], good)
	if i := s.last["bookings"]; !s.open("bookings") || !strings.Contains(i.Facts.Frozen, us) {
		t.Errorf("open %v, frozen %q", s.open("bookings"), i.Facts.Frozen)
	}
	s.run(2*time.Minute, append(beat(), good)...)
	if i := s.last["bookings"]; s.open("bookings") || i.Facts.Frozen != "" || s.open("blind") {
		t.Errorf("with heartbeats again: open %v, frozen %q", s.open("bookings"), i.Facts.Frozen)
	}
}

func TestCountingThatFailsIsBlindnessAfterTheLookback(t *testing.T) {
	for name, end := range map[string]func(*scenario, bool){
		"the search fails": func(s *scenario, away bool) {
			if away {
				s.source.Fail(failure("the search is unavailable"))
			} else {
				s.source.Fail(nil)
			}
		},
		"the index is empty": func(s *scenario, away bool) {
			if away {
				s.source.Fail(count.ErrNoTelemetry)
			} else {
				s.source.Fail(nil)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}, Alerts: []slo.Alert{blindness()}})
			good, bad := flow{of: bookings, region: kr, good: 10}, flow{of: bookings, region: kr, bad: 10}
			s.run(time.Hour, append(beat(), good)...)
			s.run(10*time.Minute, append(beat(), bad)...)
			s.run(2*time.Minute, append(beat(), good)...)
			end(s, true)
			s.run(4*time.Minute, append(beat(), good)...)
			if s.blind.Blind() && !s.open("blind") {
				t.Errorf("blind after 4 minutes: %+v", s.blind)
			}
			s.runSlowly(6*time.Hour, append(beat(), good)...)
			if !s.open("bookings") || !s.open("blind") || !s.blind.Blind() {
				t.Errorf("open %v, the alert %v, blind %+v", s.open("bookings"), s.open("blind"), s.blind)
			}
			if got := s.last["bookings"].Facts.Frozen; got == "" {
				t.Error("the message does not say that it is frozen")
			}
			end(s, false)
			s.run(time.Minute, append(beat(), good)...)
			if s.open("bookings") || s.open("blind") || s.blind.Blind() {
				t.Errorf("after: open %v, the alert %v, blind %+v", s.open("bookings"), s.open("blind"), s.blind)
			}
		})
	}
}

// Thirty failures, and then nobody tries.
func TestSilenceAfterAFaultDoesNotResolve(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}, Alerts: []slo.Alert{blindness()}})
	good, bad := flow{of: bookings, region: kr, good: 10}, flow{of: bookings, region: kr, good: 5, bad: 10}
	s.run(time.Hour, append(beat(), good)...)
	s.run(3*time.Minute, append(beat(), bad)...)
	lastTry := s.now.Add(-time.Minute)
	s.runSlowly(9*time.Hour, beat()...)
	if s.blind.Blind() {
		t.Errorf("no traffic with heartbeats is taken for blindness: %+v", s.blind)
	}
	e := s.last["bookings"].Facts.EndsAfter
	// The worst share was 10 of 15 while it fired, hence ⌈ln 0.01 / ln (1/3)⌉ = 5.
	if !s.open("bookings") || e == nil || e.Seen != 0 || e.Needed != 5 || !e.LastEvent.Equal(lastTry) {
		t.Fatalf("after nine hours of silence: open %v, %+v", s.open("bookings"), e)
	}
	few := flow{of: bookings, region: us, good: 4}
	s.run(time.Minute, append(beat(), few)...)
	s.run(time.Hour, beat()...)
	if e := s.last["bookings"].Facts.EndsAfter; !s.open("bookings") || e.Seen != 4 {
		t.Errorf("after four good ones: open %v, %+v", s.open("bookings"), e)
	}
	few.good = 1
	s.run(2*time.Minute, append(beat(), few)...)
	if s.open("bookings") {
		t.Error("open after five good ones")
	}
}

func TestBothGatewaysSilentIsAnAlertAndNothingResolves(t *testing.T) {
	silent := absent("gateway-silent", access, kr, us)
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}, Alerts: []slo.Alert{blindness(), silent}})
	good := []flow{{of: bookings, region: kr, good: 10}}
	for _, subject := range silent.Subjects {
		good = append(good, flow{of: subject.Indicator, region: subject.Name, good: 1})
	}
	s.run(time.Hour, append(beat(), good...)...)
	s.run(10*time.Minute, append(append(beat(), good[1:]...), flow{of: bookings, region: kr, bad: 10})...)
	s.runSlowly(9*time.Hour, beat()...)
	i := s.last["gateway-silent"]
	if !s.open("gateway-silent") || !s.open("bookings") || len(i.Facts.Alert.Firing) != 2 {
		t.Errorf("silent %v, bookings %v, %+v", s.open("gateway-silent"), s.open("bookings"), i.Facts.Alert)
	}
	s.run(5*time.Minute, append(beat(), good...)...)
	if s.open("gateway-silent") || s.open("bookings") {
		t.Error("open with traffic again")
	}
}

func TestARenamedObjectiveClosesItsIncidentWithANote(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}})
	s.run(time.Hour, flow{of: bookings, region: kr, good: 10})
	s.run(10*time.Minute, flow{of: bookings, region: kr, bad: 10})
	s.events = nil
	s.set = slo.Set{SLOs: []slo.SLO{objective("reservations", bookings)}}
	s.run(time.Minute, flow{of: bookings, region: kr, bad: 10})
	s.want("70 opened reservations", "70 withdrawn bookings")
	if i := s.last["bookings"]; i.Open() || !i.Facts.Withdrawn {
		t.Errorf("the old incident is %+v", i)
	}
}

// One minute of failures every 40 minutes.
func TestAFaultThatComesAndGoesIsOneIncident(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}})
	good, bad := flow{of: bookings, region: kr, good: 20}, flow{of: bookings, region: kr, bad: 20}
	s.runSlowly(2*time.Hour, good)
	for range 36 {
		s.run(time.Minute, bad)
		s.runSlowly(39*time.Minute, good)
	}
	opened, reopened := 0, 0
	for _, e := range s.events {
		opened += strings.Count(e, " opened")
		reopened += strings.Count(e, "reopened")
	}
	i := s.last["bookings"]
	if opened != 1 || reopened < 5 || i.Facts.Reopened != reopened || i.Facts.SinceStart.Bad != 36*20 {
		t.Errorf("opened %d times, reopened %d; %d failed since its start, want %d: %q",
			opened, reopened, i.Facts.SinceStart.Bad, 36*20, s.events)
	}
	// The negative control: another fault two days later is another incident.
	s.runSlowly(48*time.Hour, good)
	s.events = nil
	s.run(2*time.Minute, bad)
	if len(s.events) != 1 || !strings.Contains(s.events[0], " opened") {
		t.Errorf("two days later: %q", s.events)
	}
}

// Between two faults, two hours apart, everything worked; the slower pair of windows
// has both in it.
func TestASecondFaultBeginsWithItsOwnFirstFailure(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}})
	good, bad := flow{of: bookings, region: kr, good: 20}, flow{of: bookings, region: kr, bad: 20}
	s.runSlowly(2*time.Hour, good)
	s.run(20*time.Minute, bad)
	s.runSlowly(2*time.Hour, good)
	began := s.now
	s.run(10*time.Minute, bad)
	s.runSlowly(10*time.Minute, good) // only the slower pair fires
	i := s.last["bookings"]
	if !s.open("bookings") || i.Facts.Pair.Long != 6*time.Hour {
		t.Fatalf("open %v, measured over %s", s.open("bookings"), i.Facts.Pair.Long)
	}
	if !i.StartedAt.Equal(began) || i.Facts.SinceStart.Bad != 200 || i.Facts.SinceStart.Good > 200 {
		t.Errorf("since %s %+v; the second fault began at %s with 200 failures", i.StartedAt, i.Facts.SinceStart, began)
	}
}

func TestLateLinesChangeTheOpenIncidentItsStartAndTheBudget(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}})
	good := flow{of: bookings, region: kr, good: 20}
	s.run(3*time.Hour, good)
	began := s.now
	// The lines of us-east-1 come 40 minutes late; those of kr fail later.
	late := flow{of: bookings, region: us, bad: 5, late: 40 * time.Minute}
	s.run(5*time.Minute, good, late)
	s.run(20*time.Minute, flow{of: bookings, region: kr, bad: 20}, late)
	before := s.last["bookings"]
	if before.Facts.Regions[us] != 0 || before.StartedAt.Sub(began) != 5*time.Minute {
		t.Fatalf("before the late lines: since %s, %v", before.StartedAt, before.Facts.Regions)
	}
	s.run(40*time.Minute+sweep, flow{of: bookings, region: kr, bad: 20})
	after := s.last["bookings"]
	if after.Facts.Regions[us] != 125 || !after.StartedAt.Equal(began) || after.Facts.BudgetRemaining >= before.Facts.BudgetRemaining {
		t.Errorf("after them: since %s, %v, budget %v → %v", after.StartedAt, after.Facts.Regions,
			before.Facts.BudgetRemaining, after.Facts.BudgetRemaining)
	}
}

func TestAFailingDependencyMutesWhatStandsOnItAndListsIt(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings, "searches"), objective("searches", searches)}})
	good := []flow{{of: bookings, region: kr, good: 20}, {of: searches, region: kr, good: 20}}
	bad := []flow{{of: bookings, region: kr, bad: 20}, {of: searches, region: kr, bad: 20}}
	s.run(time.Hour, good...)
	s.run(10*time.Minute, bad...)
	s.want("60 opened searches")
	if got := s.last["searches"].Facts.AlsoAffected; len(got) != 1 || got[0] != "bookings" {
		t.Errorf("also affected: %v", got)
	}
	// Bookings still fail when searches have recovered: muted for its short window.
	s.run(7*time.Hour, bad[0], good[1])
	if len(s.events) != 2 || !strings.HasSuffix(s.events[0], string(evaluate.Resolved)+" searches") ||
		!strings.HasSuffix(s.events[1], " opened bookings") {
		t.Errorf("got %q", s.events)
	}
	resolved, opened := s.last["searches"].ResolvedAt, s.last["bookings"].OpenedAt
	if wait := opened.Sub(resolved); wait < 5*time.Minute || wait > 6*time.Minute {
		t.Errorf("bookings opened %s after searches had resolved", wait)
	}
}

func TestATicketBecomesAPageInPlaceAndThePageMutesTickets(t *testing.T) {
	s := newScenario(t, slo.Set{SLOs: []slo.SLO{objective("bookings", bookings)}})
	good := flow{of: bookings, region: kr, good: 100}
	slow := flow{of: bookings, region: kr, good: 997, bad: 4} // a burn rate of 4
	s.runSlowly(12*time.Hour, good)
	s.runSlowly(12*time.Hour, slow)
	i := s.last["bookings"]
	if len(s.events) != 1 || i.Severity != slo.Ticket || i.Facts.Pair.Severity != slo.Ticket {
		t.Fatalf("a slow burn: %q, %+v", s.events, i)
	}
	id := i.ID
	s.events = nil
	s.runSlowly(30*time.Minute, flow{of: bookings, region: kr, bad: 1000})
	i = s.last["bookings"]
	if len(s.events) != 1 || !strings.Contains(s.events[0], "raised") || i.ID != id || i.Severity != slo.Page {
		t.Errorf("a fast burn: %q, %+v", s.events, i)
	}
	s.events = nil
	// The slow burn, which fires the ticket's pairs, goes on after the fast one.
	s.runSlowly(10*time.Hour, slow)
	if len(s.events) != 2 || !strings.Contains(s.events[0], "resolved") || !strings.Contains(s.events[1], "opened") {
		t.Fatalf("after it: %q", s.events)
	}
	page, err := s.store.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	ticket := s.last["bookings"]
	if muted := ticket.OpenedAt.Sub(page.ResolvedAt); ticket.Severity != slo.Ticket || muted != 2*time.Hour {
		t.Errorf("a %s opened %s after the page had ended, want a ticket after the short window of its pair", ticket.Severity, muted)
	}
}

type failure string

func (c failure) Error() string { return string(c) }
