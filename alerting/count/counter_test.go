package count_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/lease"
	"jari.example/alerting/slo"
)

func TestATickMakesOneSearchAndOneMoreEachMinute(t *testing.T) {
	f := begin(t, ten.Add(-2*time.Hour), ratio("a"), ratio("b"), slicesOf("c", 2*time.Minute))
	f.run(20 * time.Minute) // until everything is counted backwards
	f.searches = nil
	f.run(time.Hour)
	if got, want := len(f.searches), 6*60+60; got != want {
		t.Errorf("%d searches in an hour of 360 ticks, want %d", got, want)
	}
}

func TestASearchStaysBelowTheBucketsThatOpenSearchAllows(t *testing.T) {
	const maxBuckets = 65_535
	var all []slo.Indicator
	for n := range 60 {
		all = append(all, ratio(string(rune('a'+n))))
	}
	f := begin(t, ten.AddDate(0, 0, -40), all...)
	for _, i := range all {
		for _, region := range []string{"kr", "us", "eu"} {
			f.Add(i, counttest.Events{At: ten.Add(-time.Minute), Region: region, Good: 1})
		}
	}
	f.run(20 * time.Minute)
	f.now = f.now.Add(5 * time.Hour) // a downtime
	f.run(5 * time.Minute)
	longest := 0
	for _, s := range f.searches {
		buckets := 0
		for _, i := range s.indicators {
			switch {
			case !i.Bad.IsZero():
				buckets += 3 * 2 * int(s.To.Sub(s.From)/time.Minute)
			case !i.Total.IsZero():
				buckets += int(s.To.Sub(s.From) / time.Minute)
			}
		}
		longest = max(longest, buckets)
	}
	if longest > maxBuckets || longest < maxBuckets/4 {
		t.Errorf("the largest search has %d buckets; OpenSearch allows %d", longest, maxBuckets)
	}
	if to := f.counted(all[0]).To; f.now.Sub(to) > time.Minute {
		t.Errorf("counted until %v at %v", to, f.now)
	}
}

func TestANewIndicatorIsCountedBackwardsAsFarAsDocumentsReach(t *testing.T) {
	for name, tc := range map[string]struct{ since, want time.Time }{
		"documents of three hours": {ten.Add(-3*time.Hour - 20*time.Second), ten.Add(-3*time.Hour - time.Minute)},
		"documents of a month":     {ten.AddDate(0, 0, -30), ten.Add(time.Minute).AddDate(0, 0, -14)},
		"documents of now":         {ten.Add(-20 * time.Second), ten.Add(-time.Minute)},
	} {
		f := begin(t, tc.since, ratio("a"))
		for _, ago := range []time.Duration{0, 2 * time.Hour, 13 * 24 * time.Hour} {
			if at := ten.Add(-ago); at.After(tc.since) {
				f.add(ratio("a"), at, 1, 1)
			}
		}
		if err := f.tick(); err != nil {
			t.Fatal(err)
		}
		if got := f.counted(ratio("a")); got.To != ten.Add(time.Minute) {
			t.Errorf("%s: the first tick counts until %v", name, got.To)
		}
		for range 30 {
			f.searches = nil
			if err := f.tick(); err != nil {
				t.Fatal(err)
			}
			if len(f.searches) > 2 {
				t.Errorf("%s: %d searches in one tick", name, len(f.searches))
			}
		}
		if got := f.counted(ratio("a")); got.From != tc.want {
			t.Errorf("%s: counted since %v, want %v", name, got.From, tc.want)
		}
		want := int64(0)
		for _, ago := range []time.Duration{0, 2 * time.Hour, 13 * 24 * time.Hour} {
			if ten.Add(-ago).After(tc.since) {
				want++
			}
		}
		if got := f.sum(ratio("a")); got != (slo.Count{Good: want, Bad: want}) {
			t.Errorf("%s: %v events, want %d of each", name, got, want)
		}
	}
}

func TestAChangedObjectiveRefillsOnlyItself(t *testing.T) {
	f := begin(t, ten.AddDate(0, 0, -5), ratio("a"), ratio("b"))
	f.add(ratio("b2"), ten.AddDate(0, 0, -4), 1, 0)
	f.run(5 * time.Minute)
	before := f.counted(ratio("a"))
	f.objectives(ratio("a"), ratio("b2"))
	f.searches = nil
	f.run(5 * time.Minute)
	for _, s := range f.searches {
		if _, ok := s.indicators[ratio("a").Key(time.Minute)]; ok && s.From.Before(ten.Add(-time.Hour)) {
			t.Errorf("the other objective is counted again for %v", s.Span)
		}
	}
	if got := f.counted(ratio("a")); got.From != before.From {
		t.Errorf("the other objective was counted since %v and now since %v", before.From, got.From)
	}
	if got := f.sum(ratio("b2")); got.Good != 1 {
		t.Errorf("the changed objective has %v", got)
	}
}

func TestNothingIsSavedOfANewestPeriodThatCannotBeCounted(t *testing.T) {
	failure := errors.New("failed")
	for name, tc := range map[string]struct {
		spoil func(f *fixture)
		want  error
	}{
		"no telemetry":       {func(f *fixture) { f.Fake = &counttest.Fake{}; f.Telemetry() }, count.ErrNoTelemetry},
		"the search failed":  {func(f *fixture) { f.Fail(failure) }, failure},
		"the lease was lost": {func(f *fixture) { f.term++ }, lease.ErrLost},
		"the index was erased": {func(f *fixture) {
			f.Fake = &counttest.Fake{}
			f.Telemetry(count.Span{From: ten.Add(-time.Hour), To: ten.Add(-50 * time.Minute)})
		}, count.ErrNoTelemetry},
	} {
		f := begin(t, ten.Add(-time.Hour), ratio("a"))
		f.add(ratio("a"), ten.Add(-time.Minute), 5, 5)
		f.run(2 * time.Minute)
		counted, sum := f.counted(ratio("a")), f.sum(ratio("a"))
		tc.spoil(f)
		for range 30 {
			if err := f.tick(); !errors.Is(err, tc.want) || errors.Is(err, count.ErrOlder) {
				t.Fatalf("%s: %v", name, err)
			}
			f.now = f.now.Add(time.Minute)
		}
		if got := f.counted(ratio("a")); got != counted || f.sum(ratio("a")) != sum {
			t.Errorf("%s: counted %v with %v, before %v with %v", name, got, f.sum(ratio("a")), counted, sum)
		}
	}
}

func TestDeletedDocumentsDoNotChangeOlderCounts(t *testing.T) {
	f := begin(t, ten.Add(-6*time.Hour), ratio("a"))
	f.add(ratio("a"), ten.Add(-2*time.Hour), 7, 3)
	f.run(5 * time.Minute)
	f.Fake = &counttest.Fake{} // a part of them, and documents of other indicators, are still there
	f.add(ratio("a"), ten.Add(-2*time.Hour), 1, 0)
	f.run(30 * time.Minute)
	if got := f.sum(ratio("a")); got != (slo.Count{Good: 7, Bad: 3}) {
		t.Errorf("%v is left of 7 good and 3 bad events", got)
	}
}

func TestADowntimeWithoutTelemetryKeepsWhatHadBeenCounted(t *testing.T) {
	f := begin(t, ten.Add(-time.Hour), ratio("a"))
	f.add(ratio("a"), ten.Add(-time.Minute), 5, 5)
	f.run(2 * time.Minute)
	f.now = ten.AddDate(0, 0, 3)
	f.Fake = &counttest.Fake{}
	f.Telemetry(count.Span{From: f.now.Add(-time.Hour), To: f.now.Add(time.Hour)})
	f.add(ratio("a"), f.now.Add(-time.Minute), 1, 0)
	f.restart()
	f.run(time.Minute)
	if got := f.sum(ratio("a")); got != (slo.Count{Good: 6, Bad: 5}) {
		t.Errorf("counted %v, want 5 good and 5 bad events before and 1 after", got)
	}
	if got := f.counted(ratio("a")); got.From.After(ten) || got.To.Before(f.now) {
		t.Errorf("counted %v at %v", got, f.now)
	}
}

func TestAnOlderPeriodThatFailsLeavesTheNewestCounted(t *testing.T) {
	failure := errors.New("failed")
	f := begin(t, ten.AddDate(0, 0, -5), ratio("a"))
	f.refuse = func(s search) error {
		if len(s.indicators) > 1 && s.To.Before(ten) {
			return failure
		}
		return nil
	}
	f.add(ratio("a"), ten, 1, 0)
	if err := f.tick(); !errors.Is(err, count.ErrOlder) || !errors.Is(err, failure) {
		t.Errorf("the error is %v", err)
	}
	if got := f.sum(ratio("a")); got.Good != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestLinesThatArriveLateAreCountedWithinAQuarterOfAnHour(t *testing.T) {
	f := begin(t, ten.AddDate(0, 0, -3), ratio("a"))
	f.run(10 * time.Minute)
	for n, late := range []time.Duration{40 * time.Second, 10 * time.Minute, 3 * time.Hour, 24 * time.Hour} {
		arrives := f.now.Add(time.Minute)
		f.Add(ratio("a"), counttest.Events{At: arrives.Add(-late), Arrives: arrives, Good: 1})
		f.run(16 * time.Minute)
		if got := f.sum(ratio("a")); got.Good != int64(n+1) {
			t.Errorf("a line that is %v late is not counted", late)
		}
	}
}

func TestSweepsTakeTurnsSoThatLateLinesOfEverySourceAreCounted(t *testing.T) {
	all := []slo.Indicator{ratio("a"), ratio("a"), ratio("a")}
	all[1].Source.Index, all[2].Source.TimeField = "metrics", "received"
	f := begin(t, ten.AddDate(0, 0, -3), all...)
	f.run(10 * time.Minute)
	arrives := f.now.Add(time.Minute)
	for _, i := range all {
		f.Add(i, counttest.Events{At: arrives.Add(-3 * time.Hour), Arrives: arrives, Good: 1})
	}
	f.run(16 * time.Minute)
	for _, i := range all {
		if got := f.sum(i); got.Good != 1 {
			t.Errorf("of %+v %v are counted", i.Source, got)
		}
	}
}

func TestLinesWithinTheLookbackAreCountedAtTheNextTick(t *testing.T) {
	f := begin(t, ten.Add(-time.Hour), ratio("a"))
	f.run(5 * time.Minute)
	f.add(ratio("a"), f.now.Add(-4*time.Minute), 1, 0)
	f.run(10 * time.Second)
	if got := f.sum(ratio("a")); got.Good != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestTimeSlices(t *testing.T) {
	f := begin(t, minute(-6), slicesOf("a", 2*time.Minute), slicesOf("never", time.Minute))
	f.Add(slicesOf("a", 2*time.Minute),
		counttest.Events{At: minute(-4), Region: "kr", Good: 1},
		counttest.Events{At: minute(-2).Add(59 * time.Second), Region: "us", Good: 3})
	f.now = ten.Add(time.Second)
	if err := f.tick(); err != nil {
		t.Fatal(err)
	}
	if err := f.tick(); err != nil {
		t.Fatal(err)
	}
	list := func(i slo.Indicator) map[string]string {
		all, err := f.Between(t.Context(), i.Key(time.Minute), count.Span{From: minute(-9), To: minute(9)})
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for _, b := range all {
			texts[b.Region] += map[slo.Count]string{{Good: 1}: "+", {Bad: 1}: "-"}[b.Count]
		}
		return texts
	}
	// Before the first event no region is known. The slice of now has not ended.
	if got, want := list(slicesOf("a", 2*time.Minute)), map[string]string{"kr": "++--", "us": "++"}; !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := list(slicesOf("never", time.Minute)); len(got) > 0 {
		t.Errorf("without an event: %q", got)
	}
}

func TestARegionIsForgottenAfterADayWithoutEvents(t *testing.T) {
	i := slicesOf("a", time.Minute)
	f := begin(t, ten.Add(-time.Hour), i)
	f.add(i, ten, 1, 0)
	f.Add(i, counttest.Events{At: ten, Region: "us", Good: 1})
	regions := func() []string {
		last := count.Span{From: f.now.Add(-3 * time.Minute), To: f.now}
		sums, err := f.Sums(t.Context(), []count.Window{{Key: i.Key(time.Minute), Span: last}})
		if err != nil {
			t.Fatal(err)
		}
		return slices.Sorted(maps.Keys(sums[0].Regions))
	}
	for hour := range 60 {
		f.now = ten.Add(time.Duration(hour) * time.Hour)
		f.add(i, f.now.Add(-10*time.Minute), 1, 0)
		f.run(time.Minute)
		want := []string{"kr", "us"}
		if hour > 38 { // the day after the next begins 38 hours after ten
			want = []string{"kr"}
		}
		if got := regions(); hour > 0 && hour != 38 && !slices.Equal(got, want) {
			t.Fatalf("after %d hours: %q, want %q", hour, got, want)
		}
	}
}

func TestMinutesAreKeptFor35DaysAndAtLeastForTheWindows(t *testing.T) {
	for name, tc := range map[string]struct {
		rule func(*slo.SLO, *slo.Alert)
		want time.Time
	}{
		"an objective of 30 days":    {func(o *slo.SLO, _ *slo.Alert) { o.Objective.Window = 30 * 24 * time.Hour }, ten.AddDate(0, 0, -35)},
		"an objective of 90 days":    {func(o *slo.SLO, _ *slo.Alert) { o.Objective.Window = 90 * 24 * time.Hour }, ten.AddDate(0, 0, -90)},
		"a pair of windows, 50 days": {func(o *slo.SLO, _ *slo.Alert) { o.Policy.Pairs[0].Long = 50 * 24 * time.Hour }, ten.AddDate(0, 0, -50)},
		"an alert of 60 days":        {func(_ *slo.SLO, a *slo.Alert) { a.When.Within = 60 * 24 * time.Hour }, ten.AddDate(0, 0, -60)},
	} {
		f := begin(t, ten.AddDate(0, 0, -1), ratio("a"))
		f.set.SLOs[0].Policy.Pairs, f.set.Alerts = make([]slo.WindowPair, 1), make([]slo.Alert, 1)
		tc.rule(&f.set.SLOs[0], &f.set.Alerts[0])
		key := ratio("a").Key(time.Minute)
		old := count.Batch{Span: count.Span{From: ten.AddDate(0, 0, -100), To: ten}, Buckets: map[slo.Key][]count.Bucket{key: nil}}
		for at := old.From; at.Before(old.To); at = at.Add(time.Hour) {
			old.Buckets[key] = append(old.Buckets[key], count.Bucket{At: at, Count: slo.Count{Good: 1}})
		}
		if err := f.Save(t.Context(), f.term, old); err != nil {
			t.Fatal(err)
		}
		f.run(time.Minute)
		left, err := f.Between(t.Context(), key, old.Span)
		if err != nil || len(left) == 0 || left[0].At != tc.want {
			t.Errorf("%s: %d buckets are left, %v", name, len(left), err)
		}
		hours, err := f.Hours(t.Context(), key, old.Span)
		if err != nil || len(hours) != 2400 {
			t.Errorf("%s: %d hours are left, want all of 100 days: %v", name, len(hours), err)
		}
	}
}

func TestHoursAreKeptFor13Months(t *testing.T) {
	f := begin(t, ten.AddDate(0, 0, -1), ratio("a"))
	key := ratio("a").Key(time.Minute)
	old := count.Batch{Span: count.Span{From: ten.AddDate(0, -14, 0), To: ten}, Buckets: map[slo.Key][]count.Bucket{}}
	for _, at := range []time.Time{ten.AddDate(0, -13, 0).Add(-time.Hour), ten.AddDate(0, -13, 0)} {
		old.Buckets[key] = append(old.Buckets[key], count.Bucket{At: at, Count: slo.Count{Good: 1}})
	}
	if err := f.Save(t.Context(), f.term, old); err != nil {
		t.Fatal(err)
	}
	f.run(time.Minute)
	hours, err := f.Hours(t.Context(), key, old.Span)
	if err != nil || len(hours) != 1 || !hours[0].At.Equal(ten.AddDate(0, -13, 0)) {
		t.Errorf("%v is left, %v", hours, err)
	}
}

// An objective that comes back after weeks is counted like a new one.
func TestAnIndicatorThatWasNotCountedForLongIsCountedBackwards(t *testing.T) {
	f := begin(t, ten.AddDate(0, 0, -40), ratio("a"))
	f.now = ten.AddDate(0, 0, -20)
	f.run(time.Minute)
	f.now = ten
	f.restart()
	f.searches = nil
	f.run(20 * time.Minute)
	if first := f.searches[0]; first.To.Before(ten.Add(-time.Hour)) {
		t.Errorf("the first search is for %v", first.Span)
	}
	if got := f.counted(ratio("a")); got.From.Before(ten.AddDate(0, 0, -14)) || got.From.After(ten.AddDate(0, 0, -13)) {
		t.Errorf("counted %v", got)
	}
}
