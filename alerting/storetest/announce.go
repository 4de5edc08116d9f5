package storetest

import (
	"reflect"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
)

// announcements are said once for each piece of news, and a later one replaces what waits.
func announcements(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	announced := func(topic string) string {
		t.Helper()
		news, err := s.Announced(ctx, topic)
		must(t, err)
		return news
	}
	if got := announced("digest"); got != "" {
		t.Errorf("before the first: %q", got)
	}
	digest := &notify.Digest{
		At: at(1), Zone: "Asia/Seoul", Ended: 2,
		Budgets: []notify.ObjectiveBudget{{Rule: "a", Window: minute, Remaining: -0.5, BurnRate: 2, Over: minute, ExhaustedAt: at(9)}},
		Open:    []notify.OpenIncident{{ID: "x", Title: "A fails", Page: true, StartedAt: at(0)}},
	}
	first := notify.Announcement{Topic: "digest", News: "1", Targets: []incident.Target{tickets, mina}, Note: notify.Note{Digest: digest}}
	for range 3 {
		must(t, s.Announce(ctx, term, first))
	}
	d := next(t, s, at(1))
	if d.Kind != notify.Notice || d.Target != tickets || !reflect.DeepEqual(d.Note.Digest, digest) {
		t.Errorf("got %+v with %+v", d, d.Note.Digest)
	}
	if kinds := drain(t, s, term, incident.Mail); len(kinds) != 1 {
		t.Errorf("mailed: %v", kinds)
	}
	must(t, s.Announce(ctx, term, first)) // also when it was delivered
	nothing(t, s, incident.Mail, at(1))
	announce := func(topic, news, text string) {
		t.Helper()
		must(t, s.Announce(ctx, term, notify.Announcement{
			Topic: topic, News: news, Targets: []incident.Target{tickets}, Note: notify.Note{Text: text},
		}))
	}
	announce("other", "1", "o")
	must(t, s.Notice(ctx, term, tickets, notify.Note{Text: "n"}))

	// The first waits in Slack, and no attempt may have arrived: it is replaced.
	announce("digest", "2", "2")
	begun := next(t, s, at(1))
	begin(t, s, term, begun.ID, at(1))
	if begun.Note.Text != "o" {
		t.Errorf("the first of the topic was not replaced, or another topic was: %+v", begun)
	}
	// An attempt at "o" may have arrived: it stays, so that it is searched for.
	must(t, s.Announce(ctx, term, notify.Announcement{Topic: "other", News: "2"}))
	var left []string
	for range 3 {
		d := next(t, s, at(2))
		left = append(left, d.Note.Text)
		complete(t, s, term, d)
	}
	if want := []string{"o", "n", "2"}; !reflect.DeepEqual(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
	nothing(t, s, incident.Slack, at(2))
	if announced("digest") != "2" || announced("other") != "2" {
		t.Errorf("remembered %q and %q", announced("digest"), announced("other"))
	}
}

// prunes: what belongs to an open incident, or to one that ended lately, stays.
func prunes(t *testing.T, s Store, term lease.Term) {
	ctx := t.Context()
	soon := time.Now().Add(time.Hour)
	queue := func(rule string, ended time.Time) incident.Incident {
		i := example(rule)
		must(t, s.Open(ctx, term, opened(i, rule+" opened")))
		if !ended.IsZero() {
			i.ResolvedAt = ended
			must(t, update(t, s, term, i, rule+" resolved"))
		}
		return i
	}
	open := queue("a", time.Time{})
	late := queue("d", soon.Add(minute)) // everything was queued before soon, but it ends after it
	queue("b", at(9))
	failed := queue("c", at(9))
	for range 4 {
		d := next(t, s, at(10))
		begin(t, s, term, d.ID, at(10))
		if d.Incident.ID == failed.ID {
			must(t, s.GiveUp(ctx, term, d.ID, at(10), "too long", ""))
			continue
		}
		must(t, s.Retry(ctx, term, d.ID, notify.Retrial{NotBefore: at(20)}))
	}
	must(t, s.Notice(ctx, term, mina, notify.Note{Text: "n"}))
	count := func() (targets int, left int) {
		t.Helper()
		all, err := s.Waiting(ctx)
		must(t, err)
		for _, w := range all {
			left += w.Count
		}
		return len(all), left
	}
	_, before := count()
	must(t, s.PruneOutbox(ctx, term, at(0))) // all of it was queued later
	if _, left := count(); left != before {
		t.Errorf("%d of %d are left after nothing was too old", left, before)
	}
	must(t, s.PruneOutbox(ctx, term, soon))
	if n, left := count(); n != 1 || left != 5 {
		t.Errorf("%d targets with %d deliveries are left, want 2 of the open incident and 3 of the one that ended lately", n, left)
	}
	for range 5 {
		d := next(t, s, at(30))
		if d.Incident.ID != open.ID && d.Incident.ID != late.ID {
			t.Errorf("left: %+v", d)
		}
		complete(t, s, term, d)
	}
}
