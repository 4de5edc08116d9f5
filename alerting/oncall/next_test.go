package oncall

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestSaysWhoIsNotifiedNextAndWhen(t *testing.T) {
	r := seoul(t)
	page := local(t, r.Zone, "2026-11-09 09:53") // Mina is on call until 10:00, and then Jun
	at := func(minutes int) time.Time { return page.Add(time.Duration(minutes) * time.Minute) }
	for name, c := range map[string]struct {
		notified []Notified
		now      int // minutes after the page
		want     string
		due      int
	}{
		"of a new page who is on call, at once":  {nil, 0, "Mina", 0},
		"after the first the second":             {[]Notified{{"Mina", at(0)}}, 1, "Jun", 5},
		"when it is due":                         {[]Notified{{"Mina", at(0)}}, 5, "Jun", 5},
		"by the line of the time when it is due": {[]Notified{{"Mina", at(-5)}, {"Jun", at(0)}, {"Sora", at(5)}}, 6, "Jun", 10},
		"who is on call since the hand-over":     {[]Notified{{"Mina", at(3)}}, 3, "Jun", 8},
		"again the first when all were":          {[]Notified{{"Mina", at(0)}, {"Jun", at(5)}, {"Sora", at(10)}}, 10, "Jun", 15},
		"in the second round the second": {
			[]Notified{{"Mina", at(0)}, {"Jun", at(5)}, {"Sora", at(10)}, {"Jun", at(15)}}, 15, "Sora", 20,
		},
		"long after it was due":                       {[]Notified{{"Mina", at(0)}}, 60, "Jun", 5},
		"by the line of now when it was due before":   {[]Notified{{"Mina", at(-9)}, {"Jun", at(-4)}, {"Sora", at(1)}}, 12, "Jun", 6},
		"without one who has left the rota meanwhile": {[]Notified{{"Hana", at(0)}}, 0, "Mina", 5},
	} {
		t.Run(name, func(t *testing.T) {
			next, due := r.Next(c.notified, at(c.now))
			if next.Name != c.want || !due.Equal(at(c.due)) {
				t.Errorf("%s at %s, want %s at %s", next.Name, due, c.want, at(c.due))
			}
		})
	}
}

func TestAPersonWhoIsAwayIsNotNotifiedInTheNextRoundEither(t *testing.T) {
	r := seoul(t)
	away("Jun")(&r)
	page := local(t, r.Zone, "2026-11-04 12:00")
	var notified []Notified
	for now := page; len(notified) < 5; {
		next, due := r.Next(notified, now)
		notified, now = append(notified, Notified{next.Name, due}), due
	}
	if got := whoOf(notified); !slices.Equal(got, []string{"Mina", "Sora", "Mina", "Sora", "Mina"}) {
		t.Errorf("notified %q", got)
	}
}

func whoOf(notified []Notified) (names []string) {
	for _, n := range notified {
		names = append(names, n.Person)
	}
	return names
}

// For a year, a page is opened 7 minutes before each hand-over, and nobody ever
// acknowledges. The clock is that of the bubble, which begins in the year 2000; the
// hand-overs are at midnight, and at the end of the night in which clocks change.
func TestAPageIsHandedOnInOrderAcrossEachHandOver(t *testing.T) {
	for _, name := range zones {
		for _, hour := range []int{0, 3} {
			synctest.Test(t, func(t *testing.T) {
				start := wallClock(2000, 1, 2, hour, 0) // a Sunday, as clocks change on Sundays
				r := Rota{Zone: location(t, name), Start: start, People: people("Mina", "Jun", "Sora"), AcknowledgeWithin: 5 * time.Minute}
				for week := range 53 {
					handOver := time.Date(2000, 1, 2+7*(week+1), hour, 0, 0, 0, r.Zone)
					time.Sleep(time.Until(handOver.Add(-7 * time.Minute)))
					got := whoOf(unacknowledged(t, r, 6))
					person := func(n int) string { return r.People[(week+n)%3].Name }
					// Two before the hand-over, the third after it. Then the line begins with the new
					// person on call, who was notified before.
					if want := []string{person(0), person(1), person(2), person(1), person(2), person(0)}; !slices.Equal(got, want) {
						t.Errorf("%s, %s: notified %q, want %q", name, handOver, got, want)
					}
				}
			})
		}
	}
}

// unacknowledged opens a page and notifies n times.
func unacknowledged(t *testing.T, r Rota, n int) (notified []Notified) {
	t.Helper()
	opened := time.Now()
	for len(notified) < n {
		_, due := r.Next(notified, time.Now())
		time.Sleep(time.Until(due))
		next, _ := r.Next(notified, time.Now())
		notified = append(notified, Notified{next.Name, time.Now()})
	}
	if took, want := time.Since(opened), time.Duration(n-1)*r.AcknowledgeWithin; took != want {
		t.Errorf("%d were notified within %s, want %s", n, took, want)
	}
	return notified
}
