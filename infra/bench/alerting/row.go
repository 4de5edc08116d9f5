package main

import (
	"fmt"
	"math"
	"time"

	"jari.example/infra/bench"
)

// row is a row of docs/bench/alerting.json. Each figure is the median of the
// rounds.
type row struct {
	Objectives  int     `json:"objectives"`
	Windows     int     `json:"windows"` // of each objective
	Regions     int     `json:"regions"`
	HistoryDays int     `json:"history_days"`
	Searches    float64 `json:"searches_per_tick"`      // that count the newest period
	Others      float64 `json:"other_searches_per_min"` // that sweep older periods for late lines
	P50         float64 `json:"tick_p50_ms"`
	P95         float64 `json:"tick_p95_ms"`
	Scanned     float64 `json:"docs_scanned"` // documents in the newest period
}

// round is what one process measured.
type round struct {
	ticks    []time.Duration // sorted
	searches searches
}

// searches is what OpenSearch was asked during a round.
type searches struct {
	newest, others int
	scanned        int64 // documents in the newest period
}

// summarise makes one row of the rounds with one history.
func summarise(historyDays int, rounds []round) row {
	of := func(figure func(round) float64) float64 {
		var values []float64
		for _, r := range rounds {
			values = append(values, figure(r))
		}
		return math.Round(bench.Median(values)*100) / 100
	}
	return row{
		Objectives: objectives, Windows: windows, Regions: len(regions), HistoryDays: historyDays,
		Searches: of(func(r round) float64 { return float64(r.searches.newest) / float64(len(r.ticks)) }),
		Others: of(func(r round) float64 {
			return float64(r.searches.others) / (float64(len(r.ticks)) * tickInterval.Minutes())
		}),
		P50:     of(func(r round) float64 { return bench.Millis(bench.Percentile(r.ticks, 0.50)) }),
		P95:     of(func(r round) float64 { return bench.Millis(bench.Percentile(r.ticks, 0.95)) }),
		Scanned: of(func(r round) float64 { return float64(r.searches.scanned) }),
	}
}

// The targets of the design.
const (
	maxP95Millis = 200
	maxGrowth    = 1.25 // of the median tick, from the shortest history to the longest
)

// goals compares the rows with the targets.
func goals(rows []row) (list []bench.Goal) {
	for _, r := range rows {
		history := fmt.Sprintf("%d days of history: ", r.HistoryDays)
		list = append(list,
			bench.Goal{What: history + "searches per tick", Want: "1", Got: fmt.Sprint(r.Searches), Met: r.Searches == 1},
			bench.Goal{What: history + "sweeps per minute", Want: "≤ 1", Got: fmt.Sprint(r.Others), Met: r.Others <= 1},
			bench.Goal{What: history + "tick, p95", Want: fmt.Sprintf("≤ %d ms", maxP95Millis), Got: fmt.Sprintf("%g ms", r.P95),
				Met: r.P95 > 0 && r.P95 <= maxP95Millis})
	}
	if len(rows) > 1 {
		growth := rows[len(rows)-1].P50 / rows[0].P50
		list = append(list, bench.Goal{
			What: fmt.Sprintf("median tick, %d against %d days of history", rows[len(rows)-1].HistoryDays, rows[0].HistoryDays),
			Want: fmt.Sprintf("≤ %g ×", maxGrowth), Got: fmt.Sprintf("%.2f ×", growth), Met: growth <= maxGrowth,
		})
	}
	return list
}

// chart shows the ticks and the searches by length of history.
func chart(rows []row) bench.Chart {
	panel := func(title string, figures ...func(row) float64) bench.Panel {
		p := bench.Panel{Title: title, Series: []bench.Series{{Name: "p50"}, {Name: "p95"}}}
		for _, r := range rows {
			p.Categories = append(p.Categories, fmt.Sprintf("%d days", r.HistoryDays))
			for i, f := range figures {
				p.Series[i].Values = append(p.Series[i].Values, f(r))
			}
		}
		p.Series = p.Series[:len(figures)]
		return p
	}
	searches := panel("searches per tick", func(r row) float64 { return r.Searches })
	searches.Separate, searches.Series[0].Name = true, ""
	return bench.Chart{Title: "What a tick of alerting costs, by days of history", Panels: []bench.Panel{
		panel("duration of a tick, ms", func(r row) float64 { return r.P50 }, func(r row) float64 { return r.P95 }), searches,
	}}
}
