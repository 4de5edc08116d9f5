package main

import (
	"context"
	"time"

	"jari.example/alerting/cmd/internal/mailflags"
	"jari.example/alerting/incident"
	"jari.example/alerting/mail"
	"jari.example/alerting/notify"
	"jari.example/internal/config"
	"jari.example/telemetry/names"
)

// mailSettings are the flags about mails.
type mailSettings struct {
	*mailflags.Flags
	to []string // who gets a page that Slack does not take when nobody is on call
}

func mailFlags(set *config.Set, region *string) *mailSettings {
	s := &mailSettings{Flags: mailflags.New(set, "empty: no mails are sent", region)}
	set.Each("mail-to", "addresses, separated by commas, that get a page that Slack does not take while nobody is on call",
		func(address string) error { s.to = append(s.to, address); return mail.CheckAddress(address) })
	return s
}

func (s *mailSettings) relay(ctx context.Context, links notify.Links, outbox notify.Outbox, report reporter) (*notify.Relay, error) {
	from, sender, err := s.Sender(ctx)
	if err != nil {
		return nil, err
	}
	return notify.NewRelay(notify.Config{
		Outbox: outbox, Medium: incident.Mail, Interval: mail.Interval, SpanName: names.SpanMailDeliver, Report: report.mail,
		Notifier: &mail.Notifier{From: from, Links: links, Send: sender.Send, Now: time.Now},
	}), nil
}
