package charting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/chart"
	"jari.example/alerting/count"
	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

var pages = incident.Target{Medium: incident.Slack, Address: incident.Pages}

// fixture is a Charter with the clock of a test, and a relay to a channel of its own.
type fixture struct {
	*testing.T
	*Charter
	store    *inmem.Store
	term     lease.Term
	charts   []chart.Chart // that were drawn
	uploads  []string      // when, since began
	began    time.Time
	failures []error // of the next uploads; nil, or none left, succeeds
	mu       sync.Mutex
	reported []string
	shown    []string // what each delivery showed: "post", "update F000000001"
	posted   []time.Duration
	refusals int // how many of the next updates are refused because of the chart
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{T: t, store: inmem.New(), began: time.Now()}
	f.term, _, _ = f.store.Acquire(t.Context(), "me", 1000*time.Hour)
	timing, err := count.NewTiming(1)
	if err != nil {
		t.Fatal(err)
	}
	f.Charter = &Charter{
		Medium: incident.Slack, Set: func() slo.Set { return rules }, Timing: timing, Store: f.store, Now: time.Now,
		Draw: func(c chart.Chart) ([]byte, error) {
			f.charts = append(f.charts, c)
			return []byte("png"), nil
		},
		Upload: func(_ context.Context, name, _ string, _ []byte) (string, error) {
			f.uploads = append(f.uploads, time.Since(f.began).Round(time.Second).String())
			if len(f.failures) > 0 {
				err := f.failures[0]
				f.failures = f.failures[1:]
				if err != nil {
					return "", err
				}
			}
			return fmt.Sprintf("F%09d", len(f.uploads)), nil
		},
		Report: func(_ context.Context, i incident.Incident, err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.reported = append(f.reported, fmt.Sprint(i.Rule, " ", err))
		},
	}
	return f
}

// The channel that the relay delivers to.
func (f *fixture) Post(context.Context, notify.Delivery) (incident.MessageRef, error) {
	f.shown, f.posted = append(f.shown, "post"), append(f.posted, time.Since(f.began))
	return incident.MessageRef{Channel: "C", ID: "1"}, nil
}

func (f *fixture) Update(_ context.Context, d notify.Delivery) error {
	file := d.Incident.Chart.File
	if file != "" && f.refusals > 0 {
		f.refusals--
		f.Refused(d.Incident, errors.New("invalid_blocks"))
		file = "without"
	}
	f.shown = append(f.shown, strings.TrimSpace("update "+file))
	return nil
}

func (f *fixture) Reply(context.Context, notify.Delivery) error {
	f.shown = append(f.shown, "reply")
	return nil
}

func (f *fixture) Find(context.Context, notify.Delivery) (ref incident.MessageRef, found bool, err error) {
	return ref, false, nil
}

// run lets the relay and the Charter work for this long.
func (f *fixture) run(length time.Duration) {
	ctx, cancel := context.WithTimeout(f.Context(), length)
	defer cancel()
	relay := notify.NewRelay(notify.Config{Outbox: f.store, Notifier: f, Medium: incident.Slack, Interval: time.Second, SpanName: "x",
		Report: func(context.Context, notify.Delivery, error) {}})
	done := make(chan struct{})
	go func() { defer close(done); relay.Run(ctx, f.term) }()
	synctest.Wait() // what waited was delivered
	f.Charter.Run(ctx, f.term)
	<-done
}

var indicator = slo.Indicator{Source: slo.Source{Index: "x"}, Total: slo.Condition{Field: "n"}}

var rules = slo.Set{
	SLOs: []slo.SLO{{
		Rule: slo.Rule{Name: "availability"}, EventLabel: "attempts", Indicator: indicator,
		Objective: slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour},
	}},
	Alerts: []slo.Alert{
		{Rule: slo.Rule{Name: "silent"}, Subjects: []slo.Subject{{Indicator: indicator}}, When: slo.When{Within: time.Minute, Absent: true}},
		{Rule: slo.Rule{Name: "stuck"}, Severity: slo.Ticket, When: slo.When{Within: 30 * time.Minute, Events: 3},
			Subjects: []slo.Subject{{Name: "kr", Indicator: indicator}, {Name: "us", Indicator: slo.Indicator{Total: slo.Condition{Field: "us"}}}}},
	},
}

func (f *fixture) open(rule string, s slo.Severity) incident.Incident {
	now := time.Now()
	i := incident.Incident{ID: rule, Rule: rule, Severity: s, StartedAt: now.Add(-10 * time.Minute), OpenedAt: now, UpdatedAt: now,
		Facts: incident.Facts{Pair: slo.WindowPair{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4}}}
	if err := f.store.Open(f.Context(), f.term, incident.Change{Incident: i, Targets: []incident.Target{pages}}); err != nil {
		f.Fatal(err)
	}
	return i
}

// change writes the incident as it is in i.
func (f *fixture) change(i incident.Incident) {
	f.Helper()
	before, err := f.store.Get(f.Context(), i.ID)
	if err == nil {
		err = f.store.Update(f.Context(), f.term, incident.Change{Incident: i, ResolvedBefore: before.ResolvedAt})
	}
	if err != nil {
		f.Fatal(err)
	}
}

// expect compares what was shown since the last time.
func (f *fixture) expect(when string, want ...string) {
	f.Helper()
	if !slices.Equal(f.shown, want) {
		f.Errorf("%s: shown %q, want %q (reported %q)", when, f.shown, want, f.reported)
	}
	f.shown = nil
}

func TestAChartFollowsTheMessageAndIsRenewedWithTheStateOfTheIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		i := f.open("availability", slo.Ticket)
		if err := f.pass(t.Context(), f.term); err != nil || len(f.uploads) > 0 {
			t.Errorf("before the message: %v, uploads %v", err, f.uploads)
		}
		f.run(time.Minute)
		f.expect("opened", "post", "update F000000001")
		f.change(i) // new figures
		f.run(time.Minute)
		f.expect("another update", "update F000000001")
		i.Severity = slo.Page
		f.change(i)
		f.run(time.Minute)
		f.expect("raised", "update F000000001", "update F000000002")
		i.ResolvedAt = time.Now()
		f.change(i)
		f.run(time.Minute)
		f.expect("resolved", "update F000000002", "update F000000003")
		i.ResolvedAt = time.Time{}
		f.change(i)
		f.run(time.Minute)
		f.expect("reopened", "update F000000003", "update F000000004")
		if last := f.charts[2]; !f.charts[3].Ended.IsZero() || last.Ended.IsZero() {
			t.Errorf("the charts end %v and %v", last.Ended, f.charts[3].Ended)
		}
		f.run(2 * time.Hour)
		f.expect("nothing happens")
	})
}

func TestAnotherReplicaRenewsWhatEndedLatelyAndLeavesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		i := f.open("availability", slo.Page)
		f.run(time.Minute)
		f.expect("opened", "post", "update F000000001")
		i.ResolvedAt = time.Now()
		f.change(i)
		f.tries = nil // of another process
		f.run(time.Minute)
		f.expect("resolved", "update F000000001", "update F000000002")
		f.tries = nil
		f.run(time.Minute)
		f.expect("its chart is there")
		if err := f.store.SetChart(t.Context(), f.term, incident.Slack, i.ID, incident.Chart{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(endedWithin)
		f.run(time.Minute)
		f.expect("it ended long ago", "update")
	})
}

func TestAnUploadThatFailsIsTriedAFewTimes(t *testing.T) {
	refused := func(o notify.Outcome) error { return &notify.Error{Outcome: o, Type: "x", Err: errors.New("refused")} }
	limited := &notify.Error{Outcome: notify.RateLimited, RetryAfter: 45 * time.Second, Err: errors.New("limited")}
	for name, c := range map[string]struct {
		failures []error
		uploads  []string
		shown    []string
	}{
		"the scope is missing": {slices.Repeat([]error{refused(notify.Misconfigured)}, 9), []string{"0s"}, []string{"post"}},
		"refused for good":     {slices.Repeat([]error{refused(notify.Never)}, 9), []string{"0s"}, []string{"post"}},
		"it passes":            {[]error{refused(notify.Refused)}, []string{"0s", "10s"}, []string{"post", "update F000000002"}},
		"it does not pass":     {slices.Repeat([]error{refused(notify.Ambiguous)}, 9), []string{"0s", "10s", "30s"}, []string{"post"}},
		"a rate limit":         {[]error{limited}, []string{"0s", "45s"}, []string{"post", "update F000000002"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				f.failures = c.failures
				i := f.open("availability", slo.Page)
				f.run(time.Hour)
				f.expect("opened", c.shown...)
				if !slices.Equal(f.uploads, c.uploads) || !strings.HasPrefix(f.reported[0], "availability upload the chart: ") {
					t.Errorf("uploads after %q, want %q; reported %q", f.uploads, c.uploads, f.reported)
				}
				// It is corrected: the next picture is there.
				f.failures, i.ResolvedAt = nil, time.Now()
				f.change(i)
				f.run(time.Minute)
				if last := f.shown[len(f.shown)-1]; !strings.HasPrefix(last, "update F") {
					t.Errorf("resolved: %q", f.shown)
				}
			})
		})
	}
}

func TestARateLimitHoldsEveryUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.failures = []error{&notify.Error{Outcome: notify.RateLimited, RetryAfter: 45 * time.Second, Err: errors.New("limited")}}
		f.open("availability", slo.Page)
		stuck := f.open("stuck", slo.Page)
		stuck.Facts.Alert = &incident.Alert{Fired: []string{"kr"}}
		f.change(stuck)
		f.run(5 * time.Minute)
		if want := []string{"0s", "45s", "45s"}; !slices.Equal(f.uploads, want) {
			t.Errorf("uploads after %q, want %q", f.uploads, want)
		}
	})
}

func TestAPanicHarmsNeitherTheMessageNorOtherCharts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		draw, drawn := f.Draw, 0
		f.Draw = func(c chart.Chart) ([]byte, error) {
			if drawn++; c.Label == "attempts" {
				panic("out of range")
			}
			return draw(c)
		}
		f.open("availability", slo.Page)
		stuck := f.open("stuck", slo.Page)
		stuck.Facts.Alert = &incident.Alert{Fired: []string{"kr"}}
		f.change(stuck)
		f.run(time.Hour)
		f.expect("opened", "post", "post", "update F000000001")
		if drawn != 2 || !slices.Contains(f.reported, "availability making a chart has panicked: out of range") {
			t.Errorf("drawn %d times, reported %q", drawn, f.reported)
		}
	})
}

func TestAChartThatIsRefusedIsShownAgainAFewTimesAndThenGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.refusals = 2
		i := f.open("availability", slo.Page)
		f.run(time.Hour)
		f.expect("still processed", "post", "update without", "update without", "update F000000001")
		f.refusals = 1000
		i.ResolvedAt = time.Now()
		f.change(i)
		f.run(2 * time.Minute)
		f.expect("refused for good", "update without", "update without", "update without", "update without", "update without", "update")
		if n := len(f.reported); f.reported[n-1] != "availability show the chart: invalid_blocks" || len(f.uploads) != 2 {
			t.Errorf("reported %q after %d uploads", f.reported, len(f.uploads))
		}
		f.run(time.Hour)
		f.expect("nothing happens")
	})
}

func TestARefusalOfAnOlderChartLeavesTheNewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		i := f.open("availability", slo.Page)
		f.run(time.Minute)
		before, err := f.store.Get(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		f.expect("opened", "post", "update F000000001")
		i.ResolvedAt = time.Now()
		f.change(i)
		f.run(time.Second) // the newer one is uploaded, and not yet shown
		f.Refused(before, errors.New("invalid_blocks"))
		f.run(time.Hour)
		f.expect("resolved", "update F000000001", "update F000000002")
		if len(f.uploads) != 2 {
			t.Errorf("%d uploads", len(f.uploads))
		}
	})
}

func TestMessagesDoNotWaitForAnUploadThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		upload := f.Upload
		f.Upload = func(ctx context.Context, name, alt string, picture []byte) (string, error) {
			<-ctx.Done() // Slack does not answer
			_, _ = upload(ctx, name, alt, picture)
			return "", ctx.Err()
		}
		f.open("availability", slo.Page)
		later := time.AfterFunc(10*time.Second, func() { f.open("stuck", slo.Page) })
		defer later.Stop()
		f.run(3 * time.Minute)
		f.expect("opened", "post", "post")
		if f.posted[0] > time.Second || f.posted[1] > 11*time.Second {
			t.Errorf("posted after %v, during the upload of the first 30 s", f.posted)
		}
		if !slices.Equal(f.uploads, []string{"30s", "1m10s", "2m0s"}) {
			t.Errorf("the uploads ended after %q, want each after %v", f.uploads, uploadLimit)
		}
	})
}

func TestNothingIsDrawnOfARuleWithoutCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		silent := f.open("silent", slo.Page)
		silent.Facts.Alert = &incident.Alert{Fired: []string{""}}
		f.change(silent)
		f.open("withdrawn", slo.Page)
		f.run(time.Hour)
		f.expect("opened", "post", "post")
		if len(f.charts) > 0 || len(f.reported) > 0 {
			t.Errorf("drawn %+v, reported %q", f.charts, f.reported)
		}
	})
}

func TestAChartOfATermThatHasEndedIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.open("availability", slo.Page)
		f.run(time.Second) // uploaded, not yet stored
		if err := f.store.Release(t.Context(), "me"); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := f.store.Acquire(t.Context(), "other", time.Hour); !ok || err != nil {
			t.Fatal(ok, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if f.Charter.Run(ctx, f.term); ctx.Err() != nil {
			t.Error("it goes on without the lease")
		}
		if i, err := f.store.Get(t.Context(), "availability"); err != nil || i.Chart.File != "" || len(f.uploads) != 1 {
			t.Errorf("stored %+v after %d uploads, %v", i.Chart, len(f.uploads), err)
		}
	})
}
