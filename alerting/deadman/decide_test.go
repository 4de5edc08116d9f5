package deadman_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/deadman"
)

var origin = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func at(d time.Duration) time.Time { return origin.Add(d) }

const s, m, h = time.Second, time.Minute, time.Hour

// period is a time in which ticks succeed, or in which nobody checks.
type period struct{ from, to time.Duration }

func (p period) has(d time.Duration) bool { return p.from <= d && d < p.to }

func TestDecidesWhatIsMailed(t *testing.T) {
	for name, c := range map[string]struct {
		until     time.Duration
		ticks     []period // one every 10 s
		unchecked []period
		want      string // events with their times since origin
	}{
		"ticks succeed":                     {3 * h, []period{{0, 3 * h}}, nil, ""},
		"ticks stop":                        {10 * m, []period{{0, 5 * m}}, nil, "began 8m0s"},
		"ticks stop for a shorter time":     {20 * m, []period{{0, 5 * m}, {7*m + 45*s, 20 * m}}, nil, ""},
		"an outage of some minutes":         {20 * m, []period{{0, 5 * m}, {9 * m, 20 * m}}, nil, "began 8m0s, ended 9m0s"},
		"an outage of some hours":           {3 * h, []period{{0, 5 * m}}, nil, "began 8m0s, lasts 1h8m0s, lasts 2h8m0s"},
		"no tick has ever succeeded":        {5 * m, nil, nil, "began 3m0s"},
		"a second outage":                   {20 * m, []period{{0, 5 * m}, {9 * m, 10 * m}}, nil, "began 8m0s, ended 9m0s, began 13m0s"},
		"it was stopped and starts again":   {9 * h, []period{{0, h}, {8*h + m, 9 * h}}, []period{{h, 8 * h}}, ""},
		"it was stopped and does not start": {8*h + 10*m, []period{{0, h}}, []period{{h, 8 * h}}, "began 8h3m0s"},
		"the watcher restarts meanwhile":    {30 * m, []period{{0, 5 * m}}, []period{{10 * m, 20 * m}}, "began 8m0s"},
		"it ends while nobody checks":       {30 * m, []period{{0, 5 * m}, {15 * m, h}}, []period{{10 * m, 20 * m}}, "began 8m0s, ended 20m0s"},
		"it goes on while nobody checks":    {2 * h, []period{{0, 5 * m}}, []period{{10 * m, 90 * m}}, "began 8m0s, lasts 1h30m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			state, tick := deadman.State{}, time.Time{}
			for d := time.Duration(0); d < c.until; d += 5 * s {
				in := func(p period) bool { return p.has(d) }
				if d%(10*s) == 0 && slices.ContainsFunc(c.ticks, in) {
					tick = at(d)
				}
				if d%(15*s) != 0 || slices.ContainsFunc(c.unchecked, in) {
					continue
				}
				var event deadman.Event
				if state, event = deadman.Decide(state, tick, at(d)); event != deadman.Nothing {
					got = append(got, fmt.Sprint(event, " ", d))
				}
			}
			if got := strings.Join(got, ", "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAnUnknownTickIsNoTick(t *testing.T) {
	state, _ := deadman.Decide(deadman.State{}, origin, origin)
	for d := 15 * s; d < 3*m; d += 15 * s {
		var event deadman.Event
		if state, event = deadman.Decide(state, time.Time{}, at(d)); event != deadman.Nothing {
			t.Fatalf("after %s: %s", d, event)
		}
	}
	if state, event := deadman.Decide(state, time.Time{}, at(3*m)); event != deadman.Began || !state.LastTick.Equal(origin) {
		t.Errorf("got %q with %+v", event, state)
	}
}
