package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"jari.example/alerting/charting"
	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/slack"
	"jari.example/alerting/slack/inbound"
	"jari.example/internal/config"
	"jari.example/internal/secret"
	"jari.example/telemetry"
	"jari.example/telemetry/names"
)

// slackSettings are the flags about Slack.
type slackSettings struct {
	url                  *string // "" notifies nobody
	pages, tickets       *string // channels
	token, signingSecret *[]byte
	allowed              []string // Slack ids of those who may act; empty: everybody in the workspace
}

func slackFlags(set *config.Set) *slackSettings {
	s := &slackSettings{
		url:     set.URL("slack-url", "", "base URL of Slack's Web API, such as https://slack.com/api/; empty: nobody is notified"),
		token:   set.Secret("slack-token", 1, "file with the token of the Slack bot"),
		pages:   set.String("slack-channel", "#incidents", "id of the Slack channel for pages, or its name with #"),
		tickets: set.String("slack-ticket-channel", "#tickets", "id of the Slack channel for tickets, or its name with #"),
		signingSecret: set.Secret("slack-signing-secret", 1,
			"file with the signing secret of the Slack app; empty: buttons and the slash command are not received"),
	}
	set.Each("slack-allowed", "Slack ids of those who may acknowledge and silence, separated by commas; empty: everybody in the workspace",
		func(id string) error { s.allowed = append(s.allowed, id); return nil })
	return s
}

func (s *slackSettings) given() bool { return *s.url != "" }

func (s *slackSettings) check(set *config.Set) {
	if !s.given() {
		return
	}
	set.Require(strings.HasSuffix(*s.url, "/api"), "-slack-url does not end in /api/")
	set.Require(!trimmed(*s.token).IsZero() && *s.pages != "" && *s.tickets != "",
		"-slack-url needs a token in -slack-token-file, and -slack-channel and -slack-ticket-channel")
}

func trimmed(text []byte) secret.String { return secret.New(strings.TrimSpace(string(text))) }

// config is what the notifier and the check need.
func (s *slackSettings) config(links notify.Links) slack.Config {
	return slack.Config{
		URL: *s.url + "/", Token: trimmed(*s.token), Links: links, HTTP: telemetry.Client("slack", requestTimeout),
		Channels: map[string]string{incident.Pages: *s.pages, incident.Tickets: *s.tickets},
	}
}

// jobs deliver the outbox to Slack, and add charts to the messages there.
func (s *slackSettings) jobs(all *settings, stored store, report reporter) []func(context.Context, lease.Term) {
	c := injected.slack(s.config(all.links))
	charter := &charting.Charter{
		Medium: incident.Slack, Set: all.objectives.Current, Timing: all.timing, Store: stored,
		Upload: slack.New(c).Upload, Now: time.Now, Report: report.chart(),
	}
	c.ChartRefused = charter.Refused
	relay := notify.NewRelay(injected.relay(notify.Config{
		Outbox: stored, Notifier: slack.New(c), Medium: incident.Slack, Interval: slack.MessageInterval,
		SpanName: names.SpanSlackDeliver, Report: report.delivery,
	}))
	return []func(context.Context, lease.Term){relay.Run, charter.Run}
}

// inbound receives buttons and the slash command; nil without a signing secret.
func (s *slackSettings) inbound(responder incident.Responder, replays inbound.Replays, report reporter) http.Handler {
	signing := trimmed(*s.signingSecret)
	if signing.IsZero() {
		return nil
	}
	return inbound.New(inbound.Config{
		SigningSecret: signing, Responder: responder, Replays: replays, Allowed: s.allowed, Now: time.Now, Report: report.inbound,
		Ephemeral: slack.New(s.config(notify.Links{})).Ephemeral,
	})
}
