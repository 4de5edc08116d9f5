package main

import (
	"context"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/mediacheck"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slo"
)

// notifies reports whether anybody is notified: in Slack or by mail.
func (s *settings) notifies() bool { return s.slack.given() || s.mail.Given() }

// targets are where an incident gets a message: in Slack; by mail where there is no Slack;
// else nowhere, so that nothing is queued that nobody takes. A mail notifies, and so there
// is none while the incident is silenced, nor a first one at its end.
func (s *settings) targets(i incident.Incident) []incident.Target {
	switch {
	case s.slack.given() && i.Severity == slo.Page:
		return []incident.Target{{Medium: incident.Slack, Address: incident.Pages}}
	case s.slack.given():
		return quiet
	case i.Facts.Silenced != nil || !i.Open():
		return nil
	case i.Severity == slo.Page:
		return s.mailOnCall(i.OpenedAt)
	}
	return s.mailQuietly(i.OpenedAt)
}

// quiet is where nobody is woken up.
var quiet = []incident.Target{{Medium: incident.Slack, Address: incident.Tickets}}

// mailOnCall are the addresses for what is urgent: that of who is on call, without one
// those of -mail-to.
func (s *settings) mailOnCall(at time.Time) []incident.Target {
	if !s.mail.Given() {
		return nil
	}
	if rota := s.onCall.Current().Rota; rota != nil {
		if person := rota.Line(at)[0]; person.Email != "" {
			return mails(person.Email)
		}
	}
	return mails(s.mail.to...)
}

// mailQuietly are the addresses for what can wait: those of -mail-to, without one that of
// who is on call.
func (s *settings) mailQuietly(at time.Time) []incident.Target {
	if !s.mail.Given() || len(s.mail.to) == 0 {
		return s.mailOnCall(at)
	}
	return mails(s.mail.to...)
}

func mails(addresses ...string) (all []incident.Target) {
	for _, address := range addresses {
		all = append(all, incident.Target{Medium: incident.Mail, Address: address})
	}
	return all
}

// digestTargets are where the daily digest goes.
func (s *settings) digestTargets(now time.Time) []incident.Target {
	if s.slack.given() {
		return quiet
	}
	return s.mailQuietly(now)
}

// checker checks the media that are configured. Mistakes of each are announced through the other.
func (s *settings) checker(ctx context.Context, stored store, report reporter) (*mediacheck.Checker, error) {
	var media []mediacheck.Medium
	if s.slack.given() {
		c := s.slack.config(s.links)
		media = append(media, mediacheck.Medium{
			Name: incident.Slack, Says: "Slack", Notify: s.mailOnCall,
			Check: func(ctx context.Context) ([]notify.Mistake, error) { return slack.Mistakes(ctx, c) },
		})
	}
	if s.mail.Given() {
		check, err := s.mail.mistakes(ctx)
		if err != nil {
			return nil, err
		}
		media = append(media, mediacheck.Medium{
			Name: incident.Mail, Says: "mail", Check: check,
			Notify: func(time.Time) []incident.Target {
				if s.slack.given() {
					return quiet
				}
				return nil
			},
		})
	}
	return mediacheck.New(media, stored, report.medium), nil
}
