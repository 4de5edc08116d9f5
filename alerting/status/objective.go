package status

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

// Objective is an SLO and the state of its error budget.
type Objective struct {
	Rule        string    `json:"rule"`
	Title       string    `json:"title"` // the headline while it fails
	Target      float64   `json:"target"`
	WindowS     float64   `json:"window_s"`
	Remaining   float64   `json:"remaining"` // share of the budget; below 0 it is overspent
	KnownSince  time.Time `json:"known_since,omitzero"`
	BurnRate    float64   `json:"burn_rate"` // lately
	ExhaustedAt time.Time `json:"exhausted_at,omitzero"`
	// Course is what remained of the window's budget at each hour of the window in
	// which something was counted, oldest first: it begins at 1 and ends with
	// Remaining.
	Course []Point `json:"course"`
}

// Point is one point of a Course.
type Point struct {
	At        time.Time `json:"at"`
	Remaining float64   `json:"remaining"`
}

func (s *server) objectives(ctx context.Context, now time.Time) ([]Objective, error) {
	set := s.Set()
	budgets, err := evaluate.Budgets(ctx, s.Store, set, s.Timing, now)
	if err != nil {
		return nil, err
	}
	all := []Objective{}
	for _, one := range set.SLOs {
		b, window := budgets[one.Name], count.Span{From: now.Add(-one.Objective.Window), To: now}
		hours, err := s.Store.Hours(ctx, one.Indicator.Key(s.Timing.Bucket), window)
		if err != nil {
			return nil, fmt.Errorf("read the hours of %s: %w", one.Name, err)
		}
		all = append(all, Objective{
			Rule: one.Name, Title: one.Title, Target: one.Objective.Target, WindowS: one.Objective.Window.Seconds(),
			Remaining: b.Remaining, KnownSince: utc(b.KnownSince), BurnRate: b.Spending.BurnRate, ExhaustedAt: utc(b.ExhaustedAt),
			Course: course(one.Objective, b, hours, window),
		})
	}
	return all, nil
}

// course is how the budget of the window was spent. The share that an hour spent is
// that of its bad events, so the last point is what remains now.
func course(o slo.Objective, b slo.Budget, hours []count.Bucket, window count.Span) []Point {
	covered := o.Window
	if !b.KnownSince.IsZero() {
		covered = window.To.Sub(b.KnownSince)
	}
	var all slo.Count
	for _, h := range hours {
		all = all.Plus(h.Count)
	}
	points := []Point{{window.From, 1}}
	bad := int64(0)
	for n, h := range hours {
		bad += h.Bad
		if n+1 < len(hours) && hours[n+1].At.Equal(h.At) {
			continue // another region of the same hour
		}
		remaining := o.BudgetRemaining(slo.Count{Good: all.Total() - bad, Bad: bad}, covered)
		if end := h.At.Add(time.Hour); end.Before(window.To) {
			points = append(points, Point{end, remaining})
		}
	}
	return append(points, Point{window.To, b.Remaining})
}

// The size of a sparkline, in units of its picture.
const (
	sparkWidth  = 120.0
	sparkHeight = 30.0
)

// spark are the points of a sparkline: the width is the window, the height the whole
// budget. What is overspent is at the bottom. Of points closer together than one unit
// it has one.
func spark(points []Point) string {
	var b strings.Builder
	from, to := points[0].At, points[len(points)-1].At
	drawn := -1.0
	for n, p := range points {
		x := sparkWidth * float64(p.At.Sub(from)) / float64(max(to.Sub(from), 1))
		if n+1 < len(points) && x-drawn < 1 {
			continue
		}
		drawn = x
		y := sparkHeight * (1 - min(max(p.Remaining, 0), 1))
		fmt.Fprintf(&b, "%.1f,%.1f ", x, y)
	}
	return strings.TrimSpace(b.String())
}
