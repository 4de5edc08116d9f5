package mail_test

import (
	"context"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/mail"
	"jari.example/alerting/notify"
	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/ses"
	"jari.example/internal/ses/sestest"
)

// A page with its history, delivered to the real part by a relay.
func TestAnIncidentIsAThreadOfMails(t *testing.T) {
	cfg, from := awstest.Config(t), sestest.Verified(t)
	to := incident.Target{Medium: incident.Mail, Address: sestest.Address()}
	store := inmem.New()
	term, _, err := store.Acquire(t.Context(), "me", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	open := incident.Change{Incident: page(), Targets: []incident.Target{to},
		Entries: []incident.Entry{{At: at, Kind: incident.EntryUndelivered, Text: "Slack had not taken this message for 5 min."}}}
	if err := store.Open(t.Context(), term, open); err != nil {
		t.Fatal(err)
	}
	resolved := open
	resolved.ResolvedAt = at.Add(time.Minute)
	resolved.Entries = []incident.Entry{{At: at, Kind: incident.EntryResolved, Text: "Resolved after 1 min."}}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	delivered := 0
	relay := notify.NewRelay(notify.Config{
		Outbox: store, Medium: incident.Mail, SpanName: "x",
		Notifier: &mail.Notifier{From: netmail.Address{Address: from}, Links: links, Send: ses.New(cfg).Send, Now: time.Now},
		Report: func(ctx context.Context, d notify.Delivery, err error) {
			if err != nil {
				t.Errorf("%s: %v", d.Kind, err)
			}
			switch delivered++; delivered {
			case 2: // the message and its note; then an update, which sends nothing, and another note
				if err := store.Update(ctx, term, resolved); err != nil {
					t.Error(err)
				}
			case 4:
				stop()
			}
		},
	})
	relay.Run(ctx, term)

	var threads, subjects []string
	for _, raw := range sestest.SentTo(t, to.Address) {
		m, err := netmail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		root, _, _ := strings.Cut(m.Header.Get("References"), " ")
		threads = append(threads, root)
		subjects = append(subjects, strings.SplitN(shown(t, raw), "\n", 4)[2])
	}
	_, domain, _ := strings.Cut(from, "@")
	if root := "<" + page().ID + "@" + domain + ">"; !slices.Equal(threads, []string{root, root, root}) {
		t.Errorf("the threads are %q", threads)
	}
	want := []string{
		"Subject: 🔴 Bookings are failing", "Subject: Re: 🔴 Bookings are failing", "Subject: Re: ✅ Resolved: Bookings are failing",
	}
	if !slices.Equal(subjects, want) {
		t.Errorf("the mails are %q", subjects)
	}
}
