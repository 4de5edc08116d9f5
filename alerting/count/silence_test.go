package count_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/count/counttest"
	"jari.example/alerting/slo"
)

// minute is the time so many minutes after ten.
func minute(n int) time.Time { return ten.Add(time.Duration(n) * time.Minute) }

func minutes(from, to int) count.Span { return count.Span{From: minute(from), To: minute(to)} }

// slices has a character for each slice of kr in a period: + for a good one, - for a
// bad one, and . where none is stored.
func (f *fixture) slices(i slo.Indicator, period count.Span) string {
	f.t.Helper()
	stored, err := f.Between(f.t.Context(), i.Key(time.Minute), period)
	if err != nil {
		f.t.Fatal(err)
	}
	text := []byte(strings.Repeat(".", int(period.To.Sub(period.From)/time.Minute)))
	for _, b := range stored {
		if b.Region == "kr" {
			text[b.At.Sub(period.From)/time.Minute] = map[slo.Count]byte{{Good: 1}: '+', {Bad: 1}: '-'}[b.Count]
		}
	}
	return string(text)
}

// runSilent is run, and allows that there is no telemetry.
func (f *fixture) runSilent(until time.Time) {
	f.t.Helper()
	for ; f.now.Before(until); f.now = f.now.Add(10 * time.Second) {
		if err := f.tick(); err != nil && !errors.Is(err, count.ErrNoTelemetry) {
			f.t.Fatalf("at %v: %v", f.now, err)
		}
	}
}

func TestASliceThatNobodyCouldSeeIsNotCounted(t *testing.T) {
	a, b := slicesOf("a", 3*time.Minute), ratio("b")
	late := func(f *fixture) { // of another indicator, and known at minute 35 only
		for _, at := range []int{12, 14} {
			f.Add(b, counttest.Events{At: minute(at), Arrives: minute(35), Region: "kr", Good: 1})
		}
	}
	for name, tc := range map[string]struct {
		count func(f *fixture)
		want  string // from minute 0 to 40
	}{
		"everything was off for twenty minutes": {
			func(f *fixture) { f.runSilent(minute(60)) }, "+++-------......................--------"},
		"the daemon was off, too": {
			func(f *fixture) {
				f.runSilent(minute(5))
				f.now = minute(50)
				f.restart()
				f.runSilent(minute(60))
			}, "+++-------......................--------"},
		"a new objective is counted backwards": {
			func(f *fixture) {
				f.objectives(b)
				f.runSilent(minute(55))
				f.objectives(a, b)
				f.runSilent(minute(60))
			}, "+++-------......................--------"},
		"documents of the time arrive late": {
			func(f *fixture) { late(f); f.runSilent(minute(60)) }, "+++-------....-.................--------"},
		"documents arrive late, and the daemon was restarted": {
			func(f *fixture) { late(f); f.runSilent(minute(34)); f.restart(); f.runSilent(minute(60)) },
			"+++-------....-.................--------"},
	} {
		f := begin(t, minute(-60), a, b)
		f.Telemetry(minutes(-60, 10), minutes(30, 100))
		f.now = minute(-1)
		f.add(a, minute(0), 1, 0)
		tc.count(f)
		if got := f.slices(a, minutes(0, 40)); got != tc.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tc.want)
		}
	}
}

// Metrics come every ten seconds. With a time scale a bucket is one second, and most of them have
// no document although nothing is wrong.
func TestShortBucketsBetweenTwoReportsCount(t *testing.T) {
	a := slicesOf("a", 12*time.Second)
	f := begin(t, ten, a)
	var reports []count.Span
	for at := ten.Add(-time.Hour); at.Before(ten.Add(time.Hour)); at = at.Add(10 * time.Second) {
		reports = append(reports, count.Span{From: at.Add(3 * time.Second), To: at.Add(4 * time.Second)})
	}
	f.Telemetry(reports...)
	timing, err := count.NewTiming(60)
	if err != nil {
		t.Fatal(err)
	}
	f.counter.Timing = timing
	f.add(a, ten.Add(3*time.Second), 1, 0)
	for ; f.now.Before(ten.Add(time.Minute)); f.now = f.now.Add(2 * time.Second) {
		if err := f.tick(); err != nil {
			t.Fatal(err)
		}
	}
	window := count.Window{Key: a.Key(time.Second), Span: count.Span{From: ten, To: ten.Add(50 * time.Second)}}
	sums, err := f.Sums(t.Context(), []count.Window{window})
	if want := (slo.Count{Good: 12, Bad: 35}); err != nil || sums[0].Count != want { // from second 3 to 15, and from there on
		t.Errorf("%+v, %v; want %+v", sums, err, want)
	}
}

// Everything is off for twenty minutes, but its documents arrive in the end. Then the
// slices are the same as if they had been there at once.
func TestLateDocumentsMakeSlicesVisible(t *testing.T) {
	for _, within := range []int{2, 3, 20} {
		for name, arrives := range map[string]func(at int) time.Time{
			"all at once":                  func(int) time.Time { return minute(35) },
			"just too late for a tick":     func(at int) time.Time { return minute(at).Add(5*time.Minute + 30*time.Second) },
			"too late by another minute":   func(at int) time.Time { return minute(at).Add(6*time.Minute + 30*time.Second) },
			"too late by a few minutes":    func(at int) time.Time { return minute(at + 9) },
			"too late by twice the window": func(at int) time.Time { return minute(at + 2*within) },
		} {
			a, b := slicesOf("a", time.Duration(within)*time.Minute), ratio("b")
			f := begin(t, minute(-60), a, b)
			f.Telemetry(minutes(-60, 10), minutes(30, 100))
			f.now = minute(-1)
			f.add(a, minute(0), 1, 0)
			for at := 10; at < 30; at++ {
				f.Add(b, counttest.Events{At: minute(at), Arrives: arrives(at), Good: 1})
			}
			f.runSilent(minute(85))
			want := strings.Repeat("+", within) + strings.Repeat("-", 60-within)
			if got := f.slices(a, minutes(0, 60)); got != want {
				t.Errorf("within %d minutes, %s:\ngot  %s\nwant %s", within, name, got, want)
			}
		}
	}
}

// The chunks of counting backwards end at any minute: which slices are stored does
// not depend on it.
func TestSlicesWithALongReachAreCompleteAfterCountingBackwards(t *testing.T) {
	a := slicesOf("a", 50*time.Minute)
	f := begin(t, ten.AddDate(0, 0, -3), a)
	f.add(a, ten.AddDate(0, 0, -3).Add(time.Hour), 1, 0)
	f.run(10 * time.Minute)
	period := count.Span{From: ten.AddDate(0, 0, -3).Add(time.Hour), To: ten}
	// The region is known until the end of the next day, in UTC.
	good, bad := 50, 37*60-50
	want := strings.Repeat("+", good) + strings.Repeat("-", bad) + strings.Repeat(".", 71*60-good-bad)
	if got := f.slices(a, period); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// other is a second source.
var other = slo.Source{Index: "metrics", TimeField: "time", RegionField: "region"}

func inOther(i slo.Indicator) slo.Indicator {
	i.Source = other
	return i
}

func TestDocumentsThatOneSourceLosesLeaveItsCounts(t *testing.T) {
	a, b := ratio("a"), inOther(ratio("b"))
	fresh := slicesOf("fresh", time.Minute)
	f := begin(t, minute(-60), a, b, fresh)
	f.Telemetry()
	for n := -60; n < 60; n++ {
		f.add(b, minute(n), 1, 0)
		if n <= 0 {
			f.add(a, minute(n), 2, 1)
			f.add(fresh, minute(n), 1, 0)
		}
	}
	f.now = minute(-9)
	f.run(10*time.Minute + 20*time.Second)
	f.Fake = &counttest.Fake{Now: func() time.Time { return f.now }}
	f.Telemetry()
	for n := -60; n < 60; n++ {
		f.add(b, minute(n), 1, 0)
	}
	f.run(10 * time.Minute)
	if got := f.sum(a); got != (slo.Count{Good: 122, Bad: 61}) {
		t.Errorf("counted %v of 122 good and 61 bad events", got)
	}
	if got := f.slices(fresh, minutes(-10, 5)); got != "+++++++++++...." {
		t.Errorf("the slices are %s", got)
	}
	if got := f.sum(b); got.Good != 72 {
		t.Errorf("counted %v in the source that is left", got)
	}
	for _, i := range []slo.Indicator{a, b, fresh} {
		if got, want := f.counted(i), (count.Span{From: minute(-60), To: minute(12)}); got != want {
			t.Errorf("counted %v, want %v", got, want)
		}
	}
}

func TestAnEventMakesLaterSlicesGoodAlthoughItsSourceIsSilent(t *testing.T) {
	a, b := slicesOf("a", 15*time.Minute), inOther(ratio("b"))
	f := begin(t, minute(-60), a, b)
	f.Telemetry()
	f.add(a, minute(0), 1, 0)
	for n := -60; n < 60; n++ {
		f.add(b, minute(n), 1, 0)
	}
	f.run(30 * time.Minute)
	if got, want := f.slices(a, minutes(0, 25)), strings.Repeat("+", 15)+strings.Repeat(".", 10); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestALineBeforeTheFirstOneIsCountedWithinAQuarterOfAnHour(t *testing.T) {
	for name, early := range map[string]time.Duration{"an hour": time.Hour, "a day": 24 * time.Hour} {
		f := begin(t, minute(-60), ratio("a"), inOther(ratio("b")))
		f.run(20 * time.Minute)
		f.Add(ratio("a"), counttest.Events{At: minute(-60).Add(-early), Arrives: f.now.Add(time.Minute), Region: "kr", Good: 1})
		f.run(16 * time.Minute)
		if got := f.sum(ratio("a")); got.Good != 1 {
			t.Errorf("a line %s before the first one is not counted", name)
		}
	}
}

func TestWhatIsCountedBackwardsIsNotCountedAgain(t *testing.T) {
	f := begin(t, ten.AddDate(0, 0, -3), ratio("a"))
	f.run(time.Minute)
	f.searches = nil
	f.run(10 * time.Minute)
	for _, s := range f.searches {
		if len(s.indicators) > 1 && s.From.Before(ten.Add(-time.Hour)) {
			t.Errorf("%d indicators are counted again from %v to %v", len(s.indicators), s.From, s.To)
		}
	}
}
