package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/inmem"
	"jari.example/alerting/notify"
)

func TestAChannelThatRefusesEverythingMakesTheDaemonNotReady(t *testing.T) {
	store, ctx := inmem.New(), t.Context()
	term, _, err := store.Acquire(ctx, "me", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ready := accepted(store, nil)
	if err := ready(ctx); err != nil {
		t.Errorf("with an empty outbox: %v", err)
	}
	target := incident.Target{Medium: incident.Slack, Address: incident.Pages}
	if err := store.Notice(ctx, term, target, notify.Note{Text: "x"}); err != nil {
		t.Fatal(err)
	}
	d, _, _ := store.Next(ctx, incident.Slack, nil, time.Now())
	retry := func(r notify.Retrial) {
		if err := store.Retry(ctx, term, d.ID, r); err != nil {
			t.Fatal(err)
		}
	}
	retry(notify.Retrial{Reason: "503"})
	if err := ready(ctx); err != nil {
		t.Errorf("while a delivery is tried again: %v", err)
	}
	retry(notify.Retrial{Reason: "channel_not_found", Refused: true})
	const want = "slack:pages refuses deliveries, of which 1 wait: channel_not_found"
	if err := ready(ctx); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("while the channel does not exist: %v", err)
	}
	away := errors.New("the database is away")
	if err := accepted(store, func(context.Context) error { return away })(ctx); !errors.Is(err, away) {
		t.Errorf("without a database: %v", err)
	}
}
