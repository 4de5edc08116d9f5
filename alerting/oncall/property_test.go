package oncall

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Zones without clock changes, with those of an hour, and with those of half an hour
// in the southern hemisphere.
var zones = []string{"Asia/Seoul", "America/New_York", "Europe/London", "Australia/Lord_Howe"}

// The oracle walks through two years, and counts the days that a clock in the zone
// has shown since the start.
func TestEveryWeekAnotherPersonIsOnCallByTheLocalClock(t *testing.T) {
	for _, name := range zones {
		for _, start := range []time.Time{
			wallClock(2025, 12, 29, 10, 0), wallClock(2025, 12, 28, 2, 30), wallClock(2025, 12, 28, 1, 30), wallClock(2025, 12, 28, 0, 0),
			wallClock(2025, 12, 28, 2, 10),
		} {
			step := 30 * time.Minute // clocks change at multiples of it
			if start.Minute()%30 != 0 {
				step = 10 * time.Minute
			}
			r := Rota{Zone: location(t, name), Start: start, People: people("Mina", "Jun", "Sora")}
			latest := time.Time{} // that the clock has shown: when it goes back, the week does not
			for at := time.Date(2026, 1, 1, 0, 0, 0, 0, r.Zone); at.Year() < 2028; at = at.Add(step) {
				shown := at.In(r.Zone)
				wall := wallClock(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute())
				if wall.After(latest) {
					latest = wall
				}
				weeks := int(latest.Sub(start).Hours()) / (7 * 24)
				if got, want := r.Line(at)[0], r.People[weeks%3]; got != want {
					t.Fatalf("%s, from %s: at %s %s is on call, want %s", name, start, shown, got.Name, want.Name)
				}
			}
		}
	}
}

var someRota = rapid.Custom(func(t *rapid.T) Rota {
	r := Rota{
		Start:             wallClock(2026, 1, 1, 0, 0).Add(time.Duration(rapid.IntRange(0, 7*24*60).Draw(t, "minute of the week")) * time.Minute),
		AcknowledgeWithin: 5 * time.Minute,
	}
	var err error
	if r.Zone, err = time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone")); err != nil {
		t.Fatal(err)
	}
	for n := range rapid.IntRange(1, 5).Draw(t, "people") {
		r.People = append(r.People, Person{Name: fmt.Sprint("person ", n)})
	}
	name := rapid.Map(rapid.IntRange(0, len(r.People)-1), func(n int) string { return r.People[n].Name })
	hours := rapid.Map(rapid.IntRange(0, 60*24), func(n int) time.Time { return r.Start.Add(time.Duration(n) * time.Hour) })
	borders := rapid.SliceOfNDistinct(hours, 0, 8, time.Time.Unix).Draw(t, "borders of overrides")
	slices.SortFunc(borders, time.Time.Compare)
	for n := 0; n+1 < len(borders); n += 2 {
		r.Overrides = append(r.Overrides, Override{Period: Period{borders[n], borders[n+1]}, Person: name.Draw(t, "replaces")})
	}
	for range rapid.IntRange(0, 5).Draw(t, "times away") {
		from := hours.Draw(t, "away from")
		to := from.Add(time.Duration(rapid.IntRange(1, 20*24).Draw(t, "hours")) * time.Hour)
		r.Away = append(r.Away, TimeAway{Period: Period{from, to}, Person: name.Draw(t, "away")})
	}
	return r
})

func (r Rota) isAway(p Person, at time.Time) bool {
	return slices.ContainsFunc(r.Away, func(a TimeAway) bool { return a.Person == p.Name && !at.Before(a.From) && at.Before(a.To) })
}

func TestTheLineHasEachPersonWhoIsThereOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := someRota.Draw(t, "rota")
		at := r.Start.Add(time.Duration(rapid.IntRange(-60, 24*60*60).Draw(t, "minutes")) * time.Minute)
		line := r.Line(at)
		var want []Person
		for _, p := range r.People {
			if !r.isAway(p, at) {
				want = append(want, p)
			}
		}
		if len(want) == 0 {
			want = r.People
		}
		sorted := slices.SortedFunc(slices.Values(line), func(a, b Person) int { return slices.Index(r.People, a) - slices.Index(r.People, b) })
		if !slices.Equal(sorted, want) {
			t.Fatalf("got %v, want %v in any order", line, want)
		}
	})
}

func TestShiftsCoverAllTimeWithoutOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := someRota.Draw(t, "rota")
		from := r.Start.Add(time.Duration(rapid.IntRange(-30*24, 40*24).Draw(t, "from")) * time.Hour)
		to := from.Add(time.Duration(rapid.IntRange(1, 50*24*60).Draw(t, "minutes")) * time.Minute)
		end := from
		for _, s := range r.Shifts(from, to) {
			if !s.From.Equal(end) || !s.To.After(s.From) {
				t.Fatalf("a shift from %s to %s follows one until %s", s.From, s.To, end)
			}
			end = s.To
			inside := s.From.Add(time.Duration(rapid.Int64Range(0, int64(s.To.Sub(s.From)-1)).Draw(t, "inside")))
			if got := r.Line(inside)[0]; got != s.Person {
				t.Fatalf("%s leads the line at %s, in a shift of %s", got.Name, inside, s.Person.Name)
			}
		}
		if !end.Equal(to) {
			t.Fatalf("the last shift ends at %s, not at %s", end, to)
		}
	})
}

func TestATimeIsInAGapExactlyWhenWhoWasPlannedIsAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := someRota.Draw(t, "rota")
		from := r.handOver(0)
		at := from.Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(t, "minutes")) * time.Minute)
		inGap := slices.ContainsFunc(r.Gaps(from, at.Add(time.Hour)), func(g Gap) bool { return g.Contains(at) })
		nobodyAway := r
		nobodyAway.Away = nil
		if want := r.isAway(nobodyAway.Line(at)[0], at); inGap != want {
			t.Fatalf("in a gap at %s: %t, want %t", at, inGap, want)
		}
	})
}

func TestAfterAsManyNotificationsAsPeopleEverybodyWasNotified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := someRota.Draw(t, "rota")
		r.Away, r.Overrides = nil, nil
		now := r.Start.Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(t, "minutes")) * time.Minute)
		var notified []Notified
		for range 3 {
			for range r.People {
				next, due := r.Next(notified, now)
				notified, now = append(notified, Notified{next.Name, due}), due
			}
			names := whoOf(notified[len(notified)-len(r.People):])
			if slices.Sort(names); len(slices.Compact(names)) != len(r.People) {
				t.Fatalf("notified %q", whoOf(notified))
			}
		}
	})
}
