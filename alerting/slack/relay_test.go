package slack_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/internal/secret"
	"jari.example/telemetry/names"
)

// fixture is a store and a Slack stand-in, for a relay between them.
type fixture struct {
	*inmem.Store
	term   lease.Term
	slack  *slacktest.Server
	token  string
	mu     sync.Mutex
	errors []string
}

func newFixture(t *testing.T) *fixture {
	f := &fixture{Store: inmem.New(), slack: slacktest.New(), token: slacktest.Token}
	term, _, err := f.Acquire(t.Context(), "me", 1000*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	f.term = term
	return f
}

var channels = map[string]string{incident.Pages: slacktest.Channel, incident.Tickets: slacktest.Tickets}

var links = notify.Links{Runbook: "http://x/{slo}", Dashboard: "http://x/{dashboard}?from={from}&to={to}", Trace: "http://x/{trace}"}

// relay delivers outbox to the stand-in for this long.
func (f *fixture) relay(t *testing.T, outbox notify.Outbox, length time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	newRelay(outbox, slack.Config{
		URL: f.slack.URL, Token: secret.New(f.token), Channels: channels, HTTP: f.slack.Client(), Links: links,
	}, func(_ context.Context, _ notify.Delivery, err error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if err != nil {
			f.errors = append(f.errors, err.Error())
		}
	}).Run(ctx, f.term)
}

func newRelay(outbox notify.Outbox, c slack.Config, report func(context.Context, notify.Delivery, error)) *notify.Relay {
	return notify.NewRelay(notify.Config{
		Outbox: outbox, Notifier: slack.New(c), Medium: incident.Slack,
		Interval: slack.MessageInterval, SpanName: names.SpanSlackDeliver, Report: report,
	})
}

func (f *fixture) open(t *testing.T, id string) incident.Incident {
	i := incident.Incident{ID: id, Rule: id, StartedAt: time.Now(), OpenedAt: time.Now(), UpdatedAt: time.Now(),
		Facts: incident.Facts{Title: "It fails", EventLabel: "attempts", Scale: 1}}
	opened := []incident.Entry{{At: i.OpenedAt, Kind: incident.EntryOpened, Text: "Paged."}}
	c := incident.Change{Incident: i, Entries: opened, Targets: []incident.Target{pages}}
	if err := f.Open(t.Context(), f.term, c); err != nil {
		t.Fatal(err)
	}
	return i
}

func (f *fixture) resolve(t *testing.T, i incident.Incident) {
	i.UpdatedAt, i.ResolvedAt = time.Now(), time.Now()
	c := incident.Change{Incident: i, Entries: []incident.Entry{{At: i.ResolvedAt, Kind: incident.EntryResolved, Text: "Resolved."}}}
	if err := f.Update(t.Context(), f.term, c); err != nil {
		t.Fatal(err)
	}
}

// mistakes lists what is wrong with the channel after the incidents ids were
// opened and resolved.
func (f *fixture) mistakes(ids ...string) (all []string) {
	parents, notes := map[string]slacktest.Message{}, map[string]int{}
	for _, m := range f.slack.Messages() {
		id := fmt.Sprint(m.Metadata.EventPayload["incident_id"])
		switch first, seen := parents[id]; {
		case m.Metadata.EventType == "jari_incident" && seen:
			all = append(all, id+" was posted twice")
		case m.Metadata.EventType == "jari_incident":
			parents[id] = m
		case !seen || m.ThreadTS != first.TS:
			all = append(all, id+" has a note outside its thread")
		default:
			notes[id+m.Text]++
		}
	}
	for _, id := range ids {
		m, ok := parents[id]
		if !ok {
			all = append(all, id+" is missing")
			continue
		}
		if !strings.Contains(m.Text, "Resolved") {
			all = append(all, id+" is not shown as resolved: "+m.Text)
		}
		for _, note := range []string{"Paged.", "Resolved."} {
			if n := notes[id+note]; n != 1 {
				all = append(all, fmt.Sprintf("%s has the note %q %d times", id, note, n))
			}
		}
	}
	return all
}

func TestDeliversAnIncidentAsOneMessageWithAThread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		i := f.open(t, "i-1")
		f.relay(t, f, 10*time.Second)
		if m := f.slack.Messages(); len(m) != 2 || strings.Contains(m[0].Text, "Resolved") || m[1].ThreadTS != m[0].TS {
			t.Fatalf("after opening: %+v", m)
		}
		f.resolve(t, i)
		f.relay(t, f, 10*time.Second)
		if wrong := f.mistakes("i-1"); len(wrong) > 0 {
			t.Error(wrong)
		}
		calls := f.slack.Calls()
		for n := 1; n < len(calls); n++ {
			if gap := calls[n].At.Sub(calls[n-1].At); gap < time.Second {
				t.Errorf("%s only %s after %s", calls[n].Method, gap, calls[n-1].Method)
			}
		}
	})
}

const (
	failed      = slacktest.Failed
	rateLimited = slacktest.RateLimited
	lost        = slacktest.ResponseLost
	doneBut503  = slacktest.DoneBut503
)

func TestDeliversExactlyOnceWhenSlackFails(t *testing.T) {
	for name, faults := range map[string]map[string][]slacktest.Fault{
		"server errors":                   {"chat.postMessage": {failed, failed}, "chat.update": {failed}},
		"rate limited":                    {"chat.postMessage": {rateLimited, rateLimited}, "chat.update": {rateLimited}},
		"response to the post lost":       {"chat.postMessage": {lost}},
		"response to the note lost":       {"chat.postMessage": {0, lost, 0, lost}},
		"posted, but the response is 503": {"chat.postMessage": {doneBut503, doneBut503}},
		"response to the update lost":     {"chat.update": {lost, doneBut503}},
		"response lost and the search fails": {
			"chat.postMessage": {lost}, "conversations.history": {failed, rateLimited, lost}, "conversations.list": {lost},
		},
		"server error, rate limited, response lost": {"chat.postMessage": {failed, rateLimited, lost}},
		"response lost and the thread search fails": {"chat.postMessage": {0, lost}, "conversations.replies": {rateLimited, doneBut503}},
		"search rate limited while ambiguous":       {"chat.postMessage": {doneBut503}, "conversations.history": {rateLimited, rateLimited}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				for method, list := range faults {
					f.slack.Fail(method, list...)
				}
				i := f.open(t, "i-1")
				f.relay(t, f, 10*time.Minute)
				f.resolve(t, i)
				f.relay(t, f, 10*time.Minute)
				if wrong := f.mistakes("i-1"); len(wrong) > 0 {
					t.Errorf("%v\nerrors: %q", wrong, f.errors)
				}
			})
		})
	}
}

// unsearching is the negative control: an outbox without ambiguous deliveries,
// so that the relay never searches.
type unsearching struct{ notify.Outbox }

func (u unsearching) Next(ctx context.Context, medium string, busy []string, now time.Time) (notify.Delivery, bool, error) {
	d, ok, err := u.Outbox.Next(ctx, medium, busy, now)
	d.Ambiguous = false
	return d, ok, err
}

func TestWithoutASearchALostResponsePostsTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.slack.Fail("chat.postMessage", lost)
		i := f.open(t, "i-1")
		f.relay(t, unsearching{f}, 10*time.Minute)
		f.resolve(t, i)
		f.relay(t, unsearching{f}, 10*time.Minute)
		if wrong := fmt.Sprint(f.mistakes("i-1")); !strings.Contains(wrong, "i-1 was posted twice") {
			t.Errorf("the second message was not detected: %s", wrong)
		}
	})
}

func TestRetryAfterDelaysEveryDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.slack.Fail("chat.postMessage", rateLimited)
		f.open(t, "i-1")
		f.open(t, "i-2")
		f.relay(t, f, time.Minute)
		calls := f.slack.Calls()
		if gap := calls[1].At.Sub(calls[0].At); gap < time.Second || gap > 2*time.Second {
			t.Errorf("called again after %s, Retry-After is 1s", gap)
		}
	})
}

// A process that dies during a post leaves the delivery ambiguous.
func TestFindsTheMessageOfAProcessThatDied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.open(t, "i-1")
		first, _, _ := f.Next(t.Context(), incident.Slack, nil, time.Now())
		if _, err := f.Begin(t.Context(), f.term, first.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		// It was delivered, but the process did not read the response.
		form := strings.NewReader("token=" + slacktest.Token + "&channel=" + slacktest.ID +
			`&text=x&metadata={"event_type":"jari_incident","event_payload":{"incident_id":"i-1"}}`)
		r, err := f.slack.Client().Post(f.slack.URL+"chat.postMessage", "application/x-www-form-urlencoded", form)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		f.relay(t, f, time.Minute)
		if m := f.slack.Messages(); len(m) != 2 || m[1].ThreadTS != m[0].TS {
			t.Errorf("want the message and its note: %+v", m)
		}
	})
}

func TestReportsARefusedTokenWithoutItsValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.token = "xoxb-not-the-right-one"
		f.open(t, "i-1")
		f.relay(t, f, 10*time.Minute)
		all := strings.Join(f.errors, "\n")
		if !strings.Contains(all, "invalid_auth") || strings.Contains(all, f.token) {
			t.Errorf("reported: %s", all)
		}
		if n := len(f.slack.Calls()); n < 10 || n > 40 {
			t.Errorf("%d calls in ten minutes", n)
		}
	})
}

// More than half of the calls fail, and relays stop at random times.
func TestDeliversExactlyOnceUnderRandomFailures(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			f := newFixture(t)
			for _, method := range []string{
				"chat.postMessage", "chat.update", "conversations.history", "conversations.replies", "conversations.list",
			} {
				for range 40 {
					// Of ten calls: three 429, two server errors, one lost response, four succeed.
					outcomes := []slacktest.Fault{rateLimited, rateLimited, rateLimited, failed, doneBut503, lost, 0, 0, 0, 0}
					f.slack.Fail(method, outcomes[rnd.IntN(len(outcomes))])
				}
			}
			var ids []string
			var open []incident.Incident
			for n := range 5 {
				ids = append(ids, fmt.Sprint("i-", n))
				open = append(open, f.open(t, ids[n]))
				f.relay(t, f, time.Duration(rnd.IntN(20_000))*time.Millisecond)
			}
			for _, i := range open {
				f.resolve(t, i)
				f.relay(t, f, time.Duration(rnd.IntN(20_000))*time.Millisecond)
			}
			f.relay(t, f, 2*time.Hour)
			if wrong := f.mistakes(ids...); len(wrong) > 0 {
				t.Errorf("seed %d: %v", seed, wrong)
			}
		})
	}
}
