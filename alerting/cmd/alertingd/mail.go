package main

import (
	"context"
	"errors"
	"time"

	"jari.example/alerting/cmd/internal/mailflags"
	"jari.example/alerting/incident"
	"jari.example/alerting/mail"
	"jari.example/alerting/notify"
	"jari.example/internal/config"
	"jari.example/internal/ses"
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

// mistakes finds out whether SES would take mails. An unknown sender says so only when the
// first page is mailed.
func (s *mailSettings) mistakes(ctx context.Context) (check func(context.Context) ([]notify.Mistake, error), err error) {
	from, sender, err := s.Sender(ctx)
	return func(ctx context.Context) ([]notify.Mistake, error) {
		err := sender.Verified(ctx, from.Address)
		if failed, ok := errors.AsType[*ses.Error](err); ok && failed.Outcome == ses.Misconfigured {
			return []notify.Mistake{{What: err.Error(), Do: "verify the sender of -mail-from with SES, or correct the credentials of AWS"}}, nil
		}
		return nil, err
	}, err
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
