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
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
)

// desk is a store with a deliverer on it, in a bubble of time.
type desk struct {
	*inmem.Store
	term   lease.Term
	slack  *slacktest.Server
	mu     sync.Mutex
	errors []string
	token  string
}

func newDesk(t *testing.T) *desk {
	d := &desk{Store: inmem.New(), slack: slacktest.New(), token: slacktest.Token}
	term, _, err := d.Acquire(t.Context(), "me", 1000*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	d.term = term
	return d
}

// deliver runs a deliverer over outbox for this long.
func (d *desk) deliver(t *testing.T, outbox slack.Outbox, length time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	slack.NewDeliverer(slack.Config{
		URL: d.slack.URL, Token: d.token, Channel: slacktest.Channel, HTTP: d.slack.Client(),
		Links: slack.Links{Runbook: "http://x/{slo}", Dashboard: "http://x/{dashboard}{from}{to}", Trace: "http://x/{trace}"},
	}, outbox, func(_ context.Context, _ slack.Delivery, err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if err != nil {
			d.errors = append(d.errors, err.Error())
		}
	}).Run(ctx, d.term)
}

func (d *desk) open(t *testing.T, id string) incident.Incident {
	i := incident.Incident{ID: id, SLO: id, StartedAt: time.Now(), OpenedAt: time.Now(), UpdatedAt: time.Now(),
		Facts: incident.Facts{Title: "It fails", EventLabel: "attempts", Scale: 1}}
	if err := d.Open(t.Context(), d.term, i, "Paged."); err != nil {
		t.Fatal(err)
	}
	return i
}

func (d *desk) resolve(t *testing.T, i incident.Incident) {
	i.UpdatedAt, i.ResolvedAt = time.Now(), time.Now()
	if err := d.Resolve(t.Context(), d.term, i, "Resolved."); err != nil {
		t.Fatal(err)
	}
}

// complaints is the checker: what is wrong with the channel, given that these
// incidents were opened and resolved.
func (d *desk) complaints(ids ...string) (all []string) {
	parents, notes := map[string]slacktest.Message{}, map[string]int{}
	for _, m := range d.slack.Messages() {
		id := fmt.Sprint(m.Metadata.EventPayload["incident_id"])
		switch first, seen := parents[id]; {
		case m.Metadata.EventType == "jari_incident" && seen:
			all = append(all, id+" stands twice")
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
			all = append(all, id+" does not say that it is over: "+m.Text)
		}
		for _, note := range []string{"Paged.", "Resolved."} {
			if n := notes[id+note]; n != 1 {
				all = append(all, fmt.Sprintf("%s has the note %q %d times", id, note, n))
			}
		}
	}
	return all
}

func TestAnIncidentIsOneMessageAndItsThread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		i := d.open(t, "i-1")
		d.deliver(t, d, 10*time.Second)
		if m := d.slack.Messages(); len(m) != 2 || strings.Contains(m[0].Text, "Resolved") || m[1].ThreadTS != m[0].TS {
			t.Fatalf("after opening: %+v", m)
		}
		d.resolve(t, i)
		d.deliver(t, d, 10*time.Second)
		if wrong := d.complaints("i-1"); len(wrong) > 0 {
			t.Error(wrong)
		}
		calls := d.slack.Calls()
		for n := 1; n < len(calls); n++ {
			if gap := calls[n].At.Sub(calls[n-1].At); gap < time.Second {
				t.Errorf("%s only %s after %s", calls[n].Method, gap, calls[n-1].Method)
			}
		}
	})
}

const (
	refused     = slacktest.Refused
	rateLimited = slacktest.RateLimited
	dropped     = slacktest.ReplyDropped
	brokenAfter = slacktest.BrokenAfter
)

func TestNoFaultOfSlacksLosesOrDoublesAnything(t *testing.T) {
	for name, faults := range map[string]map[string][]slacktest.Fault{
		"refused":                     {"chat.postMessage": {refused, refused}, "chat.update": {refused}},
		"rate limited":                {"chat.postMessage": {rateLimited, rateLimited}, "chat.update": {rateLimited}},
		"the post's reply dropped":    {"chat.postMessage": {dropped}},
		"the note's reply dropped":    {"chat.postMessage": {0, dropped, 0, dropped}},
		"posted, but 503":             {"chat.postMessage": {brokenAfter, brokenAfter}},
		"the update's reply dropped":  {"chat.update": {dropped, brokenAfter}},
		"the search fails, too":       {"chat.postMessage": {dropped}, "conversations.history": {refused, rateLimited, dropped}, "conversations.list": {dropped}},
		"dropped, then rate limited":  {"chat.postMessage": {refused, rateLimited, dropped}},
		"the thread's search fails":   {"chat.postMessage": {0, dropped}, "conversations.replies": {rateLimited, brokenAfter}},
		"rate limited while in doubt": {"chat.postMessage": {brokenAfter}, "conversations.history": {rateLimited, rateLimited}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				for method, list := range faults {
					d.slack.Fail(method, list...)
				}
				i := d.open(t, "i-1")
				d.deliver(t, d, 10*time.Minute)
				d.resolve(t, i)
				d.deliver(t, d, 10*time.Minute)
				if wrong := d.complaints("i-1"); len(wrong) > 0 {
					t.Errorf("%v\nerrors: %q", wrong, d.errors)
				}
			})
		})
	}
}

// hasty is the control: an outbox that never admits doubt.
type hasty struct{ slack.Outbox }

func (h hasty) Next(ctx context.Context, now time.Time) (slack.Delivery, bool, error) {
	d, ok, err := h.Outbox.Next(ctx, now)
	d.Ambiguous = false
	return d, ok, err
}

func TestWithoutTheSearchADroppedReplyDoublesTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.slack.Fail("chat.postMessage", dropped)
		i := d.open(t, "i-1")
		d.deliver(t, hasty{d}, 10*time.Minute)
		d.resolve(t, i)
		d.deliver(t, hasty{d}, 10*time.Minute)
		if wrong := fmt.Sprint(d.complaints("i-1")); !strings.Contains(wrong, "i-1 stands twice") {
			t.Errorf("the checker should have seen it twice, it says %s", wrong)
		}
	})
}

func TestRetryAfterHoldsTheWholeChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.slack.Fail("chat.postMessage", rateLimited)
		d.open(t, "i-1")
		d.open(t, "i-2")
		d.deliver(t, d, time.Minute)
		calls := d.slack.Calls()
		if gap := calls[1].At.Sub(calls[0].At); gap < time.Second || gap > 2*time.Second {
			t.Errorf("called again after %s, Slack asked for 1s", gap)
		}
	})
}

// A process that dies in the middle of a post leaves the row in doubt.
func TestAnotherReplicaFindsWhatADeadOnePosted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.open(t, "i-1")
		first, _, _ := d.Next(t.Context(), time.Now())
		if err := d.Begin(t.Context(), d.term, first.ID, time.Now()); err != nil {
			t.Fatal(err)
		}
		// It did arrive; nobody lived to hear it.
		form := strings.NewReader("token=" + slacktest.Token + "&channel=" + slacktest.ID +
			`&text=x&metadata={"event_type":"jari_incident","event_payload":{"incident_id":"i-1"}}`)
		r, err := d.slack.Client().Post(d.slack.URL+"chat.postMessage", "application/x-www-form-urlencoded", form)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Body.Close()
		d.deliver(t, d, time.Minute)
		if m := d.slack.Messages(); len(m) != 2 || m[1].ThreadTS != m[0].TS {
			t.Errorf("want the message and its note: %+v", m)
		}
	})
}

func TestARefusedTokenIsReportedWithoutIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.token = "xoxb-not-the-right-one"
		d.open(t, "i-1")
		d.deliver(t, d, 10*time.Minute)
		all := strings.Join(d.errors, "\n")
		if !strings.Contains(all, "invalid_auth") || strings.Contains(all, d.token) {
			t.Errorf("reported: %s", all)
		}
		if n := len(d.slack.Calls()); n < 10 || n > 40 {
			t.Errorf("%d calls in ten minutes", n)
		}
	})
}

// Half of all calls go wrong somehow, and deliverers die in between.
func TestABadDayLosesAndDoublesNothing(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			d := newDesk(t)
			for _, method := range []string{"chat.postMessage", "chat.update", "conversations.history", "conversations.replies", "conversations.list"} {
				for range 40 {
					// Out of ten: three 429, two 500, one dropped, four fine.
					outcomes := []slacktest.Fault{rateLimited, rateLimited, rateLimited, refused, brokenAfter, dropped, 0, 0, 0, 0}
					d.slack.Fail(method, outcomes[rnd.IntN(len(outcomes))])
				}
			}
			var ids []string
			var open []incident.Incident
			for n := range 5 {
				ids = append(ids, fmt.Sprint("i-", n))
				open = append(open, d.open(t, ids[n]))
				d.deliver(t, d, time.Duration(rnd.IntN(20_000))*time.Millisecond)
			}
			for _, i := range open {
				d.resolve(t, i)
				d.deliver(t, d, time.Duration(rnd.IntN(20_000))*time.Millisecond)
			}
			d.deliver(t, d, 2*time.Hour)
			if wrong := d.complaints(ids...); len(wrong) > 0 {
				t.Errorf("seed %d: %v", seed, wrong)
			}
		})
	}
}
