package digest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata"

	"jari.example/alerting/count"
	"jari.example/alerting/digest"
	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

var tickets = incident.Target{Medium: incident.Slack, Address: incident.Tickets}

// crew is a store with replicas that queue digests, and when they did.
type crew struct {
	t      *testing.T
	store  *inmem.Store
	zone   *time.Location
	at     time.Duration
	mu     sync.Mutex
	queued []time.Time
}

func newCrew(t *testing.T, zone string, at time.Duration) *crew {
	location, err := time.LoadLocation(zone)
	must(t, err)
	return &crew{t: t, store: inmem.New(), zone: location, at: at}
}

// start runs a replica until stop is called.
func (c *crew) start(holder string) (stop func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		elector := lease.Elector{Store: c.store, HolderID: holder, TTL: time.Hour, Report: func(bool, error) {}}
		elector.Run(ctx, func(ctx context.Context, term lease.Term) {
			timing, err := count.NewTiming(1)
			must(c.t, err)
			digest.Job{
				Store: c.store, Set: func() slo.Set { return slo.Set{} }, Timing: timing, At: c.at, Now: time.Now,
				Zone:    func() *time.Location { return c.zone },
				Targets: func(time.Time) []incident.Target { return []incident.Target{tickets} },
				Report:  func(ctx context.Context, err error) { c.deliver(ctx, term, err) },
			}.Run(ctx, term)
		})
	})
	return func() { cancel(); running.Wait() }
}

// deliver takes out of the outbox what was queued, which is one notice.
func (c *crew) deliver(ctx context.Context, term lease.Term, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	must(c.t, err)
	for n := 0; ; n++ {
		d, ok, err := c.store.Next(ctx, incident.Slack, nil, time.Now())
		must(c.t, err)
		if !ok {
			if n != 1 {
				c.t.Errorf("%d notices at once", n)
			}
			return
		}
		if d.Kind != notify.Notice || d.Target != tickets || d.Note.Digest == nil {
			c.t.Errorf("queued %+v", d)
		}
		c.queued = append(c.queued, time.Now().In(c.zone))
		must(c.t, c.store.Complete(ctx, term, d, incident.MessageRef{ID: "1"}))
	}
}

// dates are the local dates of what was queued.
func (c *crew) dates() (all []string) {
	for _, at := range c.queued {
		all = append(all, at.Format(time.DateOnly))
	}
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The clock of a test begins on 1 January 2000 in UTC. In New York the clock skips 02:00 to
// 03:00 on 2 April and repeats 01:00 to 02:00 on 29 October; in Seoul it does neither.
func TestOneDigestADayForTenMonthsAndTwoReplicas(t *testing.T) {
	const days = 310
	for _, c := range []struct {
		zone string
		at   time.Duration
	}{
		{"Asia/Seoul", 9 * time.Hour}, {"America/New_York", 9 * time.Hour}, {"America/New_York", 2*time.Hour + 30*time.Minute},
		{"America/New_York", time.Hour + 30*time.Minute}, {"America/New_York", 0}, {"America/New_York", 23*time.Hour + 59*time.Minute},
	} {
		t.Run(fmt.Sprint(c.zone, " ", c.at), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crew := newCrew(t, c.zone, c.at)
				replicas := []func(){crew.start("0"), crew.start("1")}
				time.Sleep(11 * time.Minute) // no replica ends at the moment at which it queues, which it would not report
				for n := range days {
					time.Sleep(24 * time.Hour)
					if n%7 == 0 { // one is replaced, now and then the one with the lease
						replicas[n/7%2]()
						replicas[n/7%2] = crew.start(fmt.Sprint("again ", n))
					}
				}
				for _, stop := range replicas {
					stop()
				}
				dates := crew.dates()
				if unique := slices.Compact(slices.Clone(dates)); len(unique) != len(dates) || len(dates) < days-1 || len(dates) > days+1 {
					t.Errorf("%d digests on %d days, of %d", len(dates), len(unique), days)
				}
				for n, at := range crew.queued {
					midnight := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
					clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
					if late := clock - c.at; late < -time.Hour || late > time.Hour+2*time.Minute {
						t.Errorf("digest %d is at %s, %s after midnight", n, at, at.Sub(midnight))
					}
					if n > 0 && crew.queued[n-1].AddDate(0, 0, 1).Format(time.DateOnly) != dates[n] {
						t.Errorf("no digest between %s and %s", dates[n-1], dates[n])
					}
				}
			})
		})
	}
}

func TestADigestThatWasMissedIsLateButNotTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crew := newCrew(t, "UTC", 9*time.Hour)
		clock := func(day, hour int) {
			time.Sleep(time.Until(time.Date(2000, 1, day, hour, 0, 30, 0, time.UTC)))
		}
		clock(1, 10)
		stop := crew.start("a") // its first start is after the time: there is nothing to catch up with
		clock(1, 23)
		if got := crew.dates(); len(got) > 0 {
			t.Errorf("on the day of the first start: %v", got)
		}
		clock(2, 10) // at nine
		stop()
		clock(4, 15) // down at nine on the third and the fourth
		stop = crew.start("b")
		clock(4, 20)
		stop()
		stop = crew.start("c")
		clock(5, 8)
		stop()
		clock(6, 1)
		defer crew.start("d")() // the fifth is over
		clock(6, 8)
		if got, want := crew.dates(), []string{"2000-01-02", "2000-01-04"}; !slices.Equal(got, want) {
			t.Errorf("digests on %v, want %v", got, want)
		}
		clock(6, 10)
		if got, want := crew.dates(), []string{"2000-01-02", "2000-01-04", "2000-01-06"}; !slices.Equal(got, want) {
			t.Errorf("digests on %v, want %v", got, want)
		}
	})
}

func TestAReplicaThatHasLostItsLeaseQueuesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crew, ctx := newCrew(t, "UTC", 9*time.Hour), t.Context()
		old, _, err := crew.store.Acquire(ctx, "old", time.Minute)
		must(t, err)
		must(t, crew.store.Release(ctx, "old"))
		_, _, err = crew.store.Acquire(ctx, "new", time.Hour)
		must(t, err)
		timing, err := count.NewTiming(1)
		must(t, err)
		digest.Job{
			Store: crew.store, Set: func() slo.Set { return slo.Set{} }, Timing: timing, Now: time.Now,
			Zone: func() *time.Location { return time.UTC }, Targets: func(time.Time) []incident.Target { return []incident.Target{tickets} },
			Report: func(_ context.Context, err error) { t.Errorf("reported: %v", err) },
		}.Run(ctx, old) // returns
		if waiting, err := crew.store.Waiting(ctx); err != nil || len(waiting) > 0 {
			t.Errorf("queued: %+v, %v", waiting, err)
		}
	})
}

func TestAStoreThatFailsIsReportedAndTheDigestFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		crew := newCrew(t, "UTC", 9*time.Hour)
		term, _, err := crew.store.Acquire(t.Context(), "a", 1e6*time.Hour)
		must(t, err)
		timing, err := count.NewTiming(1)
		must(t, err)
		broken := failing{Store: crew.store, until: time.Date(2000, 1, 1, 9, 30, 0, 0, time.UTC)}
		failures := 0
		ctx, cancel := context.WithCancel(t.Context())
		go digest.Job{
			Store: broken, Set: func() slo.Set { return slo.Set{} }, Timing: timing, Now: time.Now, At: 9 * time.Hour,
			Zone: func() *time.Location { return time.UTC }, Targets: func(time.Time) []incident.Target { return []incident.Target{tickets} },
			Report: func(ctx context.Context, err error) {
				if err != nil {
					failures++
					return
				}
				crew.deliver(ctx, term, err)
			},
		}.Run(ctx, term)
		time.Sleep(12 * time.Hour)
		cancel()
		synctest.Wait()
		if failures < 25 || len(crew.queued) != 1 || crew.queued[0].Format("15:04") != "09:30" {
			t.Errorf("%d failures, digests at %v", failures, crew.queued)
		}
	})
}

// failing does not count until a time.
type failing struct {
	*inmem.Store
	until time.Time
}

func (f failing) Counted(ctx context.Context) (map[slo.Key]count.Span, error) {
	if time.Now().Before(f.until) {
		return nil, errors.New("the database is away")
	}
	return f.Store.Counted(ctx)
}

// objective is an SLO over 30 days; each has events of its own.
func objective(name string) slo.SLO {
	return slo.SLO{
		Rule: slo.Rule{Name: name}, Objective: slo.Objective{Target: 0.99, Window: 30 * slo.Day},
		Indicator: slo.Indicator{Source: slo.Source{Index: name}},
	}
}

func TestADigestHasTheWorstBudgetFirstAndTheIncidentsOfYesterdayInItsZone(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	must(t, err)
	now := time.Date(2026, 11, 29, 0, 30, 0, 0, time.UTC) // 09:30 on the 29th in Seoul
	store := inmem.New()
	term, _, err := store.Acquire(t.Context(), "me", time.Hour)
	must(t, err)
	timing, err := count.NewTiming(1)
	must(t, err)
	set := slo.Set{SLOs: []slo.SLO{objective("fine"), objective("half"), objective("none"), objective("over"), objective("silent")}}
	batch := count.Batch{Span: count.Span{From: now.Add(-30 * slo.Day), To: now.Add(time.Minute)}, Buckets: map[slo.Key][]count.Bucket{}}
	for name, bad := range map[string]int64{"fine": 0, "half": 5, "over": 20} { // of 1,000, of which 10 may be bad
		o := objective(name)
		batch.Buckets[o.Indicator.Key(timing.Bucket)] = []count.Bucket{
			{At: now.Add(-2 * time.Hour), Count: slo.Count{Good: 1000 - bad, Bad: bad}},
		}
	}
	must(t, store.Save(t.Context(), term, batch))
	open := func(rule string, resolved string, change func(*incident.Incident)) {
		i := incident.Incident{ID: rule, Rule: rule, Severity: slo.Page, StartedAt: now.Add(-slo.Day), OpenedAt: now,
			Facts: incident.Facts{Title: rule + " fails"}}
		if resolved != "" {
			i.ResolvedAt, err = time.Parse(time.RFC3339, resolved)
			must(t, err)
		}
		if change != nil {
			change(&i)
		}
		must(t, store.Open(t.Context(), term, incident.Change{Incident: i}))
	}
	open("1", "", nil)
	open("2", "", func(i *incident.Incident) { i.Response.Assignee, i.Severity = "Mina", slo.Ticket })
	open("3", "", func(i *incident.Incident) { i.Facts.Silenced = &incident.Silenced{By: "Jun"} })
	open("4", "2026-11-27T23:59:00+09:00", nil) // the day before
	open("5", "2026-11-28T00:00:00+09:00", nil)
	open("6", "2026-11-28T23:59:00+09:00", nil)
	open("7", "2026-11-29T00:00:00+09:00", nil) // today

	d, err := digest.Read(t.Context(), store, set, timing, now, seoul)
	must(t, err)
	var got []string
	for _, b := range d.Budgets {
		got = append(got, fmt.Sprintf("%s %.2f %v %t", b.Rule, b.Remaining, b.NoData, b.ExhaustedAt.IsZero()))
	}
	want := []string{"over -1.00 false true", "half 0.50 false false", "fine 1.00 false true", "none 1.00 true true", "silent 1.00 true true"}
	if !slices.Equal(got, want) {
		t.Errorf("budgets %q, want %q", got, want)
	}
	if d.Ended != 2 || d.Zone != "Asia/Seoul" || !d.At.Equal(now) {
		t.Errorf("%d ended, in the zone %s at %s", d.Ended, d.Zone, d.At)
	}
	wantOpen := []notify.OpenIncident{
		{ID: "1", Title: "1 fails", Page: true, StartedAt: now.Add(-slo.Day)},
		{ID: "2", Title: "2 fails", StartedAt: now.Add(-slo.Day), AcknowledgedBy: "Mina"},
		{ID: "3", Title: "3 fails", Page: true, StartedAt: now.Add(-slo.Day), Silenced: true},
	}
	if !slices.Equal(d.Open, wantOpen) {
		t.Errorf("open %+v", d.Open)
	}
}
