package charting

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/chart"
	"jari.example/alerting/count"
	"jari.example/alerting/incident"
	"jari.example/alerting/slo"
)

// count stores buckets, the last of which begins before now.
func (f *fixture) count(i slo.Indicator, region string, counts ...slo.Count) {
	f.Helper()
	to := f.Timing.BucketEnd(time.Now())
	batch := count.Batch{Span: count.Span{From: to.Add(-10 * time.Hour), To: to}}
	var all []count.Bucket
	for n, c := range counts {
		all = append(all, count.Bucket{At: to.Add(-time.Duration(len(counts)-n) * f.Timing.Bucket), Region: region, Count: c})
	}
	batch.Buckets = map[slo.Key][]count.Bucket{i.Key(f.Timing.Bucket): all}
	if err := f.store.Save(f.Context(), f.term, batch); err != nil {
		f.Fatal(err)
	}
}

func TestTheChartOfAnObjectiveHasItsLinesAndItsCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.count(indicator, "kr", slo.Count{Good: 100}, slo.Count{Good: 50, Bad: 50})
		i := f.open("availability", slo.Page)
		f.run(time.Minute)
		to := f.Timing.BucketEnd(f.began)
		want := chart.Chart{
			Label: "attempts", From: to.Add(-2 * time.Hour), To: to, Width: time.Minute, Window: 5 * time.Minute, Began: i.StartedAt,
			Buckets: []slo.Bucket{{At: to.Add(-2 * time.Minute), Count: slo.Count{Good: 100}}, {At: to.Add(-time.Minute), Count: slo.Count{Good: 50, Bad: 50}}},
			Limits: []chart.Limit{
				{Value: rules.SLOs[0].Objective.Budget(), Name: "objective", Detail: "burn 1", Objective: true},
				{Value: rules.SLOs[0].Objective.Budget() * 14.4, Name: "page", Detail: "burn 14.4"},
			},
		}
		if !reflect.DeepEqual(f.charts, []chart.Chart{want}) {
			t.Errorf("drawn\n%+v, want\n%+v", f.charts, want)
		}
		stored, err := f.store.Get(t.Context(), i.ID)
		if err != nil || stored.Chart.Alt != want.Alt() {
			t.Errorf("the alternative text is %q, want %q", stored.Chart.Alt, want.Alt())
		}
	})
}

func TestTheChartOfAnAlertCountsTheEventsOfAllSubjectsThatFired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		us := rules.Alerts[1].Subjects[1].Indicator
		f.count(indicator, "", slo.Count{Good: 1}, slo.Count{Good: 2})
		f.count(us, "", slo.Count{Good: 4})
		i := f.open("stuck", slo.Page)
		for fired, want := range map[string]int64{"kr": 2, "kr us": 6} {
			i.Facts.Alert = &incident.Alert{Fired: []string{"kr", "us"}}
			if fired == "kr" {
				i.Facts.Alert.Fired = []string{"kr"}
			}
			s, ok := subjectOf(rules, i)
			if !ok {
				t.Fatal("it has no chart")
			}
			c, err := f.chart(t.Context(), i, s)
			if err != nil || len(c.Buckets) != 2 || c.Buckets[1].Count != (slo.Count{Bad: want}) {
				t.Errorf("%s: %+v, %v", fired, c.Buckets, err)
			}
			if !c.Events || c.Window != 30*time.Minute || c.Limits[0] != (chart.Limit{Value: 3, Name: "ticket", Detail: "3 in 30 min"}) {
				t.Errorf("%s: %+v", fired, c)
			}
		}
	})
}

func TestAChartShowsTheTimeBeforeTheFaultAndOnlyWhatWasCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		now := time.Now()
		for name, c := range map[string]struct {
			began, window, want time.Duration
			scale               int
		}{
			"a fault that has just begun":    {5 * time.Minute, 5 * time.Minute, 2 * time.Hour, 1},
			"a fault of three hours":         {3 * time.Hour, 5 * time.Minute, 4 * time.Hour, 1},
			"a rule with long windows":       {time.Hour, 6 * time.Hour, 18 * time.Hour, 1},
			"a fault of a week":              {7 * 24 * time.Hour, 5 * time.Minute, 48 * time.Hour, 1},
			"windows that are 60 times less": {10 * time.Second, 5 * time.Second, 2 * time.Minute, 60},
		} {
			timing, err := count.NewTiming(c.scale)
			if err != nil {
				t.Fatal(err)
			}
			f.Timing = timing
			got := f.span(incident.Incident{StartedAt: now.Add(-c.began)}, c.window, now)
			if length := got.To.Sub(got.From); !got.To.Equal(timing.BucketEnd(now)) || length < c.want || length > c.want+timing.Bucket {
				t.Errorf("%s: %v to %v is %v, want %v", name, got.From, got.To, length, c.want)
			}
		}
		f = newFixture(t)
		to := f.Timing.BucketEnd(now)
		batch := count.Batch{Span: count.Span{From: to.Add(-time.Hour), To: to}, Buckets: map[slo.Key][]count.Bucket{indicator.Key(time.Minute): nil}}
		if err := f.store.Save(t.Context(), f.term, batch); err != nil {
			t.Fatal(err)
		}
		i := incident.Incident{Rule: "availability", StartedAt: now}
		s, _ := subjectOf(rules, i)
		if c, err := f.chart(t.Context(), i, s); err != nil || !c.From.Equal(to.Add(-time.Hour)) {
			t.Errorf("counted for an hour: drawn from %v, want %v; %v", c.From, to.Add(-time.Hour), err)
		}
	})
}
