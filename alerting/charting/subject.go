package charting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jari.example/alerting/chart"
	"jari.example/alerting/count"
	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

// subject is what the chart of an incident shows.
type subject struct {
	label      string
	indicators []slo.Indicator // which are added up
	window     time.Duration
	limits     []chart.Limit
	events     bool // each event is bad
}

// subjectOf finds the rule of the incident. ok is false when there is nothing to draw: the
// rule is gone, or it watches for the absence of events.
func subjectOf(set slo.Set, i incident.Incident) (s subject, ok bool) {
	for _, o := range set.SLOs {
		if o.Name == i.Rule {
			return ofSLO(o, i), true
		}
	}
	for _, a := range set.Alerts {
		if a.Name == i.Rule && !a.When.Absent {
			return ofAlert(a, i)
		}
	}
	return s, false
}

// ofSLO shows the objective, and the burn rate of the pair that fires or fired last.
func ofSLO(o slo.SLO, i incident.Incident) subject {
	budget, pair := o.Objective.Budget(), i.Facts.Pair
	return subject{
		label: o.EventLabel, indicators: []slo.Indicator{o.Indicator}, window: pair.Short,
		limits: []chart.Limit{
			{Value: budget, Name: "objective", Detail: "burn 1", Objective: true},
			{Value: budget * pair.Burn, Name: string(pair.Severity), Detail: fmt.Sprintf("burn %.4g", pair.Burn)},
		},
	}
}

// ofAlert shows the condition of the alert, and the subjects that have fired, together.
func ofAlert(a slo.Alert, i incident.Incident) (s subject, ok bool) {
	s = subject{label: "events", window: a.When.Within, events: a.When.Events > 0}
	for _, one := range a.Subjects {
		if i.Facts.Alert != nil && slices.Contains(i.Facts.Alert.Fired, one.Name) {
			s.indicators = append(s.indicators, one.Indicator)
		}
	}
	l := chart.Limit{Name: string(a.Severity), Value: a.When.BadShare, Detail: fmt.Sprintf("%.4g %%", 100*a.When.BadShare)}
	if s.events {
		l.Value = float64(a.When.Events)
		l.Detail = fmt.Sprintf("%d in %s", a.When.Events, incident.Duration(a.When.Within))
	}
	s.limits = []chart.Limit{l}
	return s, len(s.indicators) > 0
}

// The times of a chart. The time scale divides minSpan and maxSpan; the others have it
// applied.
const (
	// minSpan is the least time that a chart shows: at its beginning, the fault is wide enough
	// to be seen on a phone.
	minSpan = 2 * time.Hour
	maxSpan = 48 * time.Hour
)

// span is the period that the chart of an incident shows at now: at least three times the
// window of the rule, and some time before the fault.
func (c *Charter) span(i incident.Incident, window time.Duration, now time.Time) count.Span {
	scaled := func(d time.Duration) time.Duration { return d / time.Duration(max(1, c.Timing.Scale)) }
	shortest := max(scaled(minSpan), 3*window)
	to := c.Timing.BucketEnd(now)
	length := max(shortest, to.Sub(i.StartedAt)+shortest/2)
	return count.Span{From: to.Add(-min(length, max(scaled(maxSpan), shortest))), To: to}
}

// chart is that of the incident as it is now.
func (c *Charter) chart(ctx context.Context, i incident.Incident, s subject) (chart.Chart, error) {
	period := c.span(i, s.window, c.Now())
	drawing := chart.Chart{
		Label: s.label, From: period.From, To: period.To, Width: c.Timing.Bucket, Window: s.window, Events: s.events,
		Limits: s.limits, Began: i.StartedAt, Ended: i.ResolvedAt,
	}
	counted, err := c.Store.Counted(ctx)
	if err != nil {
		return drawing, err
	}
	sums := map[time.Time]slo.Count{}
	for _, indicator := range s.indicators {
		key := indicator.Key(c.Timing.Bucket)
		// What was not counted is not shown as if nothing had happened.
		if from := counted[key].From; from.After(drawing.From) && from.Before(period.To.Add(-10*c.Timing.Bucket)) {
			drawing.From = from
		}
		buckets, err := c.Store.Between(ctx, key, count.Span{From: period.From.Add(-s.window), To: period.To})
		if err != nil {
			return drawing, err
		}
		for _, b := range buckets {
			n := b.Count
			if s.events {
				n = slo.Count{Bad: n.Total()}
			}
			sums[b.At] = sums[b.At].Plus(n)
		}
	}
	for at, n := range sums {
		drawing.Buckets = append(drawing.Buckets, slo.Bucket{At: at, Count: n})
	}
	slices.SortFunc(drawing.Buckets, func(a, b slo.Bucket) int { return a.At.Compare(b.At) })
	return drawing, nil
}
