package slack

import (
	"fmt"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"jari.example/alerting/incident"
)

// Metadata by which a message of ours is found again.
const (
	eventIncident = "jari_incident"
	eventNote     = "jari_incident_note"
	keyIncident   = "incident_id"
	keyNote       = "note_id"
)

// message is the incident as it stands.
func message(i incident.Incident, links Links) slackapi.MsgOption {
	text, blocks := write(i, links)
	return slackapi.MsgOptionCompose(
		slackapi.MsgOptionText(text, false),
		slackapi.MsgOptionBlocks(blocks...),
		slackapi.MsgOptionDisableLinkUnfurl(),
		slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
			EventType: eventIncident, EventPayload: map[string]any{keyIncident: i.ID},
		}),
	)
}

// write says it for people who have just woken up: what fails, for whom,
// since when, how long the budget lasts, where to look. text is what a
// phone's notification shows.
func write(i incident.Incident, links Links) (text string, blocks []slackapi.Block) {
	headline, body := burning(i)
	if !i.Open() {
		headline, body = resolved(i)
	}
	text = escape(fmt.Sprintf("%s: %s of %s failed", headline, share(i.Facts.SinceStart), i.Facts.EventLabel))
	return text, []slackapi.Block{
		slackapi.NewHeaderBlock(slackapi.NewTextBlockObject(slackapi.PlainTextType, headline, true, false)),
		section(body),
		section(strings.Join(pointers(i, links), " · ")),
		slackapi.NewContextBlock("", slackapi.NewTextBlockObject(slackapi.MarkdownType, escape(fineprint(i)), false, false)),
	}
}

func burning(i incident.Incident) (headline, body string) {
	f := i.Facts
	now, over := f.Short, f.Pair.Short
	if now.Total() == 0 {
		now, over = f.Long, f.Pair.Long
	}
	lines := []string{
		fmt.Sprintf("*%s of %s fail* for %s: %d of %d in the last %s.",
			share(now), escape(f.EventLabel), escape(f.Affected), now.Bad, now.Total(), length(over)),
		fmt.Sprintf("Since *%s*, for %s. %d have failed so far%s.",
			clock(i.StartedAt), length(i.UpdatedAt.Sub(i.StartedAt)), f.SinceStart.Bad, in(f.Regions)),
		budget(i),
	}
	return "🔴 " + f.Title, strings.Join(lines, "\n")
}

func resolved(i incident.Incident) (headline, body string) {
	f := i.Facts
	lines := []string{
		fmt.Sprintf("It is over. From *%s* to *%s*, for %s, *%d of %d %s failed* for %s%s.",
			clock(i.StartedAt), clock(i.ResolvedAt), length(i.ResolvedAt.Sub(i.StartedAt)),
			f.SinceStart.Bad, f.SinceStart.Total(), escape(f.EventLabel), escape(f.Affected), in(f.Regions)),
		budget(i),
	}
	return "✅ Resolved: " + f.Title, strings.Join(lines, "\n")
}

func in(regions map[string]int64) string {
	if len(regions) == 0 {
		return ""
	}
	return ", in " + where(regions)
}

func budget(i incident.Incident) string {
	f := i.Facts
	window := length(f.Window)
	switch {
	case f.BudgetRemaining <= 0:
		return fmt.Sprintf("The error budget of %s is *spent* (%s over).", window, percent(-f.BudgetRemaining))
	case !i.Open() || f.ExhaustedAt.IsZero():
		return fmt.Sprintf("*%s* of the error budget of %s is left.", percent(f.BudgetRemaining), window)
	}
	return fmt.Sprintf("*%s* of the error budget of %s is left; at this rate it is gone at *%s*, in %s.",
		percent(f.BudgetRemaining), window, day(f.ExhaustedAt, i.UpdatedAt), length(f.ExhaustedAt.Sub(i.UpdatedAt)))
}

// day adds the date to a time that is not today's.
func day(t, now time.Time) string {
	if t.UTC().Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return clock(t)
	}
	return t.UTC().Format("2 January 15:04 UTC")
}

func pointers(i incident.Incident, links Links) []string {
	all := []string{
		link(links.runbook(i.SLO), "Runbook"),
		link(links.dashboard(i), "Dashboard"),
	}
	for n, id := range i.Facts.Traces {
		all = append(all, link(links.trace(id), fmt.Sprintf("Example trace %d", n+1)))
	}
	return all
}

func fineprint(i incident.Incident) string {
	f := i.Facts
	parts := []string{
		fmt.Sprintf("%s: %.6g %% over %s", i.SLO, 100*f.Target, length(f.Window)),
		fmt.Sprintf("pages when %s and %s burn at %.4g×; last seen at %s×",
			length(f.Pair.Long), length(f.Pair.Short), f.Pair.Burn, number(f.LongBurn)),
		"as of " + clock(i.UpdatedAt),
		"incident " + i.ID,
	}
	if f.Scale > 1 {
		parts = append(parts, fmt.Sprintf("windows ÷%d", f.Scale))
	}
	return strings.Join(parts, " · ")
}

// note is a line of history in the message's thread.
func note(d Delivery) slackapi.MsgOption {
	return slackapi.MsgOptionCompose(
		slackapi.MsgOptionText(escape(d.Note), false),
		slackapi.MsgOptionTS(d.Incident.MessageTS),
		slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
			EventType:    eventNote,
			EventPayload: map[string]any{keyIncident: d.Incident.ID, keyNote: d.ID},
		}),
	)
}

func section(text string) slackapi.Block {
	return slackapi.NewSectionBlock(slackapi.NewTextBlockObject(slackapi.MarkdownType, text, false, false), nil, nil)
}
