// Command drill takes one region away and lets it come back: it starts everything that
// `make up` starts, with data and ports of its own, and lets diners use both regions through
// the edge. Then every process of kr is killed and its reservation database refuses all
// connections. It checks that
//
//  1. us answers every request meanwhile,
//  2. kr answers 503 with Retry-After, and the page names the region that is away,
//  3. after the outage everything works again without a hand, and
//  4. nothing is lost or booked twice: what diners were told is stored, diners who press Book with
//     one key until they get an answer have that one reservation, and those whose booking was made
//     when nobody was there to respond are told of it.
//
// It stops by itself:
//
//	go run ./infra/bench/drill             # three outages of a minute: docs/bench/drill.json
//	go run ./infra/bench/drill -rounds 1   # one
//
// The users of both regions are in one database here, and the edge does not send diners of kr to
// us: that another region takes over is not shown. docs/aws.md says what of it is RDS's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/infra/bench/crowd"
	"jari.example/infra/bench/whole"
	"jari.example/internal/command"
)

func main() { command.Main("drill", run) }

const (
	timeLimit   = 30 * time.Minute // ends a run that hangs
	awayRegion  = "kr"
	otherRegion = "us"
	rounds      = 3
	awayFor     = time.Minute
)

// row is one outage. Times are seconds.
type row struct {
	Outage      int     `json:"outage"`
	Away        float64 `json:"away_s"`       // how long the region was away
	Refused     int     `json:"refused_503"`  // answers of kr with 503 and Retry-After
	Otherwise   int     `json:"otherwise"`    // other failures of kr, once it was away
	Page        string  `json:"page"`         // what the page showed
	Other       int     `json:"other_region"` // answers of us meanwhile
	OtherFailed int     `json:"other_failed"` // failures among them
	Recovered   float64 `json:"recovered_s"`  // after the outage, until kr answers each kind of request
	Insisted    int     `json:"insisted"`     // diners who pressed Book from before the outage until they got an answer
	Presses     int     `json:"presses"`      // how often all of them did
	Lost        int     `json:"lost"`         // bookings that were made, and whose response was lost
	Replayed    int     `json:"replayed"`     // diners among them who were told of it when they pressed again
	Problems    string  `json:"problems"`     // what is wrong with bookings
}

type drill struct {
	bench.Run
	rounds int
	away   time.Duration
	page   bool

	*whole.System
	kr, us *crowd.Crowd
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	d := &drill{}
	return bench.Program[row]{
		Name: "drill", Limit: timeLimit, Goals: goals, Chart: chart,
		Flags: func(fs *flag.FlagSet) func() (bool, error) {
			fs.IntVar(&d.rounds, "rounds", rounds, "outages")
			fs.DurationVar(&d.away, "away", awayFor, "how long the region is away in each, 10s or more")
			fs.BoolVar(&d.page, "page", true, "look at the page in Chromium meanwhile")
			return func() (bool, error) {
				if d.rounds < 1 || d.away < 10*time.Second {
					return false, errors.New("-rounds is 1 or more, -away 10s or more")
				}
				return d.rounds >= rounds && d.away >= awayFor && d.page, nil
			}
		},
		Measure: func(ctx context.Context, r bench.Run) ([]row, error) { d.Run = r; return d.measure(ctx) },
	}.Main(ctx, args, stdout, stderr)
}

func (d *drill) measure(ctx context.Context) (rows []row, err error) {
	d.Logf("building and starting the whole system")
	d.System, err = whole.Start(ctx, d.Root, nil)
	defer func() { err = errors.Join(err, d.Stop()) }()
	if err != nil {
		return nil, err
	}
	for _, region := range []struct {
		label string
		to    **crowd.Crowd
	}{{awayRegion, &d.kr}, {otherRegion, &d.us}} {
		c, err := crowd.New(ctx, d.URL("edge"), region.label)
		if err != nil {
			return nil, err
		}
		c.Start(1)
		defer c.Stop()
		*region.to = c
	}
	for n := range d.rounds {
		r, err := d.outage(ctx, n+1)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
		d.Logf("outage %d: %d answers with 503, all of kr works again %.1f s after it", r.Outage, r.Refused, r.Recovered)
	}
	return rows, nil
}

func goals(rows []row) (all []bench.Goal) {
	var recovered []float64
	failed, other, otherwise, problems := 0, 0, 0, ""
	lost, replayed, everyTime := 0, 0, true
	pages, looked := 0, 0
	for _, r := range rows {
		recovered = append(recovered, r.Recovered)
		failed, other, otherwise, problems = failed+r.OtherFailed, other+r.Other, otherwise+r.Otherwise, problems+r.Problems
		lost, replayed, everyTime = lost+r.Lost, replayed+r.Replayed, everyTime && r.Lost > 0 && r.Replayed == r.Lost
		if r.Page == named {
			pages++
		}
		if r.Page != skipped {
			looked++
		}
	}
	slices.Sort(recovered)
	number := func(n int) string { return fmt.Sprint(n) }
	return []bench.Goal{
		{What: "failed requests of us while kr was away", Want: "0", Got: fmt.Sprintf("%d of %d", failed, other), Met: failed == 0 && other > 0, Required: true},
		{What: "failures of kr other than 503 with Retry-After", Want: "0", Got: number(otherwise), Met: otherwise == 0, Required: true},
		{What: "bookings that are wrong", Want: "none", Got: "none" + strings.Repeat(" but "+problems, min(1, len(problems))), Met: problems == "", Required: true},
		{What: "lost responses of bookings that were told later", Want: "all, and some in each outage", Got: fmt.Sprintf("%d of %d", replayed, lost), Met: everyTime, Required: true},
		{What: "outages in which the page named the region", Want: number(looked), Got: number(pages), Met: pages == looked, Required: true},
		{What: "until kr works again, median", Want: "≤ 30 s", Got: fmt.Sprintf("%.1f s", recovered[len(recovered)/2]), Met: recovered[len(recovered)/2] <= 30},
	}
}

func chart(rows []row) bench.Chart {
	panel := bench.Panel{Title: "seconds until every kind of request works again", Series: []bench.Series{{Name: "after the outage"}}}
	for _, r := range rows {
		panel.Categories = append(panel.Categories, fmt.Sprintf("outage %d, %.0f s", r.Outage, r.Away))
		panel.Series[0].Values = append(panel.Series[0].Values, r.Recovered)
	}
	return bench.Chart{Title: "A region is away and comes back", Panels: []bench.Panel{panel}}
}
