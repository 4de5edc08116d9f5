package slack

import (
	"cmp"
	"fmt"
	"strings"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// Metadata that identifies our messages.
const (
	eventIncident = "jari_incident"
	eventNote     = "jari_incident_note"
	keyIncident   = "incident_id"
	keyNote       = "note_id"
)

// message is the incident as it is now.
func message(i incident.Incident, links notify.Links) slackapi.MsgOption {
	text, blocks := render(i, links)
	return slackapi.MsgOptionCompose(
		slackapi.MsgOptionText(text, false),
		slackapi.MsgOptionBlocks(blocks...),
		slackapi.MsgOptionDisableLinkUnfurl(),
		slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
			EventType: eventIncident, EventPayload: map[string]any{keyIncident: i.ID},
		}),
	)
}

// reply is one note in the message's thread.
func reply(i incident.Incident, note notify.Note) slackapi.MsgOption {
	return slackapi.MsgOptionCompose(
		slackapi.MsgOptionText(escape(note.Text), false),
		slackapi.MsgOptionTS(i.Message.ID),
		slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
			EventType:    eventNote,
			EventPayload: map[string]any{keyIncident: i.ID, keyNote: note.ID},
		}),
	)
}

// maxHeader is Slack's limit for the text of a header block.
// https://docs.slack.dev/reference/block-kit/blocks/header-block
const maxHeader = 150

// render writes the message for somebody who has just been woken up: what
// fails, for whom, since when, when the budget is exhausted, where to look.
// text is what a phone's notification shows.
func render(i incident.Incident, links notify.Links) (text string, blocks []slackapi.Block) {
	title := headline(i)
	text = escape(title + ": " + summary(i))
	return text, []slackapi.Block{
		slackapi.NewHeaderBlock(slackapi.NewTextBlockObject(slackapi.PlainTextType, shorten(title, maxHeader), true, false)),
		section(strings.Join(body(i), "\n")),
		section(strings.Join(renderLinks(i, links), " · ")),
		slackapi.NewContextBlock("", slackapi.NewTextBlockObject(slackapi.MarkdownType, escape(renderRule(i)), false, false)),
	}
}

func headline(i incident.Incident) string {
	switch {
	case i.Facts.Withdrawn && !i.Open():
		return "⚪ Closed: " + i.Facts.Title
	case !i.Open():
		return "✅ Resolved: " + i.Facts.Title
	case i.Severity == slo.Ticket:
		return "🟡 Ticket: " + i.Facts.Title
	}
	return "🔴 " + i.Facts.Title
}

// body is the message, one sentence or two to a line.
func body(i incident.Incident) []string {
	var lines []string
	switch {
	case i.Facts.Withdrawn && !i.Open():
		lines = []string{withdrawn(i), lasted(i)}
	case !i.Open():
		lines = []string{lasted(i)}
	case i.Facts.EndsAfter != nil:
		lines = []string{waits(i), since(i)}
	default:
		lines = []string{happens(i), since(i)}
	}
	if i.Facts.Reopened > 0 {
		lines = append(lines, fmt.Sprintf("Reopened %s: the fault comes and goes.", times(i.Facts.Reopened)))
	}
	if i.Facts.Alert == nil {
		lines = append(lines, renderBudget(i))
	}
	if len(i.Facts.AlsoAffected) > 0 {
		lines = append(lines, "Also affected, without an incident of their own: "+escape(strings.Join(i.Facts.AlsoAffected, ", "))+".")
	}
	if i.Open() && i.Facts.Frozen != "" {
		lines = append(lines, "*Frozen*: "+escape(i.Facts.Frozen)+". Figures may be incomplete, and this stays open until telemetry is back.")
	}
	return lines
}

func renderLinks(i incident.Incident, links notify.Links) []string {
	all := []string{
		link(links.RunbookURL(cmp.Or(i.Facts.Runbook, i.Rule)), "Runbook"),
		link(links.DashboardURL(i), "Dashboard"),
	}
	for n, id := range i.Facts.Traces {
		all = append(all, link(links.TraceURL(id), fmt.Sprintf("Example trace %d", n+1)))
	}
	return all
}

func section(text string) slackapi.Block {
	return slackapi.NewSectionBlock(slackapi.NewTextBlockObject(slackapi.MarkdownType, text, false, false), nil, nil)
}
