package mediacheck_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/mediacheck"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/secret"
)

var mina = incident.Target{Medium: incident.Mail, Address: "mina@example.com"}

// replica is a Checker of one Slack, and what it has reported.
type replica struct {
	*mediacheck.Checker
	mu       sync.Mutex
	reported []string
}

func newReplica(store *inmem.Store, s *slacktest.Server, channels map[string]string) *replica {
	r := &replica{}
	c := slack.Config{URL: s.URL, Token: secret.New(slacktest.Token), HTTP: s.Client(), Channels: channels}
	r.Checker = mediacheck.New([]mediacheck.Medium{{
		Name: incident.Slack, Says: "Slack",
		Check:  func(ctx context.Context) ([]notify.Mistake, error) { return slack.Mistakes(ctx, c) },
		Notify: func(time.Time) []incident.Target { return []incident.Target{mina} },
	}}, store, func(_ context.Context, medium string, found []notify.Mistake, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		line := medium
		for _, m := range found {
			line += " " + m.What
		}
		if err != nil {
			line += " error: " + err.Error()
		}
		r.reported = append(r.reported, line)
	})
	return r
}

// run watches and, with the lease, announces until stop is called.
func (r *replica) run(t *testing.T, store *inmem.Store, holder string) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { r.Watch(ctx) })
	all.Go(func() {
		elector := lease.Elector{Store: store, HolderID: holder, TTL: 10 * time.Second, Report: func(bool, error) {}}
		elector.Run(ctx, r.Announce)
	})
	return func() { cancel(); all.Wait() }
}

// term is that of the replica with the lease.
func term(t *testing.T, store *inmem.Store) lease.Term {
	t.Helper()
	for _, holder := range []string{"one", "two"} {
		if term, ok, err := store.Acquire(t.Context(), holder, 10*time.Second); err == nil && ok {
			return term
		}
	}
	t.Fatal("no replica has the lease")
	return 0
}

// announced takes everything out of the outbox for mail.
func announced(t *testing.T, store *inmem.Store, term lease.Term) (texts []string) {
	t.Helper()
	for {
		d, ok, err := store.Next(t.Context(), incident.Mail, nil, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			return texts
		}
		texts = append(texts, d.Note.Text)
		if err := store.Complete(t.Context(), term, d, incident.MessageRef{ID: "1"}); err != nil {
			t.Fatal(err)
		}
	}
}

var channels = map[string]string{incident.Pages: slacktest.Channel, incident.Tickets: slacktest.Tickets}

func TestAMistakeIsAnnouncedOnceByMailAndItsCorrectionWithoutARestart(t *testing.T) {
	for name, c := range map[string]struct {
		channels       map[string]string
		break_, repair func(*slacktest.Server)
		says           []string
	}{
		"the bot is not in the channel": {channels, func(s *slacktest.Server) { s.Left = slacktest.TicketsID },
			func(s *slacktest.Server) { s.Left = "" }, []string{"#tickets: find the channel: the bot is not a member", "invite the bot"}},
		"a scope is missing": {channels, func(s *slacktest.Server) { s.Scopes = "chat:write,channels:read" },
			func(s *slacktest.Server) { s.Scopes += ",channels:history" }, []string{"channels:history or groups:history", "add the scope"}},
		"the channel is archived": {map[string]string{incident.Pages: slacktest.ID}, func(s *slacktest.Server) { s.Archived = slacktest.ID },
			func(s *slacktest.Server) { s.Archived = "" }, []string{slacktest.ID + ": find the channel: the channel is archived", "restore it"}},
		"the token was revoked": {channels, func(s *slacktest.Server) { s.Revoked = true },
			func(s *slacktest.Server) { s.Revoked = false }, []string{"the token is accepted: invalid_auth", "configure the bot token"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, s := inmem.New(), slacktest.New()
				c.break_(s)
				one, two := newReplica(store, s, c.channels), newReplica(store, s, c.channels)
				stopOne, stopTwo := one.run(t, store, "one"), two.run(t, store, "two")
				defer stopTwo()
				time.Sleep(5 * time.Minute)
				all := announced(t, store, term(t, store))
				if len(all) != 1 || !containsAll(all[0], c.says) {
					t.Fatalf("announced %d times, want once with %q: %q", len(all), c.says, all)
				}
				for _, r := range []*replica{one, two} {
					if err := r.Ready(t.Context()); err == nil || !containsAll(err.Error(), c.says) || len(r.reported) != 1 {
						t.Errorf("ready: %v; reported %q", err, r.reported)
					}
				}
				stopOne() // another replica has the lease now, and knows what was announced
				time.Sleep(5 * time.Minute)
				if again := announced(t, store, term(t, store)); len(again) > 0 {
					t.Errorf("announced again: %q", again)
				}
				c.repair(s)
				time.Sleep(mediacheck.WhenBroken + 2*time.Second)
				all = announced(t, store, term(t, store))
				if len(all) != 1 || !strings.Contains(all[0], "Slack is right again") {
					t.Errorf("after the correction: %q", all)
				}
				if err := two.Ready(t.Context()); err != nil {
					t.Errorf("after the correction: %v", err)
				}
				c.break_(s)
				time.Sleep(mediacheck.WhenRight + 2*time.Second)
				if all = announced(t, store, term(t, store)); len(all) != 1 || !containsAll(all[0], c.says) {
					t.Errorf("when it breaks again: %q", all)
				}
			})
		})
	}
}

func TestSlackThatCannotBeReachedIsNoMistake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := inmem.New(), slacktest.New()
		s.Fail("auth.test", slices.Repeat([]slacktest.Fault{slacktest.ResponseLost, slacktest.Failed, slacktest.RateLimited}, 4)...)
		r := newReplica(store, s, channels)
		defer r.run(t, store, "one")()
		time.Sleep(5 * time.Minute)
		if err := r.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		s.Left = slacktest.ID
		time.Sleep(10 * time.Minute)
		s.Fail("auth.test", slices.Repeat([]slacktest.Fault{slacktest.Failed}, 4)...)
		time.Sleep(2 * time.Minute)
		if all := announced(t, store, term(t, store)); len(all) != 1 || r.Ready(t.Context()) == nil {
			t.Errorf("a mistake that was known is forgotten or announced again while Slack is down: %q", all)
		}
	})
}

func TestWithoutAMistakeNobodyHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, s := inmem.New(), slacktest.New()
		r := newReplica(store, s, channels)
		defer r.run(t, store, "one")()
		time.Sleep(time.Hour)
		if all := announced(t, store, term(t, store)); len(all) > 0 || len(r.reported) > 0 || r.Ready(t.Context()) != nil {
			t.Errorf("announced %q, reported %q", all, r.reported)
		}
		checks := 0
		for _, c := range s.Calls() {
			if c.Method == "auth.test" {
				checks++
			}
			if strings.HasPrefix(c.Method, "chat.") {
				t.Errorf("it called %s", c.Method)
			}
		}
		if checks != 6 && checks != 7 {
			t.Errorf("%d checks in an hour", checks)
		}
	})
}

func TestAStoreThatFailsIsReportedAndTheMistakeIsAnnouncedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fail, announced int
		store := failing{func() error {
			if fail++; fail < 3 {
				return errors.New("the database is away")
			}
			announced++
			return nil
		}}
		var failures int
		c := mediacheck.New([]mediacheck.Medium{{
			Name: incident.Mail, Says: "mail", Notify: func(time.Time) []incident.Target { return []incident.Target{mina} },
			Check: func(context.Context) ([]notify.Mistake, error) { return []notify.Mistake{{What: "x", Do: "y"}}, nil },
		}}, store, func(_ context.Context, _ string, _ []notify.Mistake, err error) {
			if err != nil {
				failures++
			}
		})
		ctx, cancel := context.WithCancel(t.Context())
		go c.Watch(ctx)
		go c.Announce(ctx, 1)
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		if failures != 2 || announced != 1 {
			t.Errorf("%d failures, %d announcements", failures, announced)
		}
	})
}

type failing struct{ announce func() error }

func (failing) Announced(context.Context, string) (string, error) { return "", nil }

func (f failing) Announce(context.Context, lease.Term, notify.Announcement) error {
	return f.announce()
}

func containsAll(text string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(text, p) })
}
