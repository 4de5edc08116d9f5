package evaluate_test

import (
	"testing"
	"time"

	"jari.example/alerting/slo"
)

func TestMuting(t *testing.T) {
	for name, tc := range map[string]struct {
		rules   []slo.SLO
		failing []string
		want    []string
	}{
		"of one that stands on another, the other": {
			[]slo.SLO{objective("a", "b"), objective("b")}, []string{"a", "b"}, []string{"opened b"},
		},
		"while the other does not fail, itself": {
			[]slo.SLO{objective("a", "b"), objective("b")}, []string{"a"}, []string{"opened a"},
		},
		"over three, the last": {
			[]slo.SLO{objective("a", "b"), objective("b", "c"), objective("c")}, []string{"a", "b", "c"}, []string{"opened c"},
		},
		"over one that does not fail itself": {
			[]slo.SLO{objective("a", "b"), objective("b", "c"), objective("c")}, []string{"a", "c"}, []string{"opened c"},
		},
		"of two that stand on each other, the first": {
			[]slo.SLO{objective("a", "b"), objective("b", "a")}, []string{"a", "b"}, []string{"opened a"},
		},
		"a name that is not in the set mutes nothing": {
			[]slo.SLO{objective("a", "gone")}, []string{"a"}, []string{"opened a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, slo.Set{SLOs: tc.rules})
			f.minutes(10, func() {
				for _, name := range tc.failing {
					f.count(indicator(name), 0, 10)
				}
			})
			f.want(tc.want...)
		})
	}
}

// A ticket's incident says that something can wait; a page on top of it must be sent.
func TestALessUrgentIncidentMutesNoPage(t *testing.T) {
	slow := objective("b")
	slow.Policy.Pairs = slow.Policy.Pairs[2:]
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a", "b"), slow}})
	both := func() { f.count(indicator("a"), 0, 10); f.count(indicator("b"), 0, 10) }
	f.minutes(10, both)
	f.want("opened a", "opened b")
	if v := f.incidents.last["b"]; v.Severity != slo.Ticket || len(v.AlsoAffected) > 0 {
		t.Errorf("b is a %s, which mutes %v", v.Severity, v.AlsoAffected)
	}
}

func TestAnOpenIncidentStaysWhenAnotherRuleItStandsOnFails(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a", "b"), objective("b")}})
	f.minutes(5, func() { f.count(indicator("a"), 0, 10); f.count(indicator("b"), 10, 0) })
	f.minutes(10, func() { f.count(indicator("a"), 0, 10); f.count(indicator("b"), 0, 30) })
	f.want("opened a", "opened b")
	if got := f.incidents.last["a"].Event; got != "ongoing" {
		t.Errorf("a is %s", got)
	}
	if got := f.incidents.last["b"].AlsoAffected; len(got) > 0 {
		t.Errorf("b lists %v, which has an incident of its own", got)
	}
}

func TestAMutedRuleIsListedWhileItFails(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a", "b"), objective("b")}})
	f.minutes(5, func() { f.count(indicator("a"), 10, 0); f.count(indicator("b"), 0, 10) })
	if got := f.incidents.last["b"].AlsoAffected; len(got) != 0 {
		t.Errorf("also affected: %v, but a is fine", got)
	}
	f.minutes(5, func() { f.count(indicator("a"), 0, 30); f.count(indicator("b"), 0, 10) })
	if got := f.incidents.last["b"].AlsoAffected; len(got) != 1 || got[0] != "a" {
		t.Errorf("also affected: %v", got)
	}
	// When b has recovered, a is muted for its short window and then opens.
	f.incidents.events = nil
	f.minutes(120, func() { f.count(indicator("a"), 0, 30); f.count(indicator("b"), 10_000, 0) })
	f.want("resolved b", "opened a")
	a, b := f.incidents.all[1], f.incidents.all[0]
	if wait := a.OpenedAt.Sub(b.EndedAt); wait != 5*time.Minute {
		t.Errorf("a opened %s after b had ended", wait)
	}
}

func TestATicketMutesNoPage(t *testing.T) {
	for name, c := range map[string]struct {
		within time.Duration // for so long the ticket stays open
		want   []string
	}{
		"while it is open":   {time.Hour, []string{"opened b", "opened a"}},
		"after it has ended": {time.Minute, []string{"opened b", "resolved b", "opened a"}},
	} {
		t.Run(name, func(t *testing.T) {
			slow := alert("b", slo.When{Within: c.within, Events: 1}, "")
			slow.Severity = slo.Ticket
			f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a", "b")}, Alerts: []slo.Alert{slow}})
			f.minutes(1, func() { f.count(slow.Subjects[0].Indicator, 1, 0); f.count(indicator("a"), 10, 0) })
			f.minutes(1, func() { f.count(indicator("a"), 10, 0) })
			f.minutes(1, func() { f.count(indicator("a"), 0, 100) })
			f.want(c.want...)
			if v := f.incidents.last["a"]; v.Severity != slo.Page {
				t.Errorf("a is a %s", v.Severity)
			}
		})
	}
}

// A rule that failed while another's incident muted it, and then recovered, has its
// failures reported there. Its own later incident does not report them again.
func TestWhatFailedWhileItWasMutedIsNotReportedAgain(t *testing.T) {
	for name, tc := range map[string]struct{ before, between, want slo.Count }{
		"after enough good events":              {slo.Count{Good: 10}, slo.Count{Good: 10}, slo.Count{Bad: 98}},
		"although a few are always bad":         {slo.Count{Good: 10}, slo.Count{Good: 499, Bad: 1}, slo.Count{Bad: 98}},
		"also what failed shortly before":       {slo.Count{Good: 100, Bad: 2}, slo.Count{Good: 10}, slo.Count{Bad: 98}},
		"but when nobody tried, it is reported": {slo.Count{Good: 10}, slo.Count{}, slo.Count{Bad: 50 + 98}},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := objective("a", "b"), objective("b")
			a.Policy.Pairs, b.Policy.Pairs = a.Policy.Pairs[:1], b.Policy.Pairs[:1]
			f := newFixture(t, slo.Set{SLOs: []slo.SLO{a, b}})
			both := func(a, b slo.Count) func() {
				return func() { f.count(indicator("a"), a.Good, a.Bad); f.count(indicator("b"), b.Good, b.Bad) }
			}
			good := slo.Count{Good: 100_000}
			f.minutes(1, both(tc.before, slo.Count{Good: 10}))
			f.minutes(5, both(slo.Count{Bad: 10}, slo.Count{Bad: 30}))
			f.minutes(6, both(tc.between, good))
			f.want("opened b", "resolved b")
			f.minutes(1, both(slo.Count{Bad: 98}, good))
			f.want("opened a")
			opened := f.incidents.last["a"]
			if got := opened.Since.Count; got != tc.want {
				t.Errorf("its message says %+v, want %+v", got, tc.want)
			}
			// Also when b's incident has been over for long.
			f.minutes(150, both(slo.Count{Bad: 98}, good))
			if v := f.incidents.last["a"]; v.Event != "ongoing" || !v.StartedAt.Equal(opened.StartedAt) {
				t.Errorf("later it is %s since %s, and was since %s", v.Event, v.StartedAt, opened.StartedAt)
			}
		})
	}
}

// Nobody has heard of the first failures.
func TestFailuresThatNoIncidentReportedCountAtTheNext(t *testing.T) {
	f := newFixture(t, slo.Set{SLOs: []slo.SLO{objective("a", "b"), objective("b")}})
	minute := func(good, bad int64) func() {
		return func() { f.count(indicator("a"), good, bad); f.count(indicator("b"), 100, 0) }
	}
	f.minutes(1, minute(0, 1))
	f.minutes(6, minute(5, 0))
	f.want()
	f.minutes(1, minute(0, 98))
	f.want("opened a")
	if got, want := f.incidents.last["a"].Since.Count, (slo.Count{Good: 30, Bad: 99}); got != want {
		t.Errorf("its message says %+v, want %+v", got, want)
	}
}
