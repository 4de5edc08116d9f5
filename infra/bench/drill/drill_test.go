package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestGoalsMissWhatIsWrong(t *testing.T) {
	good := row{Outage: 1, Away: 60, Refused: 200, Page: named, Other: 400, Recovered: 2, Insisted: 24, Presses: 900, Lost: 4, Replayed: 4}
	for name, c := range map[string]struct {
		change   func(*row)
		missed   string // word of the goal
		required bool
	}{
		"nothing is wrong":                     {func(*row) {}, "", false},
		"the other region fails":               {func(r *row) { r.OtherFailed = 1 }, "requests of us", true},
		"nobody asked the other region":        {func(r *row) { r.Other = 0 }, "requests of us", true},
		"the region answers with another code": {func(r *row) { r.Otherwise = 1 }, "other than 503", true},
		"somebody has booked twice":            {func(r *row) { r.Problems = "twice" }, "bookings that are wrong", true},
		"the page says something else":         {func(r *row) { r.Page = "Error" }, "page named", true},
		"nobody looked at the page":            {func(r *row) { r.Page = skipped }, "", false},
		"no response was lost":                 {func(r *row) { r.Lost, r.Replayed = 0, 0 }, "lost responses", true},
		"a lost booking was made again":        {func(r *row) { r.Replayed = 3 }, "lost responses", true},
		"an answer was stored by nobody":       {func(r *row) { r.Replayed = 5 }, "lost responses", true},
		"the region stays away long":           {func(r *row) { r.Recovered = 31 }, "until kr works", false},
	} {
		r := good
		c.change(&r)
		var missed []string
		for _, g := range goals([]row{r}) {
			if !g.Met {
				missed = append(missed, g.What)
				if g.Required != c.required {
					t.Errorf("%s: %q is required: %t", name, g.What, g.Required)
				}
			}
		}
		if c.missed == "" && len(missed) > 0 || c.missed != "" && (len(missed) != 1 || !strings.Contains(missed[0], c.missed)) {
			t.Errorf("%s: missed %q, want the one with %q", name, missed, c.missed)
		}
	}
}

func TestTheChartHasABarForEachOutage(t *testing.T) {
	var out bytes.Buffer
	if err := chart([]row{{Outage: 1, Away: 60, Recovered: 1}, {Outage: 2, Away: 60, Recovered: 2}}).WriteSVG(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"outage 1, 60 s", "outage 2, 60 s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
}
