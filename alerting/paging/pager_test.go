package paging_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/paging"
	"jari.example/alerting/slo"
)

// fixture is an open page, three people in line, and a pager that looks every second.
type fixture struct {
	t     *testing.T
	store *inmem.Store
	term  lease.Term
	pager *paging.Pager
	start time.Time
}

var (
	pages = incident.Target{Medium: incident.Slack, Address: incident.Pages}
	mina  = oncall.Person{Name: "Mina", SlackID: "U1", Email: "mina@example.com"}
	jo    = oncall.Person{Name: "Jo", SlackID: "U2", Email: "jo@example.com"}
	kim   = oncall.Person{Name: "Kim"}
)

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t, store: inmem.New(), start: time.Now()}
	var err error
	if f.term, _, err = f.store.Acquire(t.Context(), "me", 1000*time.Hour); err != nil {
		t.Fatal(err)
	}
	rota := &oncall.Rota{
		Zone: time.UTC, Start: f.start.Add(-time.Hour), People: []oncall.Person{mina, jo, kim}, AcknowledgeWithin: 5 * time.Minute,
	}
	f.pager = &paging.Pager{
		Store: f.store, Outbox: f.store, Rota: func() *oncall.Rota { return rota }, MailAfter: 5 * time.Minute, Mails: true, Now: time.Now,
		Report: func(_ context.Context, err error) { t.Error(err) },
	}
	return f
}

// open opens an incident about which Mina is notified, unless it is silenced.
func (f *fixture) open(severity slo.Severity, silenced *incident.Silenced) {
	i := incident.Incident{ID: "i", Rule: "r", Severity: severity, OpenedAt: f.start, Facts: incident.Facts{Silenced: silenced}}
	entries := []incident.Entry{{At: f.start, Kind: incident.EntryOpened, Text: "opened"}}
	if silenced == nil && severity == slo.Page {
		entries = append(entries, incident.Entry{At: f.start, Kind: incident.EntryNotified, Actor: mina.Name, Mention: mina.SlackID})
	}
	i.Response = incident.Response{}.After(entries)
	err := f.store.Open(f.t.Context(), f.term, incident.Change{Incident: i, Entries: entries, Targets: []incident.Target{pages}})
	if err != nil {
		f.t.Fatal(err)
	}
}

// run lets the pager look for so long.
func (f *fixture) run(length time.Duration) {
	ctx, cancel := context.WithTimeout(f.t.Context(), length)
	defer cancel()
	f.pager.Run(ctx, f.term)
}

// deliver lets a relay that always succeeds take what Slack has to get.
func (f *fixture) deliver() {
	for {
		d, ok, err := f.store.Next(f.t.Context(), incident.Slack, nil, time.Now())
		if err != nil {
			f.t.Fatal(err)
		}
		if !ok {
			return
		}
		if err := f.store.Complete(f.t.Context(), f.term, d, incident.MessageRef{Channel: "C", ID: "1"}); err != nil {
			f.t.Fatal(err)
		}
	}
}

// timeline is what was done since the incident opened: minute, kind and person.
func (f *fixture) timeline() (all []string) {
	entries, err := f.store.Timeline(f.t.Context(), "i")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range entries[1:] {
		all = append(all, e.At.Sub(f.start).Round(time.Minute).String()+" "+string(e.Kind)+" "+e.Actor)
	}
	return all
}

// mails are the addresses that get the incident, in order.
func (f *fixture) mails() (addresses []string) {
	var busy []string
	for {
		d, ok, err := f.store.Next(f.t.Context(), incident.Mail, busy, time.Now())
		if err != nil {
			f.t.Fatal(err)
		}
		if !ok {
			return addresses
		}
		if d.Kind == notify.Post {
			addresses = append(addresses, d.Target.Address)
		}
		busy = append(busy, d.Target.Address)
	}
}

func (f *fixture) expect(timeline, mails []string) {
	f.t.Helper()
	if got := f.timeline(); !slices.Equal(got, timeline) {
		f.t.Errorf("timeline %q, want %q", got, timeline)
	}
	if got := f.mails(); !slices.Equal(got, mails) {
		f.t.Errorf("mailed to %q, want %q", got, mails)
	}
}

func TestAPageThatNobodyAcknowledgesIsEscalated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.open(slo.Page, nil)
		f.deliver()
		f.run(4*time.Minute + 55*time.Second)
		f.expect([]string{"0s notified Mina"}, nil)
		f.run(16 * time.Minute)
		f.expect([]string{"0s notified Mina", "5m0s notified Jo", "10m0s notified Kim", "15m0s notified Mina", "20m0s notified Jo"},
			[]string{"jo@example.com", "mina@example.com"}) // Kim has no address
	})
}

func TestAnAcknowledgedPageIsNotEscalated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.open(slo.Page, nil)
		f.deliver()
		f.run(6 * time.Minute)
		r := incident.Responder{Store: f.store, Now: time.Now}
		if _, err := r.Acknowledge(t.Context(), "i", incident.Actor{ID: "U2", Name: "Jo"}); err != nil {
			t.Fatal(err)
		}
		f.run(time.Hour)
		f.expect([]string{"0s notified Mina", "5m0s notified Jo", "6m0s acknowledged Jo"}, []string{"jo@example.com"})
	})
}

func TestNobodyIsNotifiedOfATicketOrWhileSilenced(t *testing.T) {
	for name, open := range map[string]func(*fixture){
		"a ticket":        func(f *fixture) { f.open(slo.Ticket, nil) },
		"a silenced page": func(f *fixture) { f.open(slo.Page, &incident.Silenced{By: "Mina"}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				open(f) // and Slack does not take it
				f.run(time.Hour)
				f.expect(nil, nil)
			})
		})
	}
}

// A silence ends while the fault goes on: the person who is on call is notified then.
func TestAPageThatIsNotSilencedAnyMoreNotifies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.open(slo.Page, &incident.Silenced{By: "Mina"})
		f.deliver()
		f.run(time.Hour)
		i, err := f.store.Get(t.Context(), "i")
		if err != nil {
			t.Fatal(err)
		}
		i.Facts.Silenced = nil
		if err := f.store.Update(t.Context(), f.term, incident.Change{Incident: i}); err != nil {
			t.Fatal(err)
		}
		f.run(6 * time.Minute)
		f.expect([]string{"1h0m0s notified Mina", "1h5m0s notified Jo"}, []string{"jo@example.com"})
	})
}

func TestAPageThatSlackDoesNotTakeIsMailed(t *testing.T) {
	for name, c := range map[string]struct {
		refused bool
		rota    bool
		at      string
		to      string
	}{
		"after five minutes":                     {false, true, "5m0s", "jo@example.com"},
		"at once when it is refused":             {true, true, "0s", "mina@example.com"},
		"to the fallback when nobody is on call": {true, false, "0s", "sre@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				f.pager.MailTo = []string{"sre@example.com"}
				if !c.rota {
					f.pager.Rota = func() *oncall.Rota { return nil }
				}
				f.open(slo.Page, nil)
				if c.refused {
					d, _, _ := f.store.Next(t.Context(), incident.Slack, nil, time.Now())
					err := f.store.Retry(t.Context(), f.term, d.ID, notify.Retrial{NotBefore: time.Now(), Reason: "is_archived", Refused: true})
					if err != nil {
						t.Fatal(err)
					}
				}
				f.run(5*time.Minute + 2*time.Second)
				if got := f.timeline(); !slices.Contains(got, c.at+" undelivered ") {
					t.Errorf("timeline %q", got)
				}
				if got := f.mails(); !slices.Contains(got, c.to) {
					t.Errorf("mailed to %q, want %s among them", got, c.to)
				}
				before := len(f.timeline())
				f.run(2 * time.Minute)
				if after := f.timeline(); len(after) != before {
					t.Errorf("mailed again: %q", after)
				}
			})
		})
	}
}

func TestWithoutMailsThePageIsEscalatedInSlackAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.pager.Mails = false
		f.open(slo.Page, nil) // and Slack does not take it
		f.run(11 * time.Minute)
		f.expect([]string{"0s notified Mina", "5m0s notified Jo", "10m0s notified Kim"}, nil)
	})
}

// Two replicas look at the same time, one of which has lost its lease.
func TestTwoPagersNotifyAPersonOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.open(slo.Page, nil)
		f.deliver()
		go f.run(12 * time.Minute)
		f.run(12 * time.Minute)
		synctest.Wait()
		f.expect([]string{"0s notified Mina", "5m0s notified Jo", "10m0s notified Kim"}, []string{"jo@example.com"})
	})
}
