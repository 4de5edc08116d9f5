package diagnosis

import (
	"math"
	"testing"
)

// group is events that are alike.
type group struct {
	number int
	bad    bool
	values []string // of each field; "" for none, "?" for not known
}

func eventsOf(groups ...group) (all []Event) {
	for _, g := range groups {
		e := Event{Bad: g.bad, Weight: 1}
		for _, v := range g.values {
			switch v {
			case "?":
				e.Values = append(e.Values, nil)
			case "":
				e.Values = append(e.Values, []string{})
			default:
				e.Values = append(e.Values, []string{v})
			}
		}
		for range g.number {
			all = append(all, e)
		}
	}
	return all
}

// want checks the values of the findings, in their order.
func want(t *testing.T, found []Finding, values ...string) {
	t.Helper()
	ok := len(found) == len(values)
	for n := range min(len(found), len(values)) {
		ok = ok && found[n].Value == values[n]
	}
	if !ok {
		t.Errorf("got %+v, want %q", found, values)
	}
}

func TestAFindingSaysHowManyEventsHaveTheValue(t *testing.T) {
	found := Compare(make([]Field, 1), eventsOf(
		group{98, true, []string{"1.9.2"}}, group{2, true, []string{"1.9.1"}},
		group{12, false, []string{"1.9.2"}}, group{388, false, []string{"1.9.1"}}))
	want(t, found, "1.9.2")
	f := found[0]
	if f.BadShare() != 0.98 || f.GoodShare() != 0.03 || f.Bad != 98 || f.BadOf != 100 || f.Good != 12 || f.GoodOf != 400 {
		t.Errorf("got %+v", f)
	}
	if lift := f.Lift(); math.Abs(lift-0.98/0.22) > 1e-9 {
		t.Errorf("lift %v", lift)
	}
	if f.Probability > 1e-50 {
		t.Errorf("probability %v", f.Probability)
	}
}

func TestOfValuesThatDescribeTheSameEventsTheFirstFieldIsNamed(t *testing.T) {
	// The instance has all bad events of the version and fewer good ones, so it differs more.
	found := Compare(make([]Field, 2), eventsOf(
		group{90, true, []string{"1.9.2", "pod-7"}}, group{10, true, []string{"1.9.1", "pod-1"}},
		group{20, false, []string{"1.9.2", "pod-7"}}, group{5, false, []string{"1.9.2", "pod-8"}},
		group{375, false, []string{"1.9.1", "pod-1"}}))
	want(t, found, "1.9.2")
}

func TestAPartOfAFindingIsNoFinding(t *testing.T) {
	found := Compare(make([]Field, 2), eventsOf(
		group{50, true, []string{"1.9.2", "pod-7"}}, group{48, true, []string{"1.9.2", "pod-8"}}, group{2, true, []string{"1.9.1", "pod-1"}},
		group{5, false, []string{"1.9.2", "pod-7"}}, group{5, false, []string{"1.9.2", "pod-8"}}, group{390, false, []string{"1.9.1", "pod-1"}}))
	want(t, found, "1.9.2")
}

func TestNoValueIsNamedTwice(t *testing.T) {
	// The version is the general name of both: of pod-7, and of zone-a for what that leaves over.
	found := Compare(make([]Field, 3), eventsOf(
		group{85, true, []string{"1.9.2", "pod-7", "zone-a"}}, group{15, true, []string{"1.9.1", "pod-7", "zone-a"}},
		group{100, false, []string{"1.9.1", "pod-1", "zone-b"}}))
	want(t, found, "1.9.2")
}

func TestASecondCauseIsNamedAfterTheFirst(t *testing.T) {
	found := Compare(make([]Field, 2), eventsOf(
		group{60, true, []string{"kr", "ordinary"}}, group{40, true, []string{"us", "mosu"}},
		group{200, false, []string{"us", "ordinary"}}, group{10, false, []string{"kr", "ordinary"}}, group{4, false, []string{"us", "mosu"}}))
	want(t, found, "kr", "mosu")
}

func TestHowEventsEndComesLast(t *testing.T) {
	fields := []Field{{Outcome: true}, {}}
	found := Compare(fields, eventsOf(
		group{70, true, []string{"timeout", "kr"}}, group{30, true, []string{"timeout", "us"}},
		group{30, false, []string{"", "kr"}}, group{170, false, []string{"", "us"}}))
	want(t, found, "kr", "timeout")
	// Even where there would be three others.
	fields = []Field{{}, {}, {}, {Outcome: true}}
	found = Compare(fields, eventsOf(
		group{50, true, []string{"a", "", "", "timeout"}}, group{40, true, []string{"", "b", "", "timeout"}},
		group{30, true, []string{"", "", "c", "timeout"}}, group{400, false, []string{"", "", "", ""}}))
	want(t, found, "a", "b", "timeout")
	// Where everything fails, what goes wrong there is news, too.
	found = Compare([]Field{{}, {Outcome: true}}, eventsOf(
		group{98, true, []string{"1.9.2", "timeout"}}, group{2, true, []string{"1.9.1", "timeout"}},
		group{3, false, []string{"1.9.2", ""}}, group{97, false, []string{"1.9.1", ""}}))
	want(t, found, "1.9.2", "timeout")
}

func TestThreeFindingsAreEnough(t *testing.T) {
	found := Compare(make([]Field, 1), eventsOf(
		group{25, true, []string{"a"}}, group{25, true, []string{"b"}}, group{25, true, []string{"c"}}, group{25, true, []string{"d"}},
		group{400, false, []string{""}}))
	want(t, found, "a", "b", "c")
}

// For each, without the limit there is a finding: it is what makes the difference.
func TestSmallDifferencesAreNoFindings(t *testing.T) {
	trivial := eventsOf(group{3100, true, []string{"x"}}, group{6900, true, []string{"y"}},
		group{2800, false, []string{"x"}}, group{7200, false, []string{"y"}})
	want(t, Compare(make([]Field, 1), trivial))
	l := standard
	l.difference, l.odds = 0, 1
	want(t, l.compare(make([]Field, 1), trivial), "x")
	rare := eventsOf(group{90, true, []string{"x"}}, group{910, true, []string{"y"}}, group{10000, false, []string{"y"}})
	want(t, Compare(make([]Field, 1), rare))
	l = standard
	l.difference = 0
	want(t, l.compare(make([]Field, 1), rare), "x")
}

func TestEventsWhoseFieldIsNotKnownDoNotCountForIt(t *testing.T) {
	// Few traces of good events were kept; that says nothing about their versions.
	found := Compare(make([]Field, 1), eventsOf(group{100, true, []string{"1.9.1"}},
		group{20, false, []string{"1.9.1"}}, group{980, false, []string{"?"}}))
	want(t, found)
	found = Compare(make([]Field, 1), eventsOf(group{100, true, []string{"1.9.1"}},
		group{20, false, []string{"1.9.1"}}, group{980, false, []string{""}}))
	want(t, found, "1.9.1")
}

func TestWhatIsBehindFewOfAllBadEventsIsNoFinding(t *testing.T) {
	// Half of what the region leaves over, but that is 50 of 1,000.
	found := Compare(make([]Field, 2), eventsOf(
		group{400, true, []string{"kr", ""}}, group{500, true, []string{"kr", "mosu"}}, group{50, true, []string{"us", ""}},
		group{50, true, []string{"us", "mosu"}}, group{30, false, []string{"kr", ""}}, group{770, false, []string{"us", ""}},
		group{200, false, []string{"us", "mosu"}}))
	want(t, found, "kr")
}

func TestALineThatStandsForManyIsNoMoreEvidenceThanOne(t *testing.T) {
	heavy := func(weight float64) []Event {
		events := eventsOf(group{9, true, []string{"x"}}, group{50, true, []string{"y"}},
			group{4, false, []string{"x"}}, group{100, false, []string{"y"}})
		events[0].Weight = weight
		return events
	}
	want(t, Compare(make([]Field, 1), heavy(1)))
	want(t, Compare(make([]Field, 1), heavy(150)))
	// The share counts what the line stands for.
	c := newComparison(standard, 1, heavy(150))
	if f := c.finding(key{0, "x"}, nil); f.Bad != 158 || f.BadOf != 208 {
		t.Errorf("got %+v", f)
	}
	// Negative control: as 158 events they would be significant.
	for n := range c.all {
		c.all[n].badSquares, c.all[n].goodSquares = c.all[n].bad, c.all[n].good
	}
	if p := c.probability(c.finding(key{0, "x"}, nil)); p > 1e-6 {
		t.Errorf("probability %v", p)
	}
}

func TestNothingIsComparedWithNothing(t *testing.T) {
	for name, events := range map[string][]Event{
		"no events": nil, "no good ones": eventsOf(group{100, true, []string{"x"}}), "no bad ones": eventsOf(group{100, false, []string{"x"}}),
		"no values": eventsOf(group{100, true, []string{"?"}}, group{100, false, []string{"?"}}),
	} {
		t.Run(name, func(t *testing.T) { want(t, Compare(make([]Field, 1), events)) })
	}
}

// The values are those of scipy.stats.hypergeom.sf(k-1, total, marked, draws).
func TestTheTailIsThatOfTheHypergeometricDistribution(t *testing.T) {
	for _, c := range []struct{ k, draws, marked, total, want float64 }{
		{0, 5, 5, 10, 1}, {5, 5, 5, 10, 1.0 / 252}, {3, 5, 5, 10, 0.5}, {6, 8, 7, 8, 1}, {1, 1, 1, 1000, 0.001},
	} {
		if got := hypergeometricTail(c.k, c.draws, c.marked, c.total); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: got %v", c, got)
		}
	}
	if got := hypergeometricTail(600, 1000, 650, 2000); got <= 0 || got > 1e-100 {
		t.Errorf("a tail that is very small: %v", got)
	}
}
