// Command simulate-drop computes how long diners wait when a drop opens, with and without
// scaling ahead of it, because nobody can start 20 Fargate tasks on a laptop. It is a model
// and no measurement; its assumptions are the flags and what model.go says.
//
//	go run ./infra/bench/drop                       # docs/bench/drop.json and drop.svg
//	go run ./infra/bench/drop -diners 20000 -per-task 800
package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"jari.example/infra/bench"
	"jari.example/internal/command"
)

func main() { command.Main("simulate-drop", program().Main) }

// row is one way to be prepared. Times are seconds from the first press until the diner has
// an answer, a seat or "sold out".
type row struct {
	Scaling     string  `json:"scaling"`
	WaitingRoom bool    `json:"waiting_room"`
	P50         float64 `json:"wait_p50_s"`
	P99         float64 `json:"wait_p99_s"`
	Max         float64 `json:"wait_max_s"`
	GaveUp      float64 `json:"gave_up_pct"`          // diners who had no answer when their patience ended
	Refusals    float64 `json:"refusals_per_diner"`   // responses 503 that a diner saw, on average
	OutOfTurn   float64 `json:"out_of_turn_pct"`      // diners who were answered before somebody who came 5 s earlier
	Tasks       int     `json:"tasks_after_a_minute"` // that run a minute after the opening
}

func program() bench.Program[row] {
	m := typical
	return bench.Program[row]{
		Name: "drop", Limit: 10 * time.Minute, Goals: goals, Chart: chart,
		Flags: func(fs *flag.FlagSet) func() (bool, error) {
			fs.IntVar(&m.diners, "diners", m.diners, "diners who press Book")
			fs.DurationVar(&m.spread, "spread", m.spread, "how long after the opening a diner presses, on average")
			fs.Float64Var(&m.perTask, "per-task", m.perTask, "bookings and refusals that one task answers in a second")
			fs.Float64Var(&m.database, "database", m.database, "those that the database answers in a second")
			fs.IntVar(&m.fewest, "min-tasks", m.fewest, "tasks that always run")
			fs.IntVar(&m.most, "max-tasks", m.most, "tasks that may run: with their pools they must not use up the connections of the database")
			fs.Uint64Var(&m.seed, "seed", m.seed, "of the diners")
			return func() (bool, error) { return m == typical, m.check() }
		},
		Measure: func(_ context.Context, run bench.Run) (rows []row, err error) {
			for _, s := range scalings {
				for _, room := range []bool{false, true} {
					run.Logf("%s, waiting room: %t", s.name, room)
					rows = append(rows, m.play(s, room))
				}
			}
			return rows, nil
		},
	}
}

func goals(rows []row) (all []bench.Goal) {
	const wanted = 60
	for _, r := range rows {
		if r.Scaling == ahead && r.WaitingRoom {
			all = append(all, bench.Goal{
				What: "wait p99, scaled ahead and with a waiting room", Want: fmt.Sprintf("at most %d s", wanted),
				Got: fmt.Sprintf("%.0f s", r.P99), Met: r.P99 <= wanted,
			})
		}
	}
	return all
}

func chart(rows []row) bench.Chart {
	var names []string
	p50, p99 := bench.Series{Name: "half of the diners"}, bench.Series{Name: "99 % of the diners"}
	refusals := bench.Series{Name: "refusals"}
	for _, r := range rows {
		name := strings.TrimPrefix(r.Scaling, "target ") // beside each other there is room for a word
		if r.WaitingRoom {
			name += ", room"
		}
		names = append(names, name)
		p50.Values, p99.Values = append(p50.Values, r.P50), append(p99.Values, r.P99)
		refusals.Values = append(refusals.Values, r.Refusals)
	}
	return bench.Chart{Title: "A drop, simulated", Panels: []bench.Panel{
		{Title: "seconds until the answer", Categories: names, Series: []bench.Series{p50, p99}},
		{Title: "responses 503 that a diner saw", Separate: true, Categories: names, Series: []bench.Series{refusals}},
	}}
}
