// Package chart draws the small picture that goes with the message of an incident: the
// share of bad events over the last hours, the objective, and the burn rate from which
// somebody is paged. It is pure: one Chart gives the same picture each time.
package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/slo"
)

// Chart is what a picture shows: how much was bad in each bucket, and in the last Window
// before its end.
type Chart struct {
	Label    string // what is counted, in the plural: "booking attempts"
	From, To time.Time
	Width    time.Duration // of a bucket
	// Buckets are ascending. One that is missing had no event. Those before From count for
	// Window only.
	Buckets []slo.Bucket
	Window  time.Duration // of the line; 0: without it
	// Events: the number of bad events is shown, which is never unknown, and not their
	// share, of which nothing is known without an event.
	Events bool
	Limits []Limit
	Began  time.Time // of the fault; zero: not marked
	Ended  time.Time // zero: it goes on
}

// Limit is a horizontal line: the objective, or what opens an incident.
type Limit struct {
	Value     float64 // a share, or a number of events; above 0
	Name      string  // "page", "objective"
	Detail    string  // "burn 14.4"
	Objective bool    // it is the line to stay below, and not one that opens an incident
}

// The size of a picture, in pixels. A phone shows it 350 points wide, so that the text is
// about as large as the small print of a message.
const (
	PixelsWide = 800
	PixelsHigh = 360
)

// point is what is drawn for one column: one bucket, or several that follow each other.
type point struct {
	from, to      time.Time
	value, window float64
	known         bool // value is; there was an event
	windowKnown   bool
}

// maxColumns bounds the columns of a picture, so that each can be seen.
const maxColumns = 190

// bucketsPerColumn is a number that people count minutes in.
func (c Chart) bucketsPerColumn() int64 {
	needed := (int64(c.To.Sub(c.From)/c.Width) + maxColumns - 1) / maxColumns
	for _, n := range []int64{1, 2, 5, 10, 15, 20, 30, 60, 120} {
		if needed <= n {
			return n
		}
	}
	return needed
}

// points are the columns from the first to the last bucket. Columns begin at multiples of
// their width since 1970, so that a later picture has the same ones.
func (c Chart) points() []point {
	wide := c.Width * time.Duration(c.bucketsPerColumn())
	start := func(at time.Time) time.Time {
		return time.Unix(0, at.UnixNano()/int64(wide)*int64(wide)).UTC()
	}
	var all []point
	next, first, last := 0, 0, 0 // of Buckets: of the column; of the window
	var sum slo.Count
	for from := start(c.From); from.Before(c.To); from = from.Add(wide) {
		p := point{from: from, to: from.Add(wide)}
		var count slo.Count
		for ; next < len(c.Buckets) && c.Buckets[next].At.Before(p.to); next++ {
			if !c.Buckets[next].At.Before(from) {
				count = count.Plus(c.Buckets[next].Count)
			}
		}
		for ; last < len(c.Buckets) && c.Buckets[last].At.Before(p.to); last++ {
			sum = sum.Plus(c.Buckets[last].Count)
		}
		for ; first < last && c.Buckets[first].At.Before(p.to.Add(-c.Window)); first++ {
			sum = sum.Minus(c.Buckets[first].Count)
		}
		p.value, p.known = c.measure(count)
		p.window, p.windowKnown = c.measure(sum)
		p.windowKnown = p.windowKnown && c.Window > 0
		all = append(all, p)
	}
	return all
}

// measure is what is shown of a count; known is false where nothing can be said.
func (c Chart) measure(n slo.Count) (value float64, known bool) {
	if c.Events {
		return float64(n.Bad), true
	}
	return n.BadShare(), n.Total() > 0
}

// Alt says in words what the picture shows, in at most a few hundred characters, for
// whoever does not see it.
func (c Chart) Alt() string {
	of := "share of bad " + c.label()
	if c.Events {
		of = "number of " + c.label()
	}
	said := []string{fmt.Sprintf("Chart of the %s per %s from %s to %s UTC", of, spell(c.columnWidth()), c.clock(c.From), c.clock(c.To))}
	var highest point
	for _, p := range c.points() {
		if p.known && (p.value > highest.value || !highest.known) {
			highest = p
		}
	}
	switch {
	case !highest.known:
		said = append(said, "Nothing was counted")
	case highest.value == 0:
		said = append(said, "None was bad")
	default:
		said = append(said, fmt.Sprintf("Highest: %s at %s", c.number(highest.value), c.clock(highest.from)))
	}
	for _, l := range c.limits() {
		if l.Objective {
			said = append(said, fmt.Sprintf("Objective: at most %s", c.number(l.Value)))
			continue
		}
		over := ""
		if c.Window > 0 {
			over = " over " + spell(c.Window)
		}
		said = append(said, fmt.Sprintf("Line of the %s: %s%s", l.Name, c.number(l.Value), over))
	}
	if !c.Began.IsZero() {
		said = append(said, "Began "+c.clock(c.Began))
	}
	if !c.Ended.IsZero() {
		said = append(said, "Ended "+c.clock(c.Ended))
	}
	return strings.Join(said, ". ") + "."
}

func (c Chart) columnWidth() time.Duration { return c.Width * time.Duration(c.bucketsPerColumn()) }

// limits are those that can be drawn, the lowest first.
func (c Chart) limits() []Limit {
	all := slices.DeleteFunc(slices.Clone(c.Limits), func(l Limit) bool { return !(l.Value > 0) || math.IsInf(l.Value, 1) })
	slices.SortStableFunc(all, func(a, b Limit) int { return cmp.Compare(a.Value, b.Value) })
	return all
}

// maxLabel is what there is room for, in characters.
const maxLabel = 24

// label is Label as far as there is room for it, and only if the built-in font can write it:
// Latin, Greek and Cyrillic.
func (c Chart) label() string {
	runes := []rune(c.Label)
	if len(runes) == 0 || slices.ContainsFunc(runes, func(r rune) bool { return r < ' ' || r > 0x52f }) {
		return "events"
	}
	if len(runes) > maxLabel {
		return string(runes[:maxLabel-1]) + "…"
	}
	return c.Label
}

// number writes a value as people do: "62 %", "0.1 %", "3".
func (c Chart) number(v float64) string {
	if c.Events {
		return fmt.Sprintf("%.3g", v)
	}
	switch percent := 100 * v; {
	case percent >= 99.95:
		return "100 %"
	case percent >= 10:
		return fmt.Sprintf("%.0f %%", min(percent, 99))
	default:
		return fmt.Sprintf("%.2g %%", percent)
	}
}

// clock is the time of day, with seconds where minutes are not enough.
func (c Chart) clock(at time.Time) string {
	layout := "15:04"
	switch span := c.To.Sub(c.From); {
	case span < 15*time.Minute:
		layout = "15:04:05"
	case span > 20*time.Hour:
		layout = "2 Jan 15:04"
	}
	return at.UTC().Format(layout)
}

// spell writes a period: "minute", "5 min", "1 s", "6 h".
func spell(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "minute"
	case d == time.Second:
		return "second"
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
