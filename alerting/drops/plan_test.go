package drops

import (
	"slices"
	"testing"
	"time"
)

func TestPlan(t *testing.T) {
	opens := time.Date(2026, 12, 1, 10, 0, 0, 0, time.FixedZone("KST", 9*60*60))
	needs := Needs{Least: 2, Most: 10, DinersPerSeat: 100, PerTask: 500, Within: 20 * time.Second, Before: 10 * time.Minute, After: 15 * time.Minute}
	drop := func(after time.Duration, seats int) Drop { return Drop{OpensAt: opens.Add(after), Seats: seats} }
	for name, c := range map[string]struct {
		drops []Drop
		now   time.Time
		want  []Change
	}{
		"none":                    {nil, opens.AddDate(0, 0, -1), nil},
		"a small one needs none":  {[]Drop{drop(0, 150)}, opens.AddDate(0, 0, -1), nil}, // 15,000 diners: 1.5 tasks
		"one":                     {[]Drop{drop(0, 450)}, opens.AddDate(0, 0, -1), []Change{change("005000", 5), change("011500", 2)}},
		"one above what is there": {[]Drop{drop(0, 9000)}, opens.AddDate(0, 0, -1), []Change{change("005000", 10), change("011500", 2)}},
		"two that overlap": {[]Drop{drop(5*time.Minute, 900), drop(0, 450)}, opens.AddDate(0, 0, -1),
			[]Change{change("005000", 5), change("005500", 9), change("012000", 2)}},
		"two at once": {[]Drop{drop(0, 900), drop(0, 450)}, opens.AddDate(0, 0, -1), []Change{change("005000", 9), change("011500", 2)}},
		"one after the other": {[]Drop{drop(0, 450), drop(25*time.Minute, 450)}, opens.AddDate(0, 0, -1),
			[]Change{change("005000", 5), change("014000", 2)}},
		"one that has begun": {[]Drop{drop(0, 450)}, opens, []Change{change("011500", 2)}},
		"one that is over":   {[]Drop{drop(0, 450)}, opens.AddDate(0, 0, 1), nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Plan(c.drops, needs, c.now); !slices.Equal(got, c.want) {
				t.Errorf("got  %v\nwant %v", got, c.want)
			}
		})
	}
}

// change is one on the day of the test; at is hhmmss.
func change(at string, tasks int) Change {
	return Change{"drop-20261201-" + at, "2026-12-01T" + at[:2] + ":" + at[2:4] + ":" + at[4:], tasks, 10}
}

func TestNeedsThatMakeNoSenseAreRefused(t *testing.T) {
	good := Needs{Least: 2, Most: 10, DinersPerSeat: 100, PerTask: 500, Within: time.Second, Before: time.Minute, After: time.Minute}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Needs){
		"no task":           func(n *Needs) { n.Least = 0 },
		"fewer than always": func(n *Needs) { n.Most = 1 },
		"nobody comes":      func(n *Needs) { n.DinersPerSeat = 0 },
		"a task that idles": func(n *Needs) { n.PerTask = 0 },
		"no time to answer": func(n *Needs) { n.Within = 0 },
		"not before it":     func(n *Needs) { n.Before = 0 },
		"not after it":      func(n *Needs) { n.After = -time.Second },
	} {
		n := good
		if change(&n); n.Validate() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
