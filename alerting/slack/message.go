package slack

import (
	"fmt"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
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

// render writes the message for somebody who has just been woken up: what
// fails, for whom, since when, when the budget is exhausted, where to look.
// text is what a phone's notification shows.
func render(i incident.Incident, links notify.Links) (text string, blocks []slackapi.Block) {
	headline, body := renderOpen(i)
	if !i.Open() {
		headline, body = renderResolved(i)
	}
	text = escape(fmt.Sprintf("%s: %s of %s failed", headline, badPercent(i.Facts.SinceStart), i.Facts.EventLabel))
	return text, []slackapi.Block{
		slackapi.NewHeaderBlock(slackapi.NewTextBlockObject(slackapi.PlainTextType, headline, true, false)),
		section(body),
		section(strings.Join(renderLinks(i, links), " · ")),
		slackapi.NewContextBlock("", slackapi.NewTextBlockObject(slackapi.MarkdownType, escape(renderPolicy(i)), false, false)),
	}
}

func renderOpen(i incident.Incident) (headline, body string) {
	f := i.Facts
	recent, window := f.Short, f.Pair.Short
	if recent.Total() == 0 {
		recent, window = f.Long, f.Pair.Long
	}
	lines := []string{
		fmt.Sprintf("*%s of %s fail* for %s: %d of %d in the last %s.",
			badPercent(recent), escape(f.EventLabel), escape(f.Affected), recent.Bad, recent.Total(), duration(window)),
		fmt.Sprintf("Since *%s* (%s): %d failed%s.",
			clock(i.StartedAt), duration(i.UpdatedAt.Sub(i.StartedAt)), f.SinceStart.Bad, inRegions(f.Regions)),
		renderBudget(i),
	}
	return "🔴 " + f.Title, strings.Join(lines, "\n")
}

func renderResolved(i incident.Incident) (headline, body string) {
	f := i.Facts
	lines := []string{
		fmt.Sprintf("Lasted from *%s* to *%s* (%s): *%d of %d %s failed* for %s%s.",
			clock(i.StartedAt), clock(i.ResolvedAt), duration(i.ResolvedAt.Sub(i.StartedAt)),
			f.SinceStart.Bad, f.SinceStart.Total(), escape(f.EventLabel), escape(f.Affected), inRegions(f.Regions)),
		renderBudget(i),
	}
	return "✅ Resolved: " + f.Title, strings.Join(lines, "\n")
}

func inRegions(bad map[string]int64) string {
	if len(bad) == 0 {
		return ""
	}
	return ", in " + regionList(bad)
}

func renderBudget(i incident.Incident) string {
	f := i.Facts
	window := duration(f.Window)
	switch {
	case f.BudgetRemaining <= 0:
		return fmt.Sprintf("The error budget for %s is *exhausted* (exceeded by %s).", window, percent(-f.BudgetRemaining))
	case !i.Open() || f.ExhaustedAt.IsZero():
		return fmt.Sprintf("*%s* of the error budget for %s remains.", percent(f.BudgetRemaining), window)
	}
	return fmt.Sprintf("*%s* of the error budget for %s remains; at this burn rate it is exhausted in %s, at *%s*.",
		percent(f.BudgetRemaining), window, duration(f.ExhaustedAt.Sub(i.UpdatedAt)), dateOrClock(f.ExhaustedAt, i.UpdatedAt))
}

// dateOrClock is t with its date unless that is today's.
func dateOrClock(t, now time.Time) string {
	if t.UTC().Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return clock(t)
	}
	return t.UTC().Format("2 January 15:04 UTC")
}

func renderLinks(i incident.Incident, links notify.Links) []string {
	all := []string{
		link(links.RunbookURL(i.SLO), "Runbook"),
		link(links.DashboardURL(i), "Dashboard"),
	}
	for n, id := range i.Facts.Traces {
		all = append(all, link(links.TraceURL(id), fmt.Sprintf("Example trace %d", n+1)))
	}
	return all
}

// renderPolicy is the small print: which objective, which windows fired.
func renderPolicy(i incident.Incident) string {
	f := i.Facts
	parts := []string{
		fmt.Sprintf("%s: %.6g %% over %s", i.SLO, 100*f.Target, duration(f.Window)),
		fmt.Sprintf("pages when the burn rate over %s and over %s reaches %.4g; last measured over %s: %s",
			duration(f.Pair.Long), duration(f.Pair.Short), f.Pair.Burn, duration(f.Pair.Long), number(f.LongBurn)),
		"as of " + clock(i.UpdatedAt),
		"incident " + i.ID,
	}
	if f.Scale > 1 {
		parts = append(parts, fmt.Sprintf("windows ÷%d", f.Scale))
	}
	return strings.Join(parts, " · ")
}

func section(text string) slackapi.Block {
	return slackapi.NewSectionBlock(slackapi.NewTextBlockObject(slackapi.MarkdownType, text, false, false), nil, nil)
}
