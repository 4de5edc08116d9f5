package charting_test

import (
	"context"
	"crypto/rand"
	"image/png"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"jari.example/alerting/chart"
	"jari.example/alerting/charting"
	"jari.example/alerting/count"
	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/slacktest"
	"jari.example/alerting/slo"
	"jari.example/internal/wait"
	"jari.example/telemetry/names"
)

var rule = slo.SLO{
	Rule: slo.Rule{Name: "availability", Title: "Bookings are failing"}, EventLabel: "booking attempts",
	Indicator: slo.Indicator{Source: slo.Source{Index: "x"}, Total: slo.Condition{Field: "n"}},
	Objective: slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour},
}

// daemon is the part of alertingd from a store to the Slack simulator, while a test runs.
type daemon struct {
	*testing.T
	slack *slacktest.Simulator
	store *inmem.Store
	term  lease.Term
	mu    sync.Mutex
	told  []string // about charts

	uploads int // that began
}

func newDaemon(t *testing.T) *daemon {
	d := &daemon{T: t, slack: slacktest.NewSimulator(t), store: inmem.New()}
	d.term, _, _ = d.store.Acquire(t.Context(), "me", time.Hour)
	timing, err := count.NewTiming(1)
	if err != nil {
		t.Fatal(err)
	}
	c := slack.Config{
		URL: d.slack.URL + "/api/", Token: d.slack.Token, HTTP: &http.Client{Timeout: 10 * time.Second},
		Channels: map[string]string{incident.Pages: slacktest.Channel},
	}
	charter := &charting.Charter{
		Medium: incident.Slack, Set: func() slo.Set { return slo.Set{SLOs: []slo.SLO{rule}} }, Timing: timing, Store: d.store,
		Now: time.Now,
		Report: func(_ context.Context, _ incident.Incident, err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if err != nil {
				d.told = append(d.told, err.Error())
			}
		},
	}
	upload := slack.New(c).Upload
	charter.Upload = func(ctx context.Context, name, alt string, picture []byte) (string, error) {
		d.mu.Lock()
		d.uploads++
		d.mu.Unlock()
		return upload(ctx, name, alt, picture)
	}
	c.ChartRefused = charter.Refused
	relay := notify.NewRelay(notify.Config{
		Outbox: d.store, Notifier: slack.New(c), Medium: incident.Slack, Interval: slack.MessageInterval, SpanName: names.SpanSlackDeliver,
		Report: func(_ context.Context, delivery notify.Delivery, err error) {
			if err != nil {
				t.Errorf("%s: %v", delivery.Kind, err)
			}
		},
	})
	d.save(timing)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { relay.Run(ctx, d.term) })
	running.Go(func() { charter.Run(ctx, d.term) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return d
}

// save stores an hour of counts, of which the last ten minutes are bad.
func (d *daemon) save(timing count.Timing) {
	to := timing.BucketEnd(time.Now())
	var all []count.Bucket
	for m := range 60 {
		c := slo.Count{Good: 100}
		if m >= 50 {
			c = slo.Count{Good: 40, Bad: 60}
		}
		all = append(all, count.Bucket{At: to.Add(time.Duration(m-60) * timing.Bucket), Count: c})
	}
	batch := count.Batch{Span: count.Span{From: all[0].At, To: to}, Buckets: map[slo.Key][]count.Bucket{rule.Indicator.Key(timing.Bucket): all}}
	if err := d.store.Save(d.Context(), d.term, batch); err != nil {
		d.Fatal(err)
	}
}

func (d *daemon) open(rule string) incident.Incident {
	now := time.Now()
	i := incident.Incident{
		ID: "test-" + rand.Text(), Rule: rule, Severity: slo.Page, StartedAt: now.Add(-10 * time.Minute), OpenedAt: now, UpdatedAt: now,
		Facts: incident.Facts{Title: "Bookings are failing", EventLabel: "booking attempts", Scale: 1,
			Pair: slo.WindowPair{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4}},
	}
	c := incident.Change{Incident: i, Targets: []incident.Target{{Medium: incident.Slack, Address: incident.Pages}}}
	if err := d.store.Open(d.Context(), d.term, c); err != nil {
		d.Fatal(err)
	}
	return i
}

func (d *daemon) until(what string, ok func() bool) {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
	defer cancel()
	if wait.Until(ctx, 50*time.Millisecond, ok) != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.Fatalf("not within a minute: %s; told %q", what, d.told)
	}
}

// message is the message of the incident; its TS is "" before it is there.
func (d *daemon) message(id string) (m slacktest.Message) {
	d.Helper()
	for _, one := range d.slack.MessagesOf(id) {
		if one.ThreadTS == "" || one.ThreadTS == one.TS {
			return one
		}
	}
	return m
}

var shownFile = regexp.MustCompile(`"slack_file":\{"id":"(F[A-Z0-9]+)"\}`)

// file is the picture that a message shows; "" without one.
func file(m slacktest.Message) string {
	if found := shownFile.FindStringSubmatch(m.Blocks); found != nil {
		return found[1]
	}
	return ""
}

func TestAChartFollowsAMessageInSlackAndIsRenewedAtItsEnd(t *testing.T) {
	d := newDaemon(t)
	d.slack.Fail("files.completeUploadExternal", map[string]any{"processing": 1})
	i := d.open(rule.Name)
	var m slacktest.Message
	d.until("the message", func() bool { m = d.message(i.ID); return m.TS != "" })
	if file(m) != "" || m.Edits != 0 {
		t.Errorf("the first message has a chart or was edited: %+v", m)
	}
	d.until("the chart", func() bool {
		m = d.message(i.ID)
		if !strings.Contains(m.Shown(), "Bookings are failing") {
			t.Errorf("after %d edits it shows %s", m.Edits, m.Shown())
		}
		return file(m) != ""
	})
	if m.Edits != 2 {
		t.Errorf("it is there after %d edits, want one without it, because it is being processed, and one with it", m.Edits)
	}
	if !strings.Contains(m.Shown(), "[image: Chart of the share of bad booking attempts per minute") || !strings.Contains(m.Shown(), "Highest: 60 %") {
		t.Errorf("it shows %s", m.Shown())
	}
	first := file(m)
	r, err := http.Get(d.slack.URL + "/files/" + first)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	picture, err := png.Decode(r.Body)
	if err != nil || picture.Bounds().Dx() != chart.PixelsWide || picture.Bounds().Dy() != chart.PixelsHigh {
		t.Errorf("the picture: %v %v", picture, err)
	}

	d.slack.Fail("files.completeUploadExternal", nil)
	i.ResolvedAt = time.Now()
	if err := d.store.Update(t.Context(), d.term, incident.Change{Incident: i}); err != nil {
		t.Fatal(err)
	}
	d.until("the renewed chart", func() bool { f := file(d.message(i.ID)); return f != "" && f != first })
	if m := d.message(i.ID); !strings.Contains(m.Shown(), "Resolved: Bookings are failing") || !strings.Contains(m.Shown(), ". Ended ") {
		t.Errorf("resolved: %s", m.Shown())
	}
	if len(d.slack.MessagesOf(i.ID)) != 1 || len(d.told) > 0 {
		t.Errorf("%d messages, told %q", len(d.slack.MessagesOf(i.ID)), d.told)
	}
}

func TestAMessageIsAsItWasWhenSlackRefusesItsChart(t *testing.T) {
	d := newDaemon(t)
	d.slack.Fail("files.getUploadURLExternal", map[string]any{"refuse": "missing_scope", "count": 1000})
	i := d.open(rule.Name)
	d.until("a word about the chart", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.told) > 0
	})
	if m := d.message(i.ID); m.Edits != 0 || file(m) != "" || !strings.Contains(m.Shown(), "Bookings are failing") {
		t.Errorf("%d edits: %s", m.Edits, m.Shown())
	}
	if !strings.Contains(d.told[0], "missing_scope") {
		t.Errorf("told %q", d.told)
	}
}

func TestTheNextMessagesDoNotWaitForAnUploadToSlack(t *testing.T) {
	d := newDaemon(t)
	d.slack.Fail("upload", map[string]any{"slow": 1, "delay_ms": 60_000}) // longer than the test
	first := d.open(rule.Name)
	d.until("the message", func() bool { return d.message(first.ID).TS != "" })
	d.until("the upload", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.uploads > 0
	})
	second := d.open("another")
	d.until("the next message", func() bool { return d.message(second.ID).TS != "" })
	if m := d.message(first.ID); file(m) != "" {
		t.Error("the upload was not slow: the test shows nothing")
	}
}
