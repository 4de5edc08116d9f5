package chart

import (
	"fmt"
	"math"
	"time"
)

// scale places values on the vertical axis, from 0 at its foot to 1 at its top.
//
// Shares are on a logarithmic axis: an objective allows one in a thousand, and a fault fails
// half. What is below its foot is at its foot, which is labelled 0. Numbers of events are
// on a linear one.
type scale struct {
	linear    bool
	low, high float64 // the values at the foot and at the top
}

// newScale returns the scale for values up to highest.
func newScale(c Chart, highest float64) scale {
	limits := c.limits()
	for _, l := range limits {
		highest = max(highest, l.Value)
	}
	if c.Events {
		return scale{linear: true, high: roundUp(max(highest, 1) * 1.15)}
	}
	low := 0.001
	if len(limits) > 0 {
		low = limits[0].Value
	}
	// Room for the label of the lowest line.
	low = min(max(low/4, 1e-7), 0.1)
	return scale{low: low, high: min(1, math.Pow(10, math.Ceil(math.Log10(max(highest*1.2, low*100))-1e-9)))}
}

// roundUp is the next of 1, 2, 5, 10, 20, …
func roundUp(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 5} {
		if v <= step*power*(1+1e-9) {
			return step * power
		}
	}
	return 10 * power
}

// at is where the value is.
func (s scale) at(v float64) float64 {
	if s.linear {
		return min(max(v/s.high, 0), 1)
	}
	if !(v > s.low) {
		return 0
	}
	return min(math.Log(v/s.low)/math.Log(s.high/s.low), 1)
}

// tick is a labelled place on an axis.
type tick struct {
	at    float64 // from 0 to 1
	label string
}

// ticks are those of the vertical axis.
func (s scale) ticks() []tick {
	all := []tick{{0, "0"}}
	if s.linear {
		step := roundUp(s.high / 4)
		for v := step; v <= s.high*(1+1e-9) && len(all) < 10; v += step {
			all = append(all, tick{s.at(v), fmt.Sprintf("%.4g", v)})
		}
		return all
	}
	for v := s.high; v > s.low*1.8 && len(all) < 10; v /= 10 {
		all = append(all, tick{s.at(v), fmt.Sprintf("%.4g %%", 100*v)})
	}
	return all
}

// steps are the distances between two ticks of the time axis.
var steps = []time.Duration{
	time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
	15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour,
}

// maxTimeTicks is how many labels there is room for.
const maxTimeTicks = 6

// timeTicks are those of the horizontal axis.
func (c Chart) timeTicks() []tick {
	span := c.To.Sub(c.From)
	step := steps[len(steps)-1]
	for _, s := range steps {
		if span/s < maxTimeTicks {
			step = s
			break
		}
	}
	layout := "15:04"
	if step < time.Minute {
		layout = "15:04:05"
	}
	var all []tick
	for at := c.From.UTC().Truncate(step).Add(step); !at.After(c.To) && len(all) < 2*maxTimeTicks; at = at.Add(step) {
		label := at.Format(layout)
		if span > 20*time.Hour && at.Equal(at.Truncate(24*time.Hour)) {
			label = at.Format("2 Jan")
		}
		all = append(all, tick{c.place(at), label})
	}
	return all
}

// place is where a time is on the horizontal axis, from 0 to 1.
func (c Chart) place(at time.Time) float64 {
	return min(max(float64(at.Sub(c.From))/float64(c.To.Sub(c.From)), 0), 1)
}
